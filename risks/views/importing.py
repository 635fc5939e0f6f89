"""Risk points from xlsx (R2): template, upload with its report, the list to confirm, and what was made of it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.clock import SHANGHAI, local_date, now
from deadlines.workflow import Refused
from organisations.access import ActorRequest, acting
from organisations.actors import Actor
from organisations.models import Sector
from organisations.roles import Right, Scope
from organisations.views.enterprises import xlsx_response
from records.kinds import case_url
from records.models import Case
from records.web import new_form_key, submit
from risks.accident_types import names_on
from risks.forms.import_rows import Checked, check
from risks.forms.importing import ApplyForm, UploadForm
from risks.grading import (
    CONSEQUENCE,
    EXPOSURE,
    LIKELIHOOD,
    LS_LIKELIHOOD,
    LS_SEVERITY,
    SEVERE,
    grade,
    grade_text,
)
from risks.models import RiskImport, RiskPoint
from risks.selectors.register import latest_gradings
from risks.selectors.responsible import far_from_district, townships_of_sites
from risks.services.importing import ImportedPoint, import_points, keep_upload
from risks.services.importing.columns import BY_KEY, COLUMNS, FACTORS, MANY
from risks.services.importing.sheet import Sheet, read
from risks.services.importing.template import template as make_template
from risks.workflow import WORKFLOW

SHOWN = 100  # lines of a list; a report shows more, for each line is work to do
FAULTS_SHOWN = 500


@acting(Right.REGISTER_RISK)
@require_safe
def template(request: ActorRequest) -> HttpResponse:
    return xlsx_response(make_template(_allowed(request.actor)), "风险点导入模板.xlsx")


def _allowed(actor: Actor) -> dict[str, list[str]]:
    likelihood = sorted({*LIKELIHOOD, *LS_LIKELIHOOD}, key=float, reverse=True)
    values = {
        "category": RiskPoint.Category.labels,
        "sector": [sector.name for sector in Sector.objects.filter(district_id=actor.district_id)],
        "township": [area.name for area in townships_of_sites(actor.district_id)],
        "accident_types": names_on(local_date(now())),
        "method": ["LEC", "LS"],
        **dict(zip(FACTORS, (likelihood, EXPOSURE, CONSEQUENCE, LS_SEVERITY), strict=True)),
        "control_level": RiskPoint.Level.labels,
        "check_frequency": RiskPoint.Frequency.labels,
    }
    return {BY_KEY[key].title: list(words) for key, words in values.items()}


@acting(Right.REGISTER_RISK)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: ActorRequest) -> HttpResponse:
    """A sheet with faults is reported and forgotten; a good one is kept, and shown as what it would register."""
    actor, at = request.actor, now()
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    checked, file_name = Checked(), ""
    if request.method == "POST" and form.is_valid():
        file_name, data = form.cleaned_data["file"].name, form.cleaned_data["file"].read()
        sheet = read(data)
        checked = _checked(sheet, actor, at)
        if not checked.faults:
            kept = keep_upload(sheet=sheet, data=data, file_name=file_name, actor=actor, at=at)
            return redirect("risks:import-upload", pk=kept.pk)
    context = {"form": form, "columns": COLUMNS, "crumbs": _crumbs("导入"), "file_name": file_name}
    bad = bool(form.errors) or bool(checked.faults)
    return render(request, "risks/import.html", context | _report(checked), status=422 if bad else 200)


def _checked(sheet: Sheet, actor: Actor, at: Any) -> Checked:
    """What is wrong with cells as such hides nothing of what is wrong with their rows; a file that is none has no rows."""
    checked = check(sheet.rows, sheet.letters, actor=actor, at=at) if sheet.rows else Checked()
    named = {(fault.row, fault.title) for fault in sheet.faults}
    checked.faults = [*sheet.faults, *(f for f in checked.faults if (f.row, f.title) not in named)]
    checked.faults.sort(key=lambda fault: fault.place)
    return checked


@acting(Right.REGISTER_RISK, scoped=True)
@require_http_methods(["GET", "HEAD", "POST"])
def uploaded(request: ActorRequest, pk: int) -> HttpResponse:
    """Before: the list to confirm, checked once more, for the register goes on. After: what was made."""
    actor, at = request.actor, now()
    kept = get_object_or_404(RiskImport.objects.for_actor(actor), pk=pk)
    if kept.applied_at is not None:
        return redirect(request.path) if request.method == "POST" else _done(request, kept)
    checked = check([(number, cells) for number, cells in kept.rows], kept.letters, actor=actor, at=at)
    doubles = [known.row for _, known in checked.doubles]
    form = ApplyForm(request.POST or None, doubles=doubles)

    def act() -> str:
        if checked.faults:
            raise Refused("检查之后情况有变，一行也没有登记。请按下面的说明改好，重新上传")
        also = [point for point, _ in checked.doubles] if form.registers_doubles else []
        import_points(
            upload=kept,
            points=sorted([*checked.points, *also], key=lambda point: point.row),
            skipped=[] if form.registers_doubles else doubles,
            numbered=[known.row for known in checked.numbered],
            actor=actor,
            at=at,
        )
        return reverse("risks:import-upload", args=[pk])

    if request.method == "POST":
        answer = submit(request, form, act, actor=actor, at=at, refusals=(Refused,), done="")
        if answer is not None:
            return answer
    shown = _to_confirm(kept, checked, actor) | {
        "form": form,
        "form_key": new_form_key(),
        "crumbs": _crumbs("确认清单"),
    }
    status = 422 if form.errors or checked.faults else 200
    return render(request, "risks/import_confirm.html", shown | _report(checked), status=status)


def _to_confirm(kept: RiskImport, checked: Checked, actor: Actor) -> dict[str, Any]:
    variant = actor.unit.district.profile.get("grading", {}).get("ls_variant", "A")
    is_far = far_from_district(actor.district_id)
    lines = [_line(point, variant) for point in checked.points]
    return {
        "kept": kept,
        "lines": lines[:SHOWN],
        "more_lines": max(len(lines) - SHOWN, 0),
        "count": len(lines),
        "is_long": len(lines) > MANY,
        "graded": sum(bool(line["grade"]) for line in lines),
        "severe": sum(line["severe"] for line in lines),
        "doubles": [
            {"row": known.row, "title": known.title, "unit": point.unit.name, "location": point.details["location"]}
            | _open(known.number, known.pk)
            for point, known in checked.doubles
        ],
        "numbered": [{"row": k.row, "title": k.title} | _open(k.number, k.pk) for k in checked.numbered[:SHOWN]],
        "numbered_count": len(checked.numbered),
        "far": [
            point.row
            for point in checked.points
            if point.details["longitude"] is not None and is_far(point.details["longitude"], point.details["latitude"])
        ],
        "names_units": actor.scope != Scope.OWN,
    }


def _line(point: ImportedPoint, variant: str) -> dict[str, Any]:
    graded = grade(point.method, point.inputs, ls_variant=variant) if point.method else None
    return {
        "row": point.row,
        "title": point.title,
        "unit": point.unit.name,
        "location": point.details["location"],
        "grade": f"{point.method.upper()} {graded.formula}，{grade_text(graded.grade)}" if graded else "",
        "severe": graded is not None and graded.grade in SEVERE,
    }


def _open(number: str, pk: int) -> dict[str, str]:
    return {"number": number, "url": reverse("risks:case", args=[pk])}


def _report(checked: Checked) -> dict[str, Any]:
    faults = checked.faults
    return {
        "faults": faults[:FAULTS_SHOWN],
        "fault_count": len(faults),
        "bad_rows": checked.bad_rows,
        "more_faults": max(len(faults) - FAULTS_SHOWN, 0),
    }


def _done(request: ActorRequest, kept: RiskImport) -> HttpResponse:
    made = kept.result["made"]
    cases = list(
        Case.objects.for_actor(request.actor)
        .filter(pk__in=made[:SHOWN])
        .select_related("responsible_unit", "lead_unit")
        .order_by("pk")
    )
    gradings = latest_gradings(cases)
    assert kept.applied_at is not None
    context = {
        "kept": kept,
        "result": kept.result,
        "count": len(made),
        "applied_at": f"{kept.applied_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        "lines": [
            {
                "case": case,
                "url": case_url(case),
                "state": WORKFLOW.state_label(case.state),
                "grade": gradings[case.pk].grade_text if case.pk in gradings else "",
            }
            for case in cases
        ],
        "more_lines": max(len(made) - SHOWN, 0),
        "register_url": f"{reverse('risks:register')}?grade=all&state=all&sort=-number",
        "crumbs": _crumbs("导入完成"),
    }
    return render(request, "risks/import_done.html", context)


def _crumbs(last: str) -> list[dict[str, str]]:
    register = {"text": "风险台账", "url": reverse("risks:register")}
    if last == "导入":
        return [register, {"text": last}]
    return [register, {"text": "导入", "url": reverse("risks:import")}, {"text": last}]
