"""补录: the wizard for one past case, the import of many, and the second person's comparison (X6)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.clock import SHANGHAI, local_date, now
from audit.services import canonical_text, digest_of
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.models import Enterprise, Sector, Territory, Unit
from organisations.roles import Right
from organisations.row_ids import row_id
from organisations.services.import_sheet import Problem
from records.models import Attachment, EntryScan, RetroactiveEntry
from records.services.attachments import FileRefused
from records.views.files import serve
from records.web import new_form_key, submit
from risks.exports import SPREADSHEET
from risks.forms.paper import CompareForm, told
from risks.forms.retroactive import STEP_BY_NAME, STEPS, ImportForm, ReasonForm, StepForm, out_of_order
from risks.services import retroactive as service
from risks.services import retroactive_sheet as sheet
from risks.services.retroactive import may_enter, refusal_to_compare, unit_of

PAGE = 50
MAX_PROBLEMS = 500
_NOT_TYPED = ("csrfmiddlewaretoken", "form_key", "step")
S = RetroactiveEntry.State


def arguments(unit: Unit, step: str, *, today: date) -> dict[str, Any]:
    """What the form of a step is built with, for a risk of this unit."""
    if step == "facts":
        place = getattr(unit, "enterprise", None) is not None or unit.territory is not None
        return {
            "today": today,
            "sectors": Sector.objects.filter(district_id=unit.district_id),
            "townships": None
            if place
            else Territory.objects.filter(district_id=unit.district_id).exclude(kind="district"),
        }
    if step in {"grading", "closure"}:
        return {"today": today, "ls_variant": unit.district.profile.get("grading", {}).get("ls_variant", "A")}
    return {"today": today}


def typed_form(unit: Unit, step: str, typed: Mapping[str, list[str]], *, today: date) -> StepForm:
    data = QueryDict(mutable=True)
    for name, values in typed.items():
        data.setlist(name, values)
    return STEP_BY_NAME[step](data, has_scan=True, **arguments(unit, step, today=today))


def cleaned_of(form: Any) -> dict[str, Any]:
    """What the service takes of one valid step."""
    cleaned = dict(form.cleaned_data)
    if form.step == "facts":
        return cleaned | {"measures": form.measures()}
    return cleaned | ({"inputs": form.cleaned_inputs()} if hasattr(form, "cleaned_inputs") else {})


def steps_of(
    entry: RetroactiveEntry, *, today: date
) -> tuple[dict[str, dict[str, Any]], dict[str, StepForm], list[str]]:
    """Every kept step through its form again: (cleaned, forms, what is wrong)."""
    unit, wrong = unit_of(entry), []
    forms = {
        form.step: typed_form(unit, form.step, entry.typed[form.step], today=today)
        for form in STEPS
        if form.step in entry.typed
    }
    cleaned = {}
    for step, form in forms.items():
        if form.is_valid():
            cleaned[step] = cleaned_of(form)
        else:
            errors = "；".join(str(error) for found in form.errors.values() for error in found)
            wrong.append(f"{form.label}：{errors}")
    wrong += [f"{STEP_BY_NAME[step].label}：{said}" for step, said in out_of_order(cleaned).items()]
    return cleaned, forms, wrong


@acting(Right.ASSESS)
@require_safe
def index(request: ActorRequest) -> HttpResponse:
    """The own unit's entries, newest first, keyset paging by id."""
    actor = request.actor
    found = RetroactiveEntry.objects.for_actor(actor).select_related("keyed_by", "decided_by", "case")
    chosen = request.GET.get("state", "")
    if chosen in S.values:
        found = found.filter(state=chosen)
    before = row_id(request.GET.get("before", ""))
    page = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    more = page[PAGE - 1].pk if len(page) > PAGE else None
    chips = [{"text": "全部", "url": "?", "current": not chosen}]
    chips += [{"text": label, "url": f"?state={key}", "current": key == chosen} for key, label in S.choices]
    context = {
        "may_enter": may_enter(actor),
        "rows": [_row(entry, actor) for entry in page[:PAGE]],
        "chips": [{"label": "状态", "chips": chips}],
        "crumbs": [{"text": "风险台账", "url": reverse("risks:register")}, {"text": "补录"}],
        "page": {
            "text": f"本页 {len(page[:PAGE])} 件",
            "next_url": f"?state={chosen}&before={more}" if more else "",
            "prev_url": f"?state={chosen}" if before else "",
        },
    }
    return render(request, "risks/retroactive_list.html", context)


