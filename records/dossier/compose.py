"""Gathering a dossier: what the kind of case tells of itself, then what every case has: letters, signatures, files, seals."""

from datetime import datetime

from django.db.models import QuerySet

from audit.clock import SHANGHAI
from audit.models import AuditEvent, AuditLink
from organisations.actors import Actor
from records.dossier.sections import Dossier, Enclosure, Part, Picture, Section, Table
from records.kinds import kind
from records.models import Attachment, Case, Letter, Signature
from records.selectors import attachments_for, letters_for

# Scanned sheets are read, photos are looked at.
_SHEETS = ("扫描件", "纸质", "补录", "委托")


def compose(case: Case, *, actor: Actor, at: datetime) -> Dossier:
    """The dossier as `actor` may read the case: drafts of another house and phone numbers stay out."""
    return Dossier(
        number=case.number,
        title=case.title,
        kind=kind(case.kind).label,
        marks=[word for word, on in (("敏感", case.is_confidential), ("补录", case.is_retroactive)) if on],
        facts=[
            ("案卷题名", case.title),
            ("案卷编号", case.number),
            ("责任单位", case.responsible_unit.name),
            ("主办单位", case.lead_unit.name),
            ("乡街", case.township.name),
            ("立案日期", case.opened_on.isoformat()),
            ("结案日期", case.closed_on.isoformat() if case.closed_on else "未结"),
        ],
        parts=[part_of(case, actor=actor, at=at)],
        compiled=compiled(actor, at),
        version=case.version,
    )


def part_of(case: Case, *, actor: Actor, at: datetime, folder: str = "", among_others: bool = False) -> Part:
    """A case with its files, which lie under `folder` in the archive.

    `among_others`: what has no sections of its own is told in a table of the whole volume, and only its files follow.
    """
    of_kind = kind(case.kind)
    own = list(of_kind.dossier(case, actor, at))
    letters = list(
        letters_for(actor)
        .filter(case=case, state__in=Letter.NUMBERED)
        .select_related("issuer", "recipient", "pdf", "scan", "receipt__person")
        .order_by("issued_at", "id")
    )
    bound = {copy.pk for letter in letters for copy in (letter.scan, letter.pdf) if copy}
    files = [a for a in attachments_for(actor, case) if a.pk not in bound and a.purpose != "文书"]
    sections = own
    if own or not among_others:
        events = AuditEvent.objects.filter(case_id=case.pk).order_by("case_seq")
        sections = [
            *own,
            _letters(letters),
            _signatures(case),
            _pictures(files),
            _list_of_files(files),
            seals(events, "本卷"),
        ]
    return Part(
        title=case.title,
        number=case.number,
        sections=[section for section in sections if not section.is_empty],
        enclosures=[*_copies(letters, folder), *(_enclosure(a, n, folder) for n, a in enumerate(files, start=1))],
        kind=of_kind.label,
    )


def compiled(actor: Actor, at: datetime) -> str:
    return f"{moment(at)}　{actor.label}"


