"""应报清单, and one filing with what can be done about it (X5)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.clock import SHANGHAI, now
from deadlines import filing_acts, filing_register, rules
from deadlines.adjusting import with_ledger
from deadlines.display import Clockwork, clock, date_text, due_mark, moves_of, rule_url
from deadlines.filing_acts import ACTS, Context
from deadlines.filing_register import STATES, WHOSE, Asked
from deadlines.filing_timeline import files_of, timeline
from deadlines.filing_workflow import WORKFLOW
from deadlines.models import Deadline, Filing, FilingState
from deadlines.paging import page_by_day
from deadlines.services.ledger import LateReasonMissing
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.roles import Right, Scope
from records.models import Attachment
from records.services.attachments import FileRefused
from records.services.signing import SignatureRefused
from records.web import new_form_key, submit, version_of

REFUSALS = (Refused, SignatureRefused, FileRefused, LateReasonMissing)
_RELATED = ("case__district", "case__township", "case__lead_unit", "case__responsible_unit", "owner_unit")


@acting()
@require_safe
def index(request: ActorRequest) -> HttpResponse:
    at, actor = now(), request.actor
    clockwork = Clockwork.of(request, at)
    asked = Asked.of(request.GET, actor)
    found = filing_register.filings(asked, actor)
    counts = filing_register.counts(found, at=at)
    page = page_by_day(
        filing_register.with_names(filing_register.in_state(found, asked.state, at=at)),
        "last_on",
        lambda filing: filing.last_on,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        newest_first=True,
    )
    clocks = filing_register.clocks(page.rows)
    context = {
        "head": _head(counts),
        "subnav": [
            {"text": "应报清单", "url": reverse("filings:list"), "current": True},
            {"text": "按期办结率", "url": reverse("statistics:punctuality")},
        ],
        "batch_url": reverse("batches:batch", args=["receive_filings"]) if actor.may(Right.RECEIVE_FILING) else "",
        "chip_rows": _chips(asked, counts, request),
        "bar": {"count_text": f"{counts[asked.state]:,}", "unit_text": "项", "sort_text": "新的期间在前"},
        "lines": [_line(filing, clocks[filing.pk], clockwork) for filing in page.rows],
        "page": {
            "text": f"本页 {len(page.rows)} 项，共 {counts[asked.state]:,} 项",
            "prev_url": _url(asked, before=page.before) if page.before else "",
            "next_url": _url(asked, after=page.after) if page.after else "",
        },
    }
    return render(request, "filings/list.html", context)


def _head(counts: dict[str, int]) -> str:
    owing = counts["all"] - counts["lapsed"]
    return f"应报 {owing:,} 项，已报 {counts['filed']:,} 项，未报 {counts['missing']:,} 项，其中逾期 {counts['late']:,} 项。"


def _url(asked: Asked, *, after: str = "", before: str = "", **changed: str) -> str:
    edge = {"after": after} if after else {"before": before} if before else {}
    return f"?{urlencode(asked.given(**changed) | edge)}"


def _chips(asked: Asked, counts: dict[str, int], request: ActorRequest) -> list[dict[str, Any]]:
    states = [
        {"text": text, "url": _url(asked, state=key), "count": counts[key], "current": key == asked.state}
        for key, text in STATES.items()
        if counts[key] or key in {"all", "missing", "late", asked.state}
    ]
    rows: list[dict[str, Any]] = [{"label": "报送", "chips": states}]
    if request.actor.scope != Scope.OWN:
        whose = [{"text": t, "url": _url(asked, whose=k), "current": k == asked.whose} for k, t in WHOSE.items()]
        rows.append({"label": "谁的", "chips": whose})
    rows.append({"label": "条件", "chips": _narrower(asked, request)})
    return rows


def _narrower(asked: Asked, request: ActorRequest) -> list[dict[str, Any]]:
    known = {rule.key: rule.label for rule in rules.recurring_rules()}
    chips: list[dict[str, Any]] = []
    if asked.rule:
        chips.append({"text": known[asked.rule], "url": _url(asked, rule="", period=""), "removable": True})
        if not asked.period:
            keys = filing_register.periods(request.actor, asked.rule)
            chips.append({"text": "期间", "options": [{"text": k, "url": _url(asked, period=k)} for k in keys]})
    else:
        options = [{"text": label, "url": _url(asked, rule=key)} for key, label in known.items()]
        chips.append({"text": "事项", "options": options})
    if asked.period:
        chips.append({"text": asked.period, "url": _url(asked, period=""), "removable": True})
    if asked.unit:
        chips.append({"text": f"单位：{asked.unit}", "url": _url(asked, unit=""), "removable": True})
    elif asked.whose != "mine":
        keep = [{"name": name, "value": value} for name, value in asked.given().items()]
        chips.append({"text": "单位", "search_name": "unit", "keep": keep})
    return chips


def _line(filing: Filing, deadline: Deadline, clockwork: Clockwork) -> dict[str, Any]:
    case = filing.case
    told = filing_register.outcome(filing, deadline, clockwork.at)
    line = {
        "title": case.title,
        "url": reverse("filings:filing", args=[filing.pk]),
        "number": case.number,
        "unit": filing.owner_unit,
        "to": case.lead_unit,
        "state": told["text"],
        "due_text": date_text(deadline.due_on, clockwork),
        "provisional": deadline.provisional and told["owed"],
        "filed_text": "",
        "late": False,
    }
    if deadline.met_at:
        line |= {"filed_text": f"{deadline.met_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}", "late": told["late"]}
    elif told["owed"]:
        line["due"] = due_mark(deadline.due_on, deadline.due_at, clockwork)
    return line


def _found(request: ActorRequest, pk: int) -> Filing:
    return get_object_or_404(Filing.objects.for_actor(request.actor).select_related(*_RELATED), pk=pk)


@acting(scoped=True)
@require_safe
def filing(request: ActorRequest, pk: int) -> HttpResponse:
    """One page; `?do=<act>` opens the act's form beside it."""
    context = Context(_found(request, pk), request.actor, now())
    action = request.GET.get("do", "")
    if not action:
        return _page(request, context)
    if action not in ACTS:
        raise Http404
    if why := filing_acts.refusal(context, action):
        messages.info(request, why)
        return redirect("filings:filing", pk=pk)
    act = ACTS[action]
    return _page(request, context, action=action, form=act.form(**act.arguments(context)))


