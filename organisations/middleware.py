"""Puts the acting post on the request: `request.actor`, or None while nobody is logged in or no post is chosen."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from audit.clock import local_date, now
from organisations.actors import Actor
from organisations.models import Post

SESSION_KEY = "acting_post"


def actor_for(request: HttpRequest) -> Actor | None:
    if not request.user.is_authenticated:
        return None
    post_id = request.session.get(SESSION_KEY)
    if post_id is None:
        return None
    post = (
        Post.objects.select_related("person", "unit__district", "unit__territory")
        .filter(pk=post_id, person=request.user.person_id)
        .first()
    )
    if post is None or not post.is_open_on(local_date(now())):
        return None
    return Actor(account=request.user, post=post)


class ActingPostMiddleware:
    """A logged-in person without a chosen (still valid) post is led to the choice first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.actor = actor_for(request)  # type: ignore[attr-defined]
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            # Office computers are shared: nothing of a logged-in page stays behind.
            response["Cache-Control"] = "private, no-store"
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        match = request.resolver_match
        if not request.user.is_authenticated or match is None:
            return None
        name = match.view_name or ""
        if name.startswith("api:") or name in {
            "login",
            "logout",
            "choose-post",
            "change-password",
            "healthz",
            "readyz",
            "statusz",
        }:
            return None
        if request.user.must_change_password:
            return redirect("change-password")
        if request.actor is None:  # type: ignore[attr-defined]
            return redirect(f"{reverse('choose-post')}?{urlencode({'next': request.get_full_path()})}")
        return None
