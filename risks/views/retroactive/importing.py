"""The import of many past cases from one workbook."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.clock import local_date, now
from audit.services import canonical_text, digest_of
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.models import Sector
from organisations.roles import Right
from organisations.services.import_sheet import Problem
from records.models import RetroactiveEntry
from records.services.attachments import FileRefused
from records.web import new_form_key
from risks.exports import SPREADSHEET
from risks.forms.retroactive import STEP_BY_NAME, STEPS, ImportForm, out_of_order
from risks.services import retroactive as service
from risks.services import retroactive_sheet as sheet
from risks.services.retroactive import may_enter
from risks.views.retroactive.typed import cleaned_of, crumbs, typed_form, unit_named

MAX_PROBLEMS = 500
S = RetroactiveEntry.State


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
        "crumbs": crumbs("批量导入"),
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
    unit = unit_named(actor, row.unit, today=today) if row.unit else None
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
