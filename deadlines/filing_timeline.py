"""The story of a filing, newest first, read from the audit events."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse

from audit.clock import SHANGHAI
from audit.models import AuditEvent
from audit.personal import told
from deadlines.events import Event as D
from deadlines.models import Filing
from records.events import Event as R
from records.models import Attachment, Signature

Data = Mapping[str, Any]
_SILENT = {R.SIGNED, R.ATTACHED}
_SAID: dict[str, Callable[[Data], str]] = {
    D.FILED: lambda d: f"第 {d.get('number', '')} 次报送。",
    D.FILING_RECEIVED: lambda d: f"接收第 {d.get('number', '')} 次报送。",
    D.FILING_RETURNED: lambda d: str(d.get("reason", "")),
    D.FILING_LAPSED: lambda d: f"{d.get('reason', '')}。",
    D.STARTED: lambda d: f"{d.get('due_on', '')} 到期（{d.get('clause', '')}）。",
    D.CANCELLED: lambda d: f"原定 {d.get('due_on', '')} 到期，{'终止时已逾期' if d.get('late') else '终止'}。",
    D.MET: lambda d: f"应于 {d.get('due_on', '')} 前办结，逾期。原因：{d.get('reason', '') or '未说明'}",
    R.CASE_MOVED: lambda d: f"{d.get('change', '')}：{d.get('from_unit', '')} → {d.get('to_unit', '')}。",
}


def timeline(filing: Filing) -> list[dict[str, Any]]:
    """Entries for components/timeline.html; three queries whatever the length."""
    signatures = {s.pk: s for s in Signature.objects.filter(case=filing.pk).select_related("person")}
    files: dict[int | None, list[Attachment]] = defaultdict(list)
    for attachment in Attachment.objects.filter(case=filing.pk):
        files[attachment.case_seq].append(attachment)
    entries = []
    events = list(AuditEvent.objects.filter(case_id=filing.pk).order_by("-case_seq"))
    contents = told(events)
    for event in events:
        data = contents[event.pk]
        if event.name in _SILENT or (event.name == D.MET and not data.get("late")):
            continue
        entries.append(_entry(event, data, signatures.get(data.get("signature", 0)), files[event.case_seq]))
    return entries


def _entry(event: AuditEvent, data: Data, signature: Signature | None, attached: list[Attachment]) -> dict[str, Any]:
    local = event.at.astimezone(SHANGHAI)
    is_clock = event.name in {D.STARTED, D.CANCELLED, D.MET}
    said = _SAID.get(event.name, lambda d: "")(data)
    return {
        "at_text": local.strftime("%Y-%m-%d %H:%M"),
        "at_iso": local.isoformat(timespec="minutes"),
        "title": f"{event.label}：{data.get('label', '')}" if is_clock else event.label,
        "signed": [{"short_digest": signature.short_digest, "name": signature.name}] if signature else [],
        "by": event.actor_label,
        "said": said,
        "attachments": files_of(attached),
    }


def files_of(attached: list[Attachment]) -> list[dict[str, Any]]:
    return [
        {
            "name": file.name,
            "url": reverse("file", args=[file.pk]),
            "is_image": file.is_image,
            "thumb_url": reverse("file", args=[file.pk]),
        }
        for file in attached
    ]
