"""Import of the registry from xlsx: template, upload, and a result page that can be come back to (X1)."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.clock import SHANGHAI, now
from audit.models import AuditEvent
from organisations.access import ActorRequest, acting
from organisations.events import Event
from organisations.forms.enterprises import ImportForm
from organisations.roles import Right
from organisations.services.enterprises import RegistryRefused
from organisations.services.import_sheet import COLUMNS
from organisations.services.imports import Report, import_enterprises
from organisations.services.imports import import_template as make_template
from organisations.views.enterprises import refuse, subnav, xlsx_response

PROBLEMS_SHOWN = 500


@acting(Right.EDIT_ENTERPRISES)
@require_safe
def import_template(request: ActorRequest) -> HttpResponse:
    return xlsx_response(make_template(actor=request.actor, at=now()), "企业导入模板.xlsx")


@acting(Right.EDIT_ENTERPRISES)
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: ActorRequest) -> HttpResponse:
    """POST checks and imports; `?done=<event>` shows the result of an earlier import of one's own unit."""
    actor = request.actor
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    report: Report | None = None
    filename = ""
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        filename = upload.name
        try:
            report = import_enterprises(data=upload.read(), filename=filename, actor=actor, at=now())
        except RegistryRefused as error:
            refuse(form, error)
        else:
            if report.event is not None:
                return redirect(f"{reverse('enterprises:import')}?done={report.event.pk}")
    done = _done(request) if request.method != "POST" and "done" in request.GET else None
    context = {
        "form": form,
        "subnav": subnav(actor, "import"),
        "columns": COLUMNS,
        "report": report,
        "filename": filename,
        "problems": report.problems[:PROBLEMS_SHOWN] if report else [],
        "more_problems": max(len(report.problems) - PROBLEMS_SHOWN, 0) if report else 0,
        "done": done.data if done else None,
        "done_at": f"{done.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if done else "",
        "done_by": done.actor_label if done else "",
    }
    bad = bool(form.errors) or bool(report and report.problems)
    return render(request, "organisations/enterprises/import.html", context, status=422 if bad else 200)


def _done(request: ActorRequest) -> AuditEvent:
    key = request.GET["done"]
    event = (
        AuditEvent.objects.filter(pk=int(key), name=Event.ENTERPRISE_IMPORTED, unit_id=request.actor.unit_id).first()
        if key.isascii() and key.isdigit() and len(key) < 19
        else None
    )
    if event is None:
        raise Http404
    return event