@acting(scoped=True)
@require_POST
def act(request: ActorRequest, pk: int, action: str) -> HttpResponse:
    found = _found(request, pk)
    if action not in ACTS:
        raise Http404
    context = Context(found, request.actor, now())
    chosen = ACTS[action]
    form = chosen.form(request.POST, request.FILES, **chosen.arguments(context))
    version = version_of(request)

    def perform() -> str:
        if why := filing_acts.refusal(context, action):
            # The page may be old: whoever was faster is named before the rule is quoted.
            WORKFLOW.lock(context.filing.case, version=version)
            raise Refused(why)
        chosen.perform(context, form, version)
        return reverse("filings:filing", args=[pk])

    answer = submit(request, form, perform, actor=request.actor, at=context.at, refusals=REFUSALS, done=chosen.done)
    if answer:
        return answer
    return _page(request, Context(_found(request, pk), request.actor, context.at), action=action, form=form, status=422)


def beside(request: ActorRequest, pk: int, drawer: dict[str, Any], status: int) -> HttpResponse:
    """The page of a filing with a form beside it that is not one of its own acts."""
    return _page(request, Context(_found(request, pk), request.actor, now()), drawer=drawer, status=status)


def _page(
    request: ActorRequest,
    context: Context,
    *,
    action: str = "",
    form: Any = None,
    drawer: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    found, case = context.filing, context.filing.case
    clockwork = Clockwork.of(request, context.at)
    url = reverse("filings:filing", args=[found.pk])
    deadlines = list(with_ledger(Deadline.objects.filter(case=case)).order_by("due_at", "id"))
    moves = moves_of(deadlines)
    open_ = [d for d in deadlines if d.is_open]
    possible = filing_acts.possible(context)
    first = possible[0] if possible else ""
    first_due = due_mark(open_[0].due_on, open_[0].due_at, clockwork) if open_ else None
    page: dict[str, Any] = {
        "filing": found,
        "case": case,
        "state_label": FilingState(case.state).label,
        "crumbs": [{"text": "应报清单", "url": reverse("filings:list")}, {"text": case.number}],
        "facts": _facts(found),
        "clocks": [clock(d, clockwork, opened=i == 0, moves=moves.get(d.pk, ())) for i, d in enumerate(open_)],
        "past_clocks": [clock(d, clockwork, moves=moves.get(d.pk, ())) for d in deadlines if not d.is_open],
        "first_due": first_due,
        "waits": filing_acts.refusal(context, "file") if case.state == FilingState.EXPECTED else "",
        "reports": _reports(found),
        "entries": timeline(found),
        "next_rows": [
            {
                "text": filing_acts.label(context, name),
                "url": f"{url}?do={name}",
                "icon": ACTS[name].icon,
                "current": name == action,
            }
            for name in possible
        ],
        "strip": {
            "state_text": FilingState(case.state).label,
            "due": first_due,
            "action_url": f"{url}?do={first}" if first and not action else "",
            "action_label": filing_acts.label(context, first) if first else "",
        },
    }
    if drawer:
        page |= drawer
    if form is not None:
        chosen = ACTS[action]
        page |= {
            "form": form,
            "heading": filing_acts.label(context, action),
            "action": reverse("filings:act", args=[found.pk, action]),
            "close_url": url,
            "will": chosen.will(context),
            "submit_label": chosen.submit_label,
            "version": case.version,
            "form_key": new_form_key(),
            "form_id": f"act-{action}",
        }
    return render(request, "filings/filing.html", page, status=status)


def _facts(found: Filing) -> list[dict[str, Any]]:
    case, rule = found.case, rules.rule(found.rule_key)
    return [
        {"label": "报送单位", "value": found.owner_unit.name, "wide": True},
        {"label": "接收单位", "value": case.lead_unit.name, "wide": True},
        {"label": "期间", "value": f"{found.first_on} 至 {found.last_on}", "num": True},
        {"label": "可以报送", "value": f"{found.opens_on} 起", "num": True},
        {
            "label": "依据",
            "value": f"实施意见{rule.clause}",
            "wide": True,
            "link_url": rule_url(rule.key),
            "link_text": "看规则",
        },
    ]


def _reports(found: Filing) -> list[dict[str, Any]]:
    files: dict[int | None, list[Attachment]] = {}
    for attachment in Attachment.objects.filter(case=found.pk):
        files.setdefault(attachment.case_seq, []).append(attachment)
    rows = found.reports.select_related("signature", "receipt")
    return [{"report": report, "files": files_of(files.get(report.case_seq, []))} for report in rows]
