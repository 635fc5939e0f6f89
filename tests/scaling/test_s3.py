"""A portal whose files lie in a bucket: kept, shown, rendered, verified, backed up and restored, and nothing in a folder."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import override_settings
from moto.server import ThreadedMotoServer

from audit.anchors.keys import create_key
from audit.sealing import seal
from config import s3
from config.backup import manifest
from records.models import Attachment, DossierRequest
from records.services.attachments import KeptFile
from records.services.dossiers import compile_waiting, remove_old, request_dossier
from records.services.rendering import render_pending
from tests.factories import at, client_for, make_actor
from tests.plugins.cloned_database import run_on_server
from tests.risks.builders import Scene, photo, risk_in

KEYS = {"S3_ACCESS_KEY": "key", "S3_SECRET_KEY": "secret", "S3_REGION": "cn-east-1"}


@dataclass
class Portal:
    scene: Scene
    root: Path
    environment: dict[str, str]

    def bucket(self) -> dict[str, bytes]:
        """What lies in the bucket, read past Django."""
        client = boto3.client(
            "s3",
            endpoint_url=self.environment["S3_ENDPOINT_URL"],
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            region_name="cn-east-1",
        )
        listed = client.list_objects_v2(Bucket="zhuan").get("Contents", [])
        return {o["Key"]: client.get_object(Bucket="zhuan", Key=o["Key"])["Body"].read() for o in listed}


def create_bucket(environment: dict[str, str], name: str) -> dict[str, object]:
    """A bucket, and STORAGES for a portal that keeps its files there."""
    boto3.client(
        "s3",
        endpoint_url=environment["S3_ENDPOINT_URL"],
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name="cn-east-1",
    ).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "cn-east-1"})
    return settings.STORAGES | {"default": s3.storage(environment | {"S3_BUCKET": name})}


@pytest.fixture(scope="module")
def portal(cloned_db: str, tmp_path_factory: pytest.TempPathFactory, plain_font_folder: Path) -> Iterator[Portal]:
    root = tmp_path_factory.mktemp("portal")
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = KEYS | {"S3_ENDPOINT_URL": f"http://{host}:{port}"}
    places = {"MEDIA_ROOT": root / "media", "ANCHOR_DIR": root / "anchors", "ANCHOR_KEY_FILE": root / "anchor.key"}
    with override_settings(STORAGES=create_bucket(environment, "zhuan"), LETTER_FONT_DIR=plain_font_folder, **places):
        create_key()
        scene = risk_in("treating")
        scene.progress(photos=[photo()])
        seal()
        yield Portal(scene, root, environment)
    server.stop()


def test_a_file_is_kept_in_the_bucket_and_shown_only_by_the_view(portal: Portal) -> None:
    kept = Attachment.objects.get(name="现场.jpg")
    assert portal.bucket()[kept.path] == default_storage.open(kept.path).read()
    answer = client_for(portal.scene.cast.handler).get(f"/files/{kept.pk}/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert b"".join(answer.streaming_content) == portal.bucket()[kept.path]
    assert client_for(make_actor("department_handler", "区住建交通委")).get(f"/files/{kept.pk}/").status_code == 404
    assert KeptFile(kept).read() == portal.bucket()[kept.path]  # as a paper act takes its scan up again
    portal.scene.progress(photos=[photo()])  # the same picture again: the same object
    assert len([path for path in portal.bucket() if path.startswith("attachments/")]) == 1
    assert not (portal.root / "media").exists()


def test_a_lost_object_is_named_by_verification_and_by_the_backup(portal: Portal, tmp_path: Path) -> None:
    kept = Attachment.objects.filter(name="现场.jpg").earliest("id")
    call_command("audit", "verify", "--files", stdout=io.StringIO())
    data = default_storage.open(kept.path).read()
    default_storage.delete(kept.path)
    try:
        with pytest.raises(CommandError, match=f"附件 {kept.pk}（现场.jpg）的文件不在"):
            call_command("audit", "verify", "--files", stdout=io.StringIO())
        with pytest.raises(CommandError, match=f"有 1 个附件的文件缺失或已变：{kept.path}"):
            call_command("backup", str(tmp_path / "backup"))
        assert client_for(portal.scene.cast.handler).get(f"/files/{kept.pk}/").status_code == 404
    finally:
        default_storage.save(kept.path, io.BytesIO(data))


def test_a_backup_of_a_bucket_goes_into_another_bucket(portal: Portal, tmp_path: Path) -> None:
    call_command("backup", str(tmp_path / "backup"), stdout=io.StringIO())
    contents = json.loads((tmp_path / "backup" / manifest.NAME).read_text())["contents"]
    files = portal.bucket()
    assert {name for name in contents if name.startswith("files/")} == {f"files/{path}" for path in files}
    own, name = connections.settings["default"], f"{connections.settings['default']['NAME']}_restored"
    original = own["NAME"]
    connections["default"].close()
    run_on_server(own, f'CREATE DATABASE "{name}"')
    own["NAME"] = connections["default"].settings_dict["NAME"] = name
    try:
        with override_settings(STORAGES=create_bucket(portal.environment, "another"), ANCHOR_DIR=tmp_path / "anchors"):
            call_command("restore", str(tmp_path / "backup"), stdout=io.StringIO())
            assert {path: default_storage.open(path).read() for path in files} == files
            call_command("audit", "verify", "--files", stdout=io.StringIO())
            with pytest.raises(CommandError, match="不是空库"):
                call_command("restore", str(tmp_path / "backup"))
    finally:
        connections["default"].close()
        own["NAME"] = connections["default"].settings_dict["NAME"] = original
        run_on_server(own, f'DROP DATABASE "{name}" WITH (FORCE)')


def test_letters_and_dossiers_are_made_into_the_bucket(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the printer makes of them is tested elsewhere; here, where it goes."""
    handler, noon = portal.scene.cast.handler, at("2026-10-09 12:00")
    monkeypatch.setattr("records.services.rendering.render_letter", lambda content: b"%PDF letter")
    monkeypatch.setattr("records.dossier.volume.bind", lambda dossier: SimpleNamespace(data=b"%PDF volume", pages=1))
    assert render_pending() == (1, 1)
    made = request_dossier(of=portal.scene.case, form="zip", actor=handler, at=noon)
    assert compile_waiting(at=noon) == (1, 1), DossierRequest.objects.get(pk=made.pk).error
    made.refresh_from_db()
    letter = portal.scene.letter()
    assert letter.pdf is not None and portal.bucket()[letter.pdf.path] == b"%PDF letter"
    answer = client_for(handler).get(f"/dossiers/{made.pk}/file/")
    packed = b"".join(answer.streaming_content)
    assert packed == portal.bucket()[made.path]
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        kept = {archive.read(name) for name in archive.namelist()}
    assert {b"%PDF volume", b"%PDF letter", portal.bucket()[Attachment.objects.earliest("id").path]} <= kept
    assert remove_old(at=at("2026-10-20 12:00")) == 1
    assert made.path not in portal.bucket()