def _row(entry: RetroactiveEntry, actor: Actor) -> dict[str, Any]:
    to_compare = not refusal_to_compare(entry, actor)
    url = reverse("risks:retroactive-compare" if to_compare else "risks:retroactive-entry", args=[entry.pk])
    return {
        "entry": entry,
        "url": reverse("risks:case", args=[entry.case_id]) if entry.case_id else url,
        "when": f"{entry.keyed_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        "to_compare": to_compare,
    }


@acting(Right.ASSESS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    """For which unit; then the wizard."""
    actor, at = request.actor, now()
    words = (request.POST if request.method == "POST" else request.GET).get("unit", "").strip()
    unit = _unit_named(actor, words) if words else None
    if request.method == "POST":
        if unit is not None:
            try:
                entry = service.begin_entry(title=f"{unit}的风险点", unit=unit, actor=actor, at=at)
            except Refused as refused:
                messages.error(request, str(refused))
            else:
                return redirect("risks:retroactive-entry", pk=entry.pk)
        else:
            messages.error(request, "没有这个代码或名称的单位，或不在您的权限范围内")
    context = {
        "words": words,
        "may_enter": may_enter(actor),
        "go_live": service.go_live_of(actor.unit.district),
        "crumbs": _crumbs("新的一件"),
    }
    return render(request, "risks/retroactive_new.html", context, status=422 if request.method == "POST" else 200)


def _unit_named(actor: Actor, words: str) -> Unit | None:
    found = Enterprise.objects.for_actor(actor).filter(Q(uscc=words.upper()) | Q(unit__name=words)).first()
    if found is not None:
        return found.unit
    others = Unit.objects.filter(district_id=actor.district_id).exclude(kind="enterprise")
    return others.filter(Q(name=words) | Q(short_name=words)).valid_on(local_date(now())).first()


def _crumbs(last: str) -> list[dict[str, str]]:
    return [
        {"text": "风险台账", "url": reverse("risks:register")},
        {"text": "补录", "url": reverse("risks:retroactive")},
        {"text": last},
    ]


def _found(request: ActorRequest, pk: int) -> RetroactiveEntry:
    found = RetroactiveEntry.objects.for_actor(request.actor)
    return get_object_or_404(
        found.select_related("keyed_by", "account", "post__unit__district", "post__person", "unit"), pk=pk
    )


@acting(Right.ASSESS, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: ActorRequest, pk: int) -> HttpResponse:
    """One step of the wizard: `?step=`; each is saved as it is sent and can be come back to."""
    found, at = _found(request, pk), now()
    if found.case_id:
        return redirect("risks:case", pk=found.case_id)
    step = (request.POST if request.method == "POST" else request.GET).get("step", "")
    step = step if step in STEP_BY_NAME or step == "done" else "facts"
    if found.state == S.PENDING or step == "done":
        return _overview(request, found)
    unit, today = unit_of(found), local_date(at)
    kept = {"has_scan": found.scans.filter(step=step).exists(), **arguments(unit, step, today=today)}
    made = STEP_BY_NAME[step]
    if request.method != "POST":
        form = made(initial=_initial(made, found.typed.get(step, {}), unit), **kept)
        return _step_page(request, found, step, form)
    form = made(request.POST, request.FILES, **kept)

    def act() -> str:
        typed = {name: request.POST.getlist(name) for name in request.POST if name not in _NOT_TYPED}
        title = form.cleaned_data.get("title", "")
        service.keep_step(
            entry=found, step=step, typed=typed, title=title, scan=form.cleaned_data["scan"], actor=request.actor, at=at
        )
        following = "done" if "finish" in request.POST else _after(step)
        return f"{reverse('risks:retroactive-entry', args=[pk])}?step={following}"

    refusals = (Refused, FileRefused)
    answer = submit(request, form, act, actor=request.actor, at=at, refusals=refusals, done=f"{made.label}已保存")
    return answer or _step_page(request, found, step, form, status=422)


def _after(step: str) -> str:
    names = [form.step for form in STEPS]
    place = names.index(step) + 1
    return names[place] if place < len(names) else "done"


def _initial(form: type[StepForm], typed: Mapping[str, list[str]], unit: Unit) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: found if name == "accident_types" else found[0] for name, found in typed.items() if found
    }
    enterprise = getattr(unit, "enterprise", None)
    if form.step == "facts" and enterprise is not None:
        values.setdefault("sector", enterprise.sector_id)
    return values


def _flow(found: RetroactiveEntry, step: str) -> list[dict[str, Any]]:
    shown = [(form.step, form.label) for form in STEPS]
    return [{"label": label, "done": name in found.typed, "current": name == step} for name, label in shown]


