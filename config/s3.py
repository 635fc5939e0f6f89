"""Attachments, PDFs and dossiers in a bucket of any S3-compatible storage. Files still leave only through our views."""

from collections.abc import Mapping
from typing import Any


def storage(env: Mapping[str, str]) -> dict[str, Any]:
    """The entry of STORAGES. Without keys the machine's own role is used, where there is one."""
    from botocore.config import Config

    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env["S3_BUCKET"],
            "endpoint_url": env.get("S3_ENDPOINT_URL") or None,
            "access_key": env.get("S3_ACCESS_KEY") or None,
            "secret_key": env.get("S3_SECRET_KEY") or None,
            "region_name": env.get("S3_REGION") or None,
            "default_acl": None,  # as private as the bucket
            "file_overwrite": False,  # what was kept is never written over
            "client_config": Config(
                signature_version="s3v4",
                s3={"addressing_style": env.get("S3_ADDRESSING_STYLE") or "auto"},
                # Other makers' storages do not know Amazon's newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                # Somebody waits in front of the page.
                connect_timeout=5,
                read_timeout=20,
                retries={"total_max_attempts": 3, "mode": "standard"},
            ),
        },
    }
