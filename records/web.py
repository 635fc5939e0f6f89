"""How a form of the portal is sent: it acts once, and whatever refuses it is said at the place of the mistake."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from organisations.actors import Actor
from records.services import forms as sent_forms


def new_form_key() -> str:
    return str(uuid4())


def version_of(request: HttpRequest) -> int | None:
    """The case version that the form was opened on."""
    raw = request.POST.get("version", "")
    return int(raw) if raw.isdigit() else None


def submit(
    request: HttpRequest,
    form: forms.BaseForm,
    act: Callable[[], str],
    *,
    actor: Actor,
    at: datetime,
    refusals: tuple[type[Exception], ...],
    done: str,
) -> HttpResponse | None:
    """Run `act` (ONE service call, returning where to go) in a transaction with the form's key; None: show the form again.

    Exceptions of `refusals` become errors at `exception.field` when the form has it, else above the form.
    """
    key = _key(request)
    if key and (earlier := sent_forms.earlier_result(key, actor=actor)):
        messages.info(request, "这份表单已经提交过，没有重复办理")
        return HttpResponseRedirect(earlier)
    if not form.is_valid():
        return None
    try:
        with transaction.atomic():
            url = act()
            if key:
                sent_forms.claim(key, actor=actor, result_url=url, at=at)
    except refusals as refusal:
        field = getattr(refusal, "field", "") or None
        form.add_error(field if field in form.fields else None, str(refusal))
        return None
    except IntegrityError:
        earlier = sent_forms.earlier_result(key, actor=actor) if key else ""
        if not earlier:
            raise
        messages.info(request, "这份表单已经提交过，没有重复办理")
        return HttpResponseRedirect(earlier)
    messages.success(request, done)
    return HttpResponseRedirect(url)


def _key(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return None