def _step_page(request: HttpRequest, found: RetroactiveEntry, step: str, form: Any, status: int = 200) -> HttpResponse:
    context = {
        "entry": found,
        "unit": unit_of(found),
        "step": step,
        "form": form,
        "form_key": new_form_key(),
        "heading": STEP_BY_NAME[step].label,
        "flow": _flow(found, step),
        "scans": list(found.scans.filter(step=step)),
        "may_finish": step != "facts" or "facts" in found.typed,
        "is_last": step == STEPS[-1].step,
        "crumbs": _crumbs(found.title),
    }
    return render(request, "risks/retroactive_step.html", context, status=status)


def _overview(request: ActorRequest, found: RetroactiveEntry, *, form: Any = None, status: int = 200) -> HttpResponse:
    """Everything that was keyed in, with its scans: to be handed in, or to be compared."""
    _, forms, wrong = steps_of(found, today=local_date(now()))
    scans: dict[str, list[EntryScan]] = {}
    for scan in found.scans.all():
        scans.setdefault(scan.step, []).append(scan)
    parts = [
        {
            "label": form_.label,
            "step": step,
            "facts": told(form_) if form_.is_valid() else [],
            "scans": scans.get(step, []),
        }
        for step, form_ in forms.items()
    ]
    comparing = not refusal_to_compare(found, request.actor)
    context = {
        "entry": found,
        "unit": unit_of(found),
        "parts": parts,
        "wrong": wrong,
        "comparing": comparing,
        "form": form or (CompareForm() if comparing else ReasonForm(initial={"reason": found.reason})),
        "form_key": new_form_key(),
        "flow": _flow(found, ""),
        "go_live": service.go_live_of(request.actor.unit.district),
        "crumbs": _crumbs(found.title),
    }
    return render(request, "risks/retroactive_overview.html", context, status=status)


@acting(Right.ASSESS, scoped=True)
@require_POST
def hand_in(request: ActorRequest, pk: int) -> HttpResponse:
    found, at, form = _found(request, pk), now(), ReasonForm(request.POST)

    def act() -> str:
        steps, _, wrong = steps_of(found, today=local_date(at))
        if wrong or "facts" not in steps:
            raise Refused("；".join(wrong) or "请先填登记材料")
        service.submit_entry(entry=found, steps=steps, reason=form.cleaned_data["reason"], actor=request.actor, at=at)
        return reverse("risks:retroactive")

    answer = submit(
        request, form, act, actor=request.actor, at=at, refusals=(Refused,), done="已提交，待本单位另一人核对"
    )
    return answer or _overview(request, found, form=form, status=422)


@acting(Right.ASSESS, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: ActorRequest, pk: int) -> HttpResponse:
    found, at = _found(request, pk), now()
    if request.method != "POST":
        return _overview(request, found)
    form = CompareForm(request.POST)

    def act() -> str:
        if form.cleaned_data["decision"] == "differs":
            service.reject_entry(entry=found, note=form.cleaned_data["note"], actor=request.actor, at=at)
            return reverse("risks:retroactive")
        steps, _, wrong = steps_of(found, today=local_date(found.keyed_at))
        if wrong:
            raise Refused("；".join(wrong))
        case = service.confirm_entry(entry=found, steps=steps, actor=request.actor, at=at)
        return reverse("risks:case", args=[case.pk])

    answer = submit(request, form, act, actor=request.actor, at=at, refusals=(Refused,), done="核对结果已记录")
    return answer or _overview(request, found, form=form, status=422)


@acting(Right.ASSESS, scoped=True)
@require_safe
def scan(request: ActorRequest, pk: int) -> HttpResponse:
    kept = get_object_or_404(
        EntryScan.objects.filter(entry__in=RetroactiveEntry.objects.for_actor(request.actor)), pk=pk
    )
    return serve(Attachment(name=kept.name, content_type=kept.content_type, path=kept.path))


@acting(Right.ASSESS)
@require_safe
def template(request: ActorRequest) -> HttpResponse:
    names = Sector.objects.filter(district_id=request.actor.district_id).values_list("name", flat=True)
    response = HttpResponse(sheet.template(names), content_type=SPREADSHEET)
    response["Content-Disposition"] = "attachment; filename*=UTF-8''%E8%A1%A5%E5%BD%95%E6%A8%A1%E6%9D%BF.xlsx"
    return response


