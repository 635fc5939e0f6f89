"""查看完整电话: asked with a reason, shown in the answer to the form and nowhere else."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from audit.clock import now
from organisations.access import ActorRequest, acting
from organisations.forms.accounts import UnmaskForm
from organisations.models import Enterprise, Person
from organisations.models.people import mask_phone
from organisations.roles import Right
from organisations.services.unmask import reveal


def ask_and_show(request: ActorRequest, *, number: str, of: str, subject: tuple[str, int], back: str) -> HttpResponse:
    """The page for one masked number. The caller has looked the row up within the scope."""
    form = UnmaskForm(request.POST or None)
    shown = ""
    if request.method == "POST" and number and form.is_valid():
        shown = reveal(
            number=number, of=of, subject=subject, reason=form.cleaned_data["reason"], actor=request.actor, at=now()
        )
    context = {"form": form, "of": of, "masked": mask_phone(number), "shown": shown, "back": back}
    return render(request, "organisations/unmask.html", context)


@acting(Right.MANAGE_PEOPLE, scoped=True)
@never_cache
def person(request: ActorRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Person, pk=pk, district_id=request.actor.district_id)
    back = reverse("manage:person-edit", args=[found.pk])
    return ask_and_show(request, number=found.phone, of=found.name, subject=("person", found.pk), back=back)


@acting(Right.UNMASK, scoped=True)
@never_cache
def enterprise(request: ActorRequest, pk: int) -> HttpResponse:
    rows = Enterprise.objects.for_actor(request.actor).select_related("unit")
    found = get_object_or_404(rows, pk=pk)
    back = reverse("enterprises:detail", args=[found.pk])
    of = f"{found.unit.name}主要负责人{found.principal_name}"
    return ask_and_show(request, number=found.principal_phone, of=of, subject=("enterprise", found.pk), back=back)
