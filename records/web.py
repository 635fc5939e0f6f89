"""How a form of the portal is sent: it acts once, and whatever refuses it is said at the place of the mistake."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from organisations.access import row_id
from organisations.actors import Actor
from records.services import forms as sent_forms

_ALREADY_SENT = "这份表单已经提交过，没有重复办理"


def new_form_key() -> str:
    return str(uuid4())


def version_of(request: HttpRequest) -> int | None:
    """The case version that the form was opened on."""
    return row_id(request.POST.get("version", ""))


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
        messages.info(request, _ALREADY_SENT)
        return HttpResponseRedirect(earlier)
    if not form.is_valid():
        return None
    try:
        with transaction.atomic():
            url = act()
            if key:
                sent_forms.claim(key, actor=actor, result_url=url, at=at)
    except refusals as refusal:
        # A double click: the other sending acted while this one waited for the case, and is no other person.
        if key and (earlier := sent_forms.earlier_result(key, actor=actor)):
            messages.info(request, _ALREADY_SENT)
            return HttpResponseRedirect(earlier)
        field = getattr(refusal, "field", "") or None
        form.add_error(field if field in form.fields else None, str(refusal))
        return None
    except IntegrityError:
        earlier = sent_forms.earlier_result(key, actor=actor) if key else ""
        if not earlier and key and sent_forms.is_taken(key):
            form.add_error(None, "这份表单已由另一个账号提交过，请重新打开页面填写")
            return None
        if not earlier:
            raise
        messages.info(request, _ALREADY_SENT)
        return HttpResponseRedirect(earlier)
    messages.success(request, done)
    return HttpResponseRedirect(url)


def _key(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return None
