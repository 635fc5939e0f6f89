"""The story of a risk, newest first, read from the audit events: what, who in which post, what was said, who signed."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from django.urls import reverse

from audit.clock import SHANGHAI
from audit.models import AuditEvent
from audit.personal import told
from deadlines.display import edit_url, moved_text
from deadlines.events import Event as D
from organisations.actors import Actor
from records.events import READINGS
from records.events import Event as R
from records.models import Attachment, Letter, RetroactiveEntry, Signature
from risks.events import Event as E
from risks.models import RiskPoint
from risks.selectors.changes import changes_of

# Told by another event of the same act, or nobody's business on a timeline.
_SILENT = {
    R.SIGNED,
    R.LETTER_DISPATCHED,
    R.LETTER_RECEIVED,
    R.LETTER_LEFT,
    R.LETTER_RENDERED,
    E.HANDOVER_DRAFTED,
    *READINGS,
}
# Drafts stay in the issuing house; a number, a seal and a void letter are told to whoever may read the letter.
_INTERNAL = {R.LETTER_DRAFTED, R.LETTER_SUBMITTED, R.LETTER_RETURNED, R.LETTER_CHECKED}
_OF_A_LETTER = {R.LETTER_ISSUED, R.LETTER_SCANNED, R.LETTER_VOIDED}
_COMPARED = {R.PAPER_CONFIRMED, R.PAPER_REJECTED}

_BY_CALENDAR = {D.MOVED, D.SETTLED}

Data = Mapping[str, Any]


def _graded(d: Data) -> str:
    parts = [f"{d.get('formula', '')}，{d.get('grade_text', '')}。"]
    if d.get("participants"):
        parts.append(f"参加人：{d['participants']}。")
    if d.get("reason"):
        parts.append(d["reason"])
    return "".join(parts)


def _verified(d: Data) -> str:
    result = f"通过，核定{d.get('grade_text', '')}" if d.get("passed") else f"未通过：{d.get('reasons', '')}"
    return f"{d.get('visited_on', '')} 现场核查，{result}。{d.get('findings', '')}"


def _keyed(d: Data) -> str:
    return f"{d.get('label', '')}：{d.get('signer', '')}{d.get('title', '')}签字，文件日期 {d.get('document_on', '')}。"


_SAID: dict[str, Callable[[Data], str]] = {
    E.REGISTERED: lambda d: f"来源：{d.get('source', '')}。交办单位：{d.get('lead', '')}。",
    E.EDITED: lambda d: "\n".join(map(str, changes_of(d))),
    E.SELF_GRADED: _graded,
    E.SELF_GRADED_SEVERE: _graded,
    E.CONCLUDED_SEVERE: _graded,
    E.CONCLUDED_MILD: _graded,
    E.REASSESSED: _graded,
    E.DESIGNATED: lambda d: f"由{d.get('from', '')}改为{d.get('to', '')}。{d.get('reason', '')}",
    E.HANDED_OVER: lambda d: f"{d.get('number', '')}送达{d.get('to', '')}，治理期限 {d.get('due_on', '')}。",
    E.RECEIVED: lambda d: f"{d.get('number', '')}",
    E.LEFT: lambda d: f"{d.get('number', '')}，{d.get('reason', '')}",
    E.PLANNED: lambda d: (
        f"目标：{d.get('goal', '')}。责任人{d.get('responsible', '')}，资金 {d.get('funds', '')} 万元，计划 {d.get('finish_on', '')} 完成。"
    ),
    E.PROGRESSED: lambda d: f"完成 {d.get('percent', '')}%。{d.get('text', '')}",
    E.CLOSURE_APPLIED: lambda d: f"复评 {d.get('formula', '')}。{d.get('statement', '')}",
    E.CORRECTION_ASKED: lambda d: str(d.get("note", "")),
    E.CORRECTION_SUPPLIED: lambda d: str(d.get("statement", "")),
    E.CORRECTION_LAPSED: lambda d: f"{d.get('reason', '').rstrip('。')}。继续治理至 {d.get('new_due_on', '')}。",
    E.VERIFICATION_SIGNED: _verified,
    E.VERIFICATION_OBJECTED: lambda d: str(d.get("reason", "")),
    E.CLOSURE_PASSED: lambda d: f"核定{d.get('grade_text', '')}，核查人：{'、'.join(d.get('verifiers', []))}。",
    E.CLOSURE_FAILED: lambda d: f"{d.get('reasons', '').rstrip('。')}。继续治理至 {d.get('new_due_on', '')}。",
    E.EXIT_PROPOSED: lambda d: f"{d.get('kind_text', '')}：{d.get('reason', '')}",
    E.EXIT_REJECTED: lambda d: f"{d.get('kind_text', '')}：{d.get('note', '')}",
    E.LONG_TERM_APPROVED: lambda d: str(d.get("note", "")),
    E.EXITED: lambda d: f"{d.get('kind_text', '')}。{d.get('note', '')}",
    E.LONG_TERM_CHECKED: lambda d: f"{'措施有效' if d.get('controlled') else '措施有问题'}。{d.get('text', '')}",
    R.LETTER_DRAFTED: lambda d: str(d.get("title", "")),
    R.LETTER_SUBMITTED: lambda d: f"送{d.get('checker', '')}核稿。",
    R.LETTER_RETURNED: lambda d: str(d.get("note", "")),
    R.LETTER_ISSUED: lambda d: f"{d.get('number', '')}，定稿摘要 {d.get('digest', '')[:12]}…",
    R.LETTER_VOIDED: lambda d: f"{d.get('number', '') or '未编号'}：{d.get('reason', '')}",
    R.LETTER_SCANNED: lambda d: f"{d.get('number', '')}，摘要 {d.get('digest', '')[:12]}…",
    R.CASE_MOVED: lambda d: (
        f"{d.get('change', '')}：{d.get('from_unit', '')}（{d.get('from_township', '')}）→ {d.get('to_unit', '')}（{d.get('to_township', '')}）。{d.get('note', '')}"
    ),
    R.PAPER_KEYED: _keyed,
    R.PAPER_CONFIRMED: lambda d: f"{_keyed(d)}{d.get('keyed_by', '')}录入。",
    R.PAPER_REJECTED: lambda d: f"{_keyed(d)}不符：{d.get('note', '')}",
    R.SIGNATURE_VOIDED: lambda d: f"{d.get('signer', '')}的“{d.get('purpose', '')}”签字失效：{d.get('reason', '')}",
    R.ENTRY_CONFIRMED: lambda d: f"以上各项由{d.get('keyed_by', '')}据纸质材料补录。{d.get('reason', '')}",
    R.MARKED_CONFIDENTIAL: lambda d: str(d.get("reason", "")),
    R.UNMARKED_CONFIDENTIAL: lambda d: str(d.get("reason", "")),
    D.STARTED: lambda d: (
        f"{d.get('due_on', '')} 到期（{d.get('clause', '')}）{'，暂定' if d.get('provisional') else ''}。"
    ),
    D.CANCELLED: lambda d: (
        f"原定 {d.get('due_on', '')} 到期，因“{d.get('reason', '')}”终止。"
        + (f"终止时已逾期。{d.get('late_reason', '')}" if d.get("late") else "")
    ),
    D.MOVED: lambda d: (
        moved_text(d["change"], d["source"], d["from"], d["to"]) + ("暂定。" if d["provisional"] else "")
    ),
    D.SETTLED: lambda d: moved_text(d["change"], d["source"], d["from"], d["to"]),
    D.URGED: lambda d: f"第 {d.get('number', '')} 次催办{d.get('to', '')}。{d.get('note', '')}",
    D.EXTENSION_ASKED: lambda d: f"{d.get('asked', '')}。{d.get('reason', '')}",
    D.SUSPENSION_ASKED: lambda d: f"{d.get('asked', '')}。{d.get('reason', '')}",
    D.RESUMPTION_ASKED: lambda d: str(d.get("reason", "")),
    D.EXTENDED: lambda d: f"到期日由 {d.get('due_on', '')} 改为 {d.get('new_due_on', '')}。{d.get('note', '')}",
    D.SUSPENDED: lambda d: f"{d.get('asked', '')}，恢复前不计逾期。{d.get('note', '')}",
    D.RESUMED: lambda d: f"接着计算，到期日为 {d.get('new_due_on', '')}。{d.get('note', '')}",
    D.EXTENSION_REFUSED: lambda d: str(d.get("note", "")),
    D.SUSPENSION_REFUSED: lambda d: str(d.get("note", "")),
    D.RESUMPTION_REFUSED: lambda d: str(d.get("note", "")),
    D.MET: lambda d: f"应于 {d.get('due_on', '')} 前办结，逾期。原因：{d.get('reason', '') or '未说明'}",
}


def timeline(risk: RiskPoint, actor: Actor, letters: Collection[int]) -> list[dict[str, Any]]:
    """Entries for components/timeline.html; a fixed number of queries whatever the length.

    `letters` are those of the case that the actor may read (records.selectors.letters_for).
    """
    case = risk.case
    signatures = {s.pk: s for s in Signature.objects.filter(case=case).select_related("person", "voided")}
    from_paper = RetroactiveEntry.objects.filter(case=case).values_list("last_seq", flat=True).first() or 0
    files: dict[int, list[Attachment]] = defaultdict(list)
    by_id: dict[int, Attachment] = {}
    unseen = Letter.objects.filter(case=case, scan__isnull=False).exclude(pk__in=letters).values("scan")
    for attachment in Attachment.objects.filter(case=case).exclude(purpose="文书").exclude(pk__in=unseen):
        by_id[attachment.pk] = attachment
        if attachment.case_seq is not None:
            files[attachment.case_seq].append(attachment)
    entries = []
    events = list(AuditEvent.objects.filter(case_id=case.pk).order_by("-case_seq"))
    said = told(events)
    compared = {said[event.pk]["paper"] for event in events if event.name in _COMPARED}
    for event in events:
        data = said[event.pk]
        if event.name in _SILENT or (event.name in _INTERNAL and event.unit_id != actor.unit_id):
            continue
        if event.name in _OF_A_LETTER and int(event.subject_id) not in letters:
            continue
        if event.name == D.MET and not data.get("late"):
            continue
        attached = files.get(event.case_seq or 0, [])
        if event.name == R.ATTACHED:
            attached = [by_id[f["id"]] for f in data["files"] if f["id"] in by_id and by_id[f["id"]].case_seq is None]
            if not attached:
                continue
        signature = signatures.get(data.get("signature", 0))
        marks = list(_marks(event, signature, from_paper=from_paper))
        if event.name == R.PAPER_KEYED and data["paper"] not in compared:
            marks.append("待核对")
        entries.append(_entry(event, data, signature, attached) | {"name": event.name, "marks": marks})
    return entries


def _marks(event: AuditEvent, signature: Signature | None, *, from_paper: int) -> Iterator[str]:
    if (event.case_seq or 0) <= from_paper:
        yield "补录"
    if "（代录：" in event.actor_label:
        yield "代录"
    if signature and signature.method == Signature.Method.PAPER and event.name != R.SIGNATURE_VOIDED:
        yield "纸质签署"


def _entry(event: AuditEvent, data: Data, signature: Signature | None, attached: list[Attachment]) -> dict[str, Any]:
    local = event.at.astimezone(SHANGHAI)
    title = event.label
    if event.name in D.values:
        title = f"{event.label}：{data.get('label', '')}"
    elif event.name in {E.CONCLUDED_SEVERE, E.CONCLUDED_MILD, E.SELF_GRADED, E.SELF_GRADED_SEVERE}:
        title = f"{event.label.split('（')[0]}：{data.get('grade_text', '')}"
    said = _SAID.get(event.name, lambda d: "")(data)
    signed = []
    if signature:
        by_token = signature.method == Signature.Method.TOKEN
        name = signature.name if signature.person else signature.signer_label
        signed = [
            {
                "short_digest": signature.short_digest,
                "name": f"{name}{'（接口）' if by_token else ''}",
                "void": hasattr(signature, "voided"),
            }
        ]
    return {
        "at_text": local.strftime("%Y-%m-%d %H:%M"),
        "at_iso": local.isoformat(timespec="minutes"),
        "title": title,
        "signed": signed,
        "by": event.actor_label,
        "said": said,
        # Field by field where there is a page; the dossier prints what is said.
        "changes": changes_of(data) if event.name == E.EDITED else [],
        "links": [{"text": "看这次变更", "url": edit_url(data["edit"])}] if event.name in _BY_CALENDAR else [],
        "attachments": [
            {
                "name": a.name,
                "url": reverse("file", args=[a.pk]),
                "is_image": a.is_image,
                "thumb_url": reverse("file", args=[a.pk]),
            }
            for a in attached
        ],
    }
