"""Names of what happens to the evidence itself."""

from django.db.models import TextChoices

from audit.names import declare


@declare
class Event(TextChoices):
    EXPORTED = "audit.exported", "导出证据"
    ERASURE_ASKED = "audit.erasure_asked", "申请删除个人信息"
    ERASED = "audit.erased", "删除个人信息"
    ERASURE_REFUSED = "audit.erasure_refused", "不同意删除个人信息"
    BACKED_UP = "audit.backed_up", "备份"
    RESTORED = "audit.restored", "从备份恢复"
