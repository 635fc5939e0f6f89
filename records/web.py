"""How a form of the portal is sent: it acts once, and whatever refuses it is said at the place of the mistake."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from organisations.actors import Actor
from organisations.row_ids import row_id
from organisations.services import once

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

    `done` is said afterwards; "" where `act` says it itself. Exceptions of `refusals` become errors at `exception.field` when the form has it, else above the form.
    """
    key = _key(request)
    try:
        with transaction.atomic():
            # A double click waits here until the other sending has acted, and is led where that one went.
            sent = once.first_sending(account=actor.account, key=key, form=True) if key else None
            if sent is not None:
                messages.info(request, _ALREADY_SENT)
                return HttpResponseRedirect(sent.answer)
            if not form.is_valid():
                return None
            url = act()
            if key:
                once.keep_answer(account=actor.account, key=key, status=302, answer=url, at=at)
    except once.OtherRequest:
        form.add_error(None, "这份表单已由另一个账号提交过，请重新打开页面填写")
        return None
    except refusals as refusal:
        field = getattr(refusal, "field", "") or None
        form.add_error(field if field in form.fields else None, str(refusal))
        return None
    if done:
        messages.success(request, done)
    return HttpResponseRedirect(url)


def _key(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return None
