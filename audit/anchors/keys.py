"""The key that signs anchors. It lies outside the database; its public half may be known to everybody."""

import hashlib
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings


class KeyTrouble(Exception):
    """Why there is no key to sign with, in Chinese."""


def key_id(key: Ed25519PublicKey) -> str:
    """Sixteen characters by which an anchor names the key that signed it."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def public_pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def create_key() -> Ed25519PublicKey:
    """Make the private key file (0600), and its public half beside the anchors. Never replaces a key."""
    key = Ed25519PrivateKey.generate()
    path = Path(settings.ANCHOR_KEY_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyTrouble(f"{path} 已有密钥，不覆盖") from None
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    publish(key.public_key())
    return key.public_key()


def publish(key: Ed25519PublicKey) -> None:
    """Keep the public half with the anchors: they stay verifiable when the key is replaced one day."""
    folder = Path(settings.ANCHOR_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{key_id(key)}.pub"
    if not file.exists():
        file.write_text(public_pem(key))


def private_key() -> Ed25519PrivateKey:
    path = Path(settings.ANCHOR_KEY_FILE)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        raise KeyTrouble("没有链头存证的密钥，请运行 manage.py anchor_key") from None
    except (OSError, ValueError) as error:
        raise KeyTrouble(f"链头存证的密钥读不出来：{type(error).__name__}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyTrouble("链头存证的密钥不是 Ed25519")
    return key


def public_keys(*more: Path) -> dict[str, Ed25519PublicKey]:
    """By id: those kept beside the anchors, the present private key's, and the PEM files in `more`."""
    found = {}
    folder = Path(settings.ANCHOR_DIR)
    for file in [*(sorted(folder.glob("*.pub")) if folder.is_dir() else []), *more]:
        try:
            key = load_pem_public_key(file.read_bytes())
        except (OSError, ValueError) as error:
            raise KeyTrouble(f"{file.name} 不是公钥") from error
        if isinstance(key, Ed25519PublicKey):
            found[key_id(key)] = key
    if Path(settings.ANCHOR_KEY_FILE).exists():
        own = private_key().public_key()
        found[key_id(own)] = own
    return found
