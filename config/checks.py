"""What `check --deploy` asks beyond Django's own questions."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db.utils import OperationalError

from config.database_roles import powers_over_evidence


@register(Tags.security, deploy=True)
def application_role(**kwargs: Any) -> list[CheckMessage]:
    """The portal must not be able to do to the evidence what its guards refuse. Silent where no database answers."""
    if settings.DEMO:
        return []
    try:
        powers = powers_over_evidence()
    except OperationalError:
        return []
    if not powers:
        return []
    return [
        Warning(
            f"平台连接数据库所用的角色{'，'.join(powers)}，可以绕开只增不改的保护。",
            hint="另建应用角色，运行 manage.py grant_app_role 角色名，把 DATABASE_URL 换成它（docs/operations.md“数据库角色”）。",
            id="zhuan.W001",
        )
    ]
