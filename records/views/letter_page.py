"""What the page of one letter shows."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from audit.clock import SHANGHAI
from organisations.actors import Actor
from records.kinds import OWN_CASE, case_url
from records.letters.compose import blocks_of
from records.letters.flow import refusal
from records.models import Countersign, Delivery, Letter
from records.selectors import frozen_content, letter_url
from records.services.numbering import series_of
from records.views.letter_acts import ACTS, is_own, possible

S = Letter.State
_REACHED = {
    S.DRAFT: "拟稿", S.SUBMITTED: "核稿", S.COUNTERSIGNING: "会签", S.CHECKED: "签发编号", S.ISSUED: "送达", S.DISPATCHED: "签收",
    S.VOID: "拟稿",
}  # fmt: skip


def page(letter: Letter, actor: Actor, *, action: str = "") -> dict[str, Any]:
    content = frozen_content(letter)
    countersigns = list(letter.countersigns.select_related("unit", "post__person", "signature").order_by("order", "id"))
    deliveries = list(letter.deliveries.select_related("unit"))
    labels = ["拟稿", "核稿", *(["会签"] if countersigns else []), "签发编号", "送达", "签收"]
    reached = labels.index(_REACHED[S(letter.state)]) if S(letter.state) in _REACHED else len(labels)
    own = is_own(letter)
    return {
        "letter": letter,
        "content": content,
        "blocks": content.body if content else blocks_of(letter.body or letter.requirements),
        "flow": [{"label": label, "done": i < reached, "current": i == reached} for i, label in enumerate(labels)],
        "case_url": "" if letter.case.kind == OWN_CASE else case_url(letter.case),
        "banner": _banner(letter),
        "facts": _facts(letter),
        "rows": _rows(letter, actor, action) if own or letter.state in Letter.SENT or countersigns else [],
        "countersigns": [_countersign(row, letter) for row in countersigns],
        "deliveries": [_delivery(row, letter) for row in deliveries],
        "attachment_names": [line.strip() for line in letter.attachment_names.splitlines() if line.strip()],
        "enclosures": letter.enclosures.all(),
        "pdf_url": reverse("letters:pdf", args=[letter.pk]),
        "verify_url": reverse("verify", args=[letter.verify_code.replace("-", "")]) if letter.verify_code else "",
    }


def _rows(letter: Letter, actor: Actor, current: str) -> list[dict[str, Any]]:
    """我可以办."""
    url = reverse("letters:detail", args=[letter.pk])
    rows: list[dict[str, Any]] = []
    if is_own(letter) and not refusal(letter, "edit", actor):
        rows.append({"text": "修改稿件、送核", "url": letter_url(letter, "edit"), "icon": "edit"})
    rows += [
        {"text": ACTS[name].label, "url": f"{url}?do={name}", "icon": ACTS[name].icon, "current": name == current}
        for name in possible(letter, actor)
    ]
    new = reverse("letters:new")
    if not refusal(letter, "recall", actor) and letter.recalls_id is None:
        rows.append({"text": "撤回：拟撤回函", "url": f"{new}?recalls={letter.pk}", "icon": "corner-up-left"})
        if letter.case.kind == OWN_CASE:
            rows.append({"text": "更正：拟替代的文书", "url": f"{new}?replaces={letter.pk}", "icon": "refresh"})
    return rows


def _banner(letter: Letter) -> dict[str, Any] | None:
    later = {S.RECALLED: letter.recalled_by, S.REPLACED: letter.replaced_by}.get(S(letter.state))
    if later is not None:
        by = later.filter(state__in=Letter.SENT).order_by("-pk").first()
        return {
            "kind": "superseded",
            "title": letter.get_state_display(),
            "text": "这份文书不再有效，原样保留。",
            "link_url": letter_url(by) if by else "",
            "link_text": by.number if by else "",
        }
    if letter.state == S.VOID:
        return {"kind": "void", "title": "作废", "text": letter.void_reason}
    return None


def _moment(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else ""


def _facts(letter: Letter) -> list[dict[str, Any]]:
    entered = not letter.number and series_of(letter.issuer, letter.kind).is_entered
    rows: list[tuple[str, str]] = [
        ("发文字号", letter.number or ("签发时按本机关公文系统填写" if entered else "签发时自动编列")),
        ("环节", letter.get_state_display()),
        ("文种格式", f"{letter.get_kind_display()}　{letter.get_form_display()}"),
        ("紧急程度", letter.urgency),
        ("发文机关", letter.issuer.name),
        ("主送", letter.addressee),
        ("抄送", letter.copies_to),
        ("治理期限", letter.due_on.isoformat() if letter.due_on else ""),
        ("拟稿", f"{letter.drafted_by}　{_moment(letter.drafted_at)}"),
        ("核稿", f"{letter.checked_by}　{_moment(letter.checked_at)}" if letter.checked_by else ""),
        ("待核稿", str(letter.checker.person) if letter.state == S.SUBMITTED and letter.checker else ""),
        ("退回意见", letter.return_note),
        ("签发", f"{letter.issued_by}　{_moment(letter.issued_at)}" if letter.issued_by else ""),
        ("送达", f"{letter.dispatched_by}　{_moment(letter.dispatched_at)}" if letter.dispatched_by else ""),
        ("核验码", letter.verify_code or ""),
        ("PDF 摘要", letter.pdf.digest if letter.pdf else ""),
        ("盖章件摘要", letter.scan.digest if letter.scan else ""),
    ]
    facts: list[dict[str, Any]] = [
        {"label": label, "value": value, "wide": True, "num": "摘要" in label or label == "核验码"}
        for label, value in rows
        if value
    ]
    for label, other in (("撤回的文书", letter.recalls), ("替代的文书", letter.replaces)):
        if other is not None:
            facts.append({"label": label, "value": other.number, "url": letter_url(other), "wide": True})
    return facts


def _countersign(row: Countersign, letter: Letter) -> dict[str, Any]:
    if row.voided_at:
        state = "已失效：稿件有改动" if row.decision == Countersign.Decision.AGREED else "不同意，已退回"
    elif row.decision:
        state = row.get_decision_display()
    else:
        state = "待会签" if row.asked_at and letter.state == S.COUNTERSIGNING else "未送"
    return {
        "who": str(row),
        "state": state,
        "by": row.signer_label,
        "at": _moment(row.at),
        "opinion": row.opinion,
        "void": row.voided_at is not None,
        "signature": row.signature,
    }


def _delivery(row: Delivery, letter: Letter) -> dict[str, Any]:
    if row.signed_at:
        signed = f"{row.signed_by}　{_moment(row.signed_at)}"
    elif row.left_at:
        signed = f"留置送达　{_moment(row.left_at)}（{row.refusal_reason}；见证人：{row.witnesses}）"
    elif not row.sent_at:
        signed = ""
    else:
        signed = "" if row.is_copy or letter.state in (S.RECALLED, S.REPLACED) else "待签收"
    return {
        "name": row.name,
        "role": "抄送" if row.is_copy else "主送",
        "how": row.get_how_display() or ("平台" if row.unit_id else "另行送达"),
        "sent": _moment(row.sent_at) or "未送达",
        "opened": f"{row.opened_by}　{_moment(row.opened_at)}" if row.opened_at else "",
        "signed": signed,
        "remark": row.remark,
    }