@acting(Right.ASSESS)
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: ActorRequest) -> HttpResponse:
    """Every bad row is named, and nothing is kept unless every row is good."""
    actor, at = request.actor, now()
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    problems: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        if not may_enter(actor):
            raise Http404
        uploads = {upload.name: upload for upload in request.FILES.getlist("scans")}
        try:
            problems, kept = _import(form.cleaned_data["file"].read(), form.cleaned_data["reason"], uploads, actor, at)
        except FileRefused as refused:
            form.add_error("file", str(refused))
        else:
            if not problems:
                messages.success(request, f"{kept} 件已录入，待本单位另一人逐件核对")
                return redirect(f"{reverse('risks:retroactive')}?state={S.PENDING}")
    context = {
        "form": form,
        "form_key": new_form_key(),
        "columns": sheet.COLUMNS,
        "problems": sorted(problems, key=lambda p: p.row)[:MAX_PROBLEMS],
        "bad_rows": len({problem.row for problem in problems}),
        "may_enter": may_enter(actor),
        "crumbs": _crumbs("批量导入"),
    }
    bad = bool(form.errors) or bool(problems)
    return render(request, "risks/retroactive_import.html", context, status=422 if bad else 200)


@transaction.atomic
def _import(
    data: bytes, reason: str, uploads: Mapping[str, UploadedFile], actor: Actor, at: Any
) -> tuple[list[Problem], int]:
    rows, problems = sheet.read(data)
    # Of what the rows say: the same file saved once more is the same file.
    batch = digest_of(canonical_text({"rows": [[row.unit, row.typed, row.scans] for row in rows]}))
    if RetroactiveEntry.objects.filter(unit=actor.unit_id, batch=batch).exclude(state=S.REJECTED).exists():
        return [Problem(0, "", "这个文件已经导入过")], 0
    sectors = {s.name: str(s.pk) for s in Sector.objects.filter(district_id=actor.district_id)}
    today, kept = local_date(at), 0
    for row in rows:
        found, entry_ = _row_problems(row, reason, uploads, sectors, actor=actor, at=at, today=today, batch=batch)
        problems += found
        kept += entry_ is not None
    if problems:
        transaction.set_rollback(True)
        return problems, 0
    return [], kept


def _row_problems(
    row: sheet.Row,
    reason: str,
    uploads: Mapping[str, UploadedFile],
    sectors: Mapping[str, str],
    *,
    actor: Actor,
    at: Any,
    today: date,
    batch: str,
) -> tuple[list[Problem], RetroactiveEntry | None]:
    unit = _unit_named(actor, row.unit) if row.unit else None
    if unit is None:
        return [
            Problem(row.number, "责任单位", "没有这个代码或名称的单位，或不在您的权限范围内" if row.unit else "没有填")
        ], None
    problems = []
    named = row.typed["facts"].get("sector", [""])[0]
    row.typed["facts"]["sector"] = [sectors.get(named, "")]
    cleaned = {}
    for form_class in STEPS:
        step = form_class.step
        if step not in row.typed:
            continue
        form = typed_form(unit, step, row.typed[step], today=today)
        if form.is_valid():
            cleaned[step] = cleaned_of(form)
        for name, errors in form.errors.items():
            title = sheet.TITLE_OF.get((step, _column(name)), form_class.label)
            problems += [Problem(row.number, title, str(error)) for error in errors]
        scan_name = row.scans.get(step, "")
        if scan_name not in uploads:
            what = f"没有一起上传“{scan_name}”" if scan_name else "没有填扫描件的文件名"
            problems.append(Problem(row.number, sheet.TITLE_OF[step, "scan"], what))
    problems += [Problem(row.number, STEP_BY_NAME[step].label, said) for step, said in out_of_order(cleaned).items()]
    if problems:
        return problems, None
    try:
        with transaction.atomic():
            made = service.begin_entry(title=cleaned["facts"]["title"], unit=unit, actor=actor, at=at)
            made.typed |= row.typed
            made.batch, made.batch_row = batch, row.number
            made.save(update_fields=["typed", "batch", "batch_row"])
            for step, name in row.scans.items():
                service.keep_scan(made, step, uploads[name], actor=actor, at=at)
            service.submit_entry(entry=made, steps=cleaned, reason=reason, actor=actor, at=at)
    except (Refused, FileRefused) as refused:
        return [Problem(row.number, "", str(refused))], None
    return [], made


def _column(name: str) -> str:
    """The sheet's name for a factor that the form calls by its method."""
    short = name.removeprefix("lec_").removeprefix("ls_")
    return "consequence" if short == "severity" else short