def moment(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else ""


def _letters(letters: list[Letter]) -> Section:
    rows = [
        [
            letter.number,
            f"{letter.title}（{letter.get_state_display()}{'，补录' if letter.is_retroactive else ''}）",
            moment(letter.issued_at)[:10],
            moment(letter.dispatched_at),
            f"{letter.receipt.signer_label}　{moment(letter.received_at)}"
            if letter.receipt
            else f"留置送达：{letter.refusal_reason}；见证人：{letter.witnesses}　{moment(letter.received_at)}"
            if letter.witnesses
            else "",
        ]
        for letter in letters
    ]
    heads = ("发文字号", "文书", "签发", "送达", "签收")
    tables = [Table(heads, rows, (22, 28, 12, 14, 24))] if rows else []
    return Section("letters", "文书和送达情况", tables=tables)


def _signatures(case: Case) -> Section:
    """Each with what a reader needs to check it: who, in which post, when, over which digest."""
    found = (
        Signature.objects.filter(case=case)
        .select_related("person", "keyed_by", "confirmed_by", "voided")
        .order_by("at", "id")
    )
    return Section(
        "signatures", "签字", signatures=[_signed(signature) for signature in found], remark="摘要为 SHA-256"
    )


def _signed(signature: Signature) -> dict[str, str]:
    how = signature.get_method_display()
    if signature.method == Signature.Method.PAPER:
        how = (
            f"{how}，文件日期 {signature.document_on}；{signature.keyed_by}录入，{signature.confirmed_by}核对与原件一致"
        )
    voided = getattr(signature, "voided", None)
    return {
        "purpose": signature.purpose,
        "label": signature.signer_label,
        "at": moment(signature.at),
        "how": how,
        "digest": signature.digest,
        "strokes": signature.strokes,
        "void": f"已失效（{moment(voided.at)}）：{voided.reason}" if voided else "",
    }


def _pictures(files: list[Attachment]) -> Section:
    pictures = [
        Picture(a.path, f"{a.purpose}　{a.name}　{moment(a.at)}", any(word in a.purpose for word in _SHEETS))
        for a in files
        if a.is_image
    ]
    # Photos first, two to a page; then the sheets.
    return Section("pictures", "照片和扫描件", pictures=sorted(pictures, key=lambda p: p.whole_page))


def _list_of_files(files: list[Attachment]) -> Section:
    rows = [
        [
            str(n),
            f"{a.purpose}：{a.name}{'（敏感）' if a.is_confidential else ''}",
            moment(a.at),
            f"{a.size:,}",
            a.digest,
        ]
        for n, a in enumerate(files, start=1)
    ]
    tables = (
        [Table(("序号", "附件", "上传时间", "字节", "SHA-256"), rows, (7, 33, 15, 11, 34), mono=(4,))] if rows else []
    )
    return Section("files", "附件清单", tables=tables)


def seals(events: QuerySet[AuditEvent], whose: str) -> Section:
    """Where each of these events stands in the chain, so that the dossier can be held against it."""
    found = list(events)
    links = dict(AuditLink.objects.filter(event__in=found).values_list("event_id", "seq"))
    rows = [
        [
            str(event.case_seq or n),
            f"{event.label}（{event.actor_label}）",
            moment(event.at),
            event.digest,
            f"第 {links[event.pk]} 环" if event.pk in links else "待封存",
        ]
        for n, event in enumerate(found, start=1)
    ]
    if not rows:
        return Section("seals", "审计封存情况")
    waiting = sum(row[4] == "待封存" for row in rows)
    told = f"{whose} {len(rows)} 项审计事件，已封存 {len(rows) - waiting} 项，待封存 {waiting} 项。"
    return Section(
        "seals",
        "审计封存情况",
        paragraphs=[f"{told}事件摘要由规范文本逐字节计算（SHA-256），可与平台审计链逐环核对。"],
        tables=[Table(("序号", "事件", "时间", "事件摘要", "封存"), rows, (7, 33, 15, 33, 12), mono=(3,))],
    )


def _copies(letters: list[Letter], folder: str) -> list[Enclosure]:
    """The sealed scan is the letter where there is one, the portal's PDF otherwise."""
    found = []
    for n, letter in enumerate(letters, start=1):
        copy = letter.scan or letter.pdf
        if copy is None:
            continue
        extension = _EXTENSIONS.get(copy.content_type, "bin")
        found.append(
            Enclosure(
                letter.title,
                copy.path,
                f"{folder}文书/{n:03d}-{safe(letter.number)}.{extension}",
                copy.content_type,
                copy.digest,
                copy.size,
                number=letter.number,
                author=letter.issuer.short_name or letter.issuer.name,
                dated=moment(letter.issued_at)[:10],
            )
        )
    return found


def _enclosure(attachment: Attachment, n: int, folder: str) -> Enclosure:
    return Enclosure(
        f"{attachment.purpose}：{attachment.name}",
        attachment.path,
        f"{folder}附件/{n:03d}-{safe(attachment.purpose)}-{safe(attachment.name)}",
        attachment.content_type,
        attachment.digest,
        attachment.size,
        author=attachment.uploaded_by.name if attachment.uploaded_by else "",
        dated=moment(attachment.at)[:10],
    )


_EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


def safe(name: str) -> str:
    """A name that every file system takes; the number before it keeps two of the same apart."""
    kept = "".join("_" if c in '/\\:*?"<>|' or ord(c) < 32 else c for c in name).strip(" .")
    stem, dot, extension = kept.rpartition(".")
    return f"{stem[:60]}{dot}{extension[:8]}" if dot else kept[:60]
