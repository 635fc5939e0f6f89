"""What was typed, as the forms of the steps read it; shared by the wizard and the import."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse

from organisations.actors import Actor
from organisations.models import Enterprise, Sector, Territory, Unit
from records.models import RetroactiveEntry
from risks.forms.retroactive import STEP_BY_NAME, STEPS, StepForm, out_of_order
from risks.services.retroactive import unit_of


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


def crumbs(last: str) -> list[dict[str, str]]:
    return [
        {"text": "风险台账", "url": reverse("risks:register")},
        {"text": "补录", "url": reverse("risks:retroactive")},
        {"text": last},
    ]


def unit_named(actor: Actor, words: str, *, today: date) -> Unit | None:
    found = Enterprise.objects.for_actor(actor).filter(Q(uscc=words.upper()) | Q(unit__name=words)).first()
    if found is not None:
        return found.unit
    others = Unit.objects.filter(district_id=actor.district_id).exclude(kind="enterprise")
    return others.filter(Q(name=words) | Q(short_name=words)).valid_on(today).first()
