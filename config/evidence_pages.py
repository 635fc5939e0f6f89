"""管理 › 审计 › 证据链: verify the chain, see its anchors, hand a case's evidence over; and the public page of anchors (X6)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from audit.anchors import files, keys, writing
from audit.anchors.files import Anchor, Reading
from audit.clock import SHANGHAI, now
from audit.export import Scope, export_zip
from audit.models import AuditLink
from audit.verification import Verification, verify
from organisations.access import ActorRequest, acting, public
from organisations.roles import Right
from organisations.views.manage_frame import frame
from records.models import Case

SHOWN, SHOWN_PUBLIC = 10, 30
# A partial verification trusts an anchor of the day before and looks at everything since.
RECENT = timedelta(hours=24)


class CaseExportForm(forms.Form):
    number = forms.CharField(
        label="案卷编号",
        max_length=40,
        help_text="案卷页上的编号，如 340303200-2026-0001。",
        error_messages={"required": "请填案卷编号"},
    )


@acting(Right.READ_AUDIT)
def chain(request: ActorRequest) -> HttpResponse:
    """GET shows, POST recomputes. Changes nothing, so the answer is shown at once."""
    if request.method != "POST":
        return _page(request)
    reading = _reading()
    since = _day_before(reading) if request.POST.get("scope") == "recent" else None
    return _page(request, verification=verify(reading=reading, since=since))


@acting(Right.READ_AUDIT)
@require_POST
def export_case(request: ActorRequest) -> HttpResponse | FileResponse:
    """One case of the own district, its evidence with everything needed to check it, recorded."""
    form = CaseExportForm(request.POST)
    if form.is_valid():
        number = form.cleaned_data["number"].strip()
        case = Case.objects.filter(district_id=request.actor.district_id, number=number).first()
        if case is None:
            form.add_error("number", "本区没有这个编号的案卷")
        else:
            try:
                packed = export_zip(scope=Scope(case=case.pk), by=request.actor.stamp, at=now(), name=number)
            except ValueError as error:
                form.add_error("number", str(error))
            else:
                return FileResponse(packed, as_attachment=True, filename=f"证据-{number}.zip")
    return _page(request, form=form)


def _page(
    request: ActorRequest, *, verification: Verification | None = None, form: CaseExportForm | None = None
) -> HttpResponse:
    trouble, shown = _newest(SHOWN)
    last = shown[0] if shown else None
    links = AuditLink.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    context = frame(
        request.actor,
        "manage:audit",
        "证据链",
        sub="每条事件封存为一环，每分钟把链头签名后写到数据库之外。",
    )
    context |= {
        "verification": verification,
        "form": form or CaseExportForm(),
        "facts": [
            {"label": "已封存", "value": f"{links} 环", "num": True, "strong": True},
            {"label": "最近存证", "value": _ago(last) if last else "还没有存证", "strong": True},
            {"label": "存证到", "value": f"第 {last.seq} 环" if last else "–", "num": True},
            {"label": "公钥编号", "value": last.key if last else "–"},
        ],
        "trouble": trouble,
        "anchors": [_row(anchor) for anchor in shown],
        "public_url": reverse("anchors"),
    }
    return render(request, "audit/chain.html", context)


@public
def anchors(request: HttpRequest) -> HttpResponse:
    """For everybody: the newest heads and the key to check them with. Whoever notes one down can prove a later change."""
    trouble, shown = _newest(SHOWN_PUBLIC)
    own = [] if trouble else [{"id": name, "pem": keys.public_pem(key)} for name, key in keys.public_keys().items()]
    context = {"trouble": trouble, "anchors": [_row(anchor) for anchor in shown], "keys": own}
    return render(request, "audit/anchors.html", context)


def _newest(count: int) -> tuple[str, list[Anchor]]:
    try:
        return "", files.newest(writing.folder(), keys.public_keys(), count)
    except (keys.KeyTrouble, OSError) as error:
        return str(error) if isinstance(error, keys.KeyTrouble) else "存证目录读不出来", []


def _reading() -> Reading:
    try:
        return writing.read_own()
    except (keys.KeyTrouble, OSError) as error:
        return Reading(problems=[f"存证读不出来：{error}"])


def _day_before(reading: Reading) -> Anchor | None:
    limit = datetime.now(UTC) - RECENT
    return max((a for a in reading.anchors if a.moment <= limit), key=lambda a: a.n, default=None)


def _row(anchor: Anchor) -> dict[str, Any]:
    local = anchor.moment.astimezone(SHANGHAI)
    return {
        "n": anchor.n,
        "at_text": f"{local:%Y-%m-%d %H:%M:%S}",
        "at_iso": local.isoformat(timespec="seconds"),
        "seq": anchor.seq,
        "events": anchor.events,
        "head": anchor.head,
        "key": anchor.key,
        "restored": anchor.kind == files.RESTORED,
    }


def _ago(anchor: Anchor) -> str:
    seconds = max(0, int((datetime.now(UTC) - anchor.moment).total_seconds()))
    for size, word in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{seconds // size} {word}前"
    return f"{seconds} 秒前"
