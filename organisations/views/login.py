"""Logging in, choosing the acting post, changing the password, going out."""

from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from audit.clock import local_date, now
from organisations import again
from organisations.access import public
from organisations.client import address_of, agent_of
from organisations.entering import after_password, is_ours
from organisations.forms.login import ChangePasswordForm, LoginForm
from organisations.middleware import SESSION_KEY
from organisations.models import Account, LoginSession, Post
from organisations.services import logins
from organisations.services.devices import begin_session
from organisations.services.passwords import is_over_age
from organisations.throttles import login_wait


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class PortalLoginView(LoginView):
    template_name = "registration/login.html"
    authentication_form = LoginForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if wait := login_wait(request):
            answer = render(request, "registration/too_often.html", {"wait": wait}, status=429)
            answer["Retry-After"] = str(wait)
            return answer
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        return after_password(self.request, form.get_user(), at=now(), following=self.get_redirect_url())

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        if form.cleaned_data.get("username") and form.cleaned_data.get("password"):
            logins.record_failure(
                username=form.cleaned_data["username"],
                at=now(),
                address=address_of(self.request),
                locked=bool(getattr(self.request, "axes_locked_out", False)),
            )
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if settings.DEMO:
            context |= {"demo_accounts": _demo_accounts(), "demo_password": settings.DEMO_PASSWORD}
        return context | {"kept": self.request.POST.get(again.FIELD, "")}


login_view = public(PortalLoginView.as_view())  # type: ignore[arg-type]


@public
@require_POST
def logout_view(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        LoginSession.objects.filter(session_key=request.session.session_key).delete()
        logins.record_logout(account=request.user, actor=getattr(request, "actor", None), at=now())
    logout(request)
    return redirect("login")


@public
@login_required
def choose_post(request: HttpRequest) -> HttpResponse:
    """The posts open today; POST takes one and goes on to where the person wanted to go."""
    account, at = _account(request), now()
    wanted = request.POST.get("next") or request.GET.get("next", "")
    following = wanted if is_ours(request, wanted) else ""
    posts = logins.open_posts(account, at=at)
    if request.method == "POST":
        post = next((p for p in posts if str(p.pk) == request.POST.get("post")), None)
        if post is not None:
            logins.choose_post(account=account, post=post, at=at)
            request.session[SESSION_KEY] = post.pk
            return redirect(following or settings.LOGIN_REDIRECT_URL)
        messages.error(request, "这个岗位已不在任期内，没有切换。")
    current = request.session.get(SESSION_KEY)
    rows = [
        {
            "id": post.pk,
            "unit": post.unit_label,
            "title": post.title,
            "current": post.pk == current,
            "note": f"至 {post.valid_to}" if post.valid_to else "",
        }
        for post in posts
    ]
    if not posts:
        messages.warning(request, _why_no_post(account, at=at))
    return render(request, "registration/choose_post.html", {"posts": rows, "next": following})


def _why_no_post(account: Account, *, at: datetime) -> str:
    last = Post.objects.filter(person_id=account.person_id).select_related("unit").order_by("-valid_to", "-pk").first()
    if last is None:
        return "这个账号还没有岗位，不能办理任何事项。请联系系统管理员任命岗位。"
    if last.valid_from > local_date(at):
        return f"{last}的任期自 {last.valid_from} 开始，现在还不能办理。"
    return f"{last}的任期已于 {last.valid_to} 结束，不能再办理。确需办理的，请联系系统管理员重新任命。"


@public
@login_required
@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponse:
    account = _account(request)
    form = ChangePasswordForm(request.POST or None, account=account)
    if request.method == "POST" and form.is_valid():
        logins.change_password(
            account=account, password=form.cleaned_data["new"], actor=getattr(request, "actor", None), at=now()
        )
        update_session_auth_hash(request, account)
        request.session.save()
        begin_session(
            account=account,
            session_key=str(request.session.session_key),
            address=address_of(request),
            agent=agent_of(request),
            at=now(),
        )
        messages.success(request, "密码已修改，其他设备上的登录和接口令牌已失效。")
        return redirect(settings.LOGIN_REDIRECT_URL)
    why = "" if not account.must_change_password else _why_change(account, at=now())
    return render(request, "registration/change_password.html", {"form": form, "why": why})


def _why_change(account: Account, *, at: datetime) -> str:
    if is_over_age(account, at=at):
        return f"现在的密码已用满 {settings.PASSWORD_MAX_AGE_DAYS} 天，按规定须修改，修改后才能办理。"
    return "现在用的是首次密码，修改后才能办理。"


def _account(request: HttpRequest) -> Account:
    """Behind `login_required` there is one."""
    return cast(Account, request.user)


def _demo_accounts() -> list[dict[str, str]]:
    """Every account of the demo district, with the hat it wears first."""
    accounts = Account.objects.filter(person__district__is_demo=True, is_active=True).order_by("pk")
    rows = []
    for account in accounts.prefetch_related("person__posts__unit")[:40]:
        posts = [f"{post.unit_label} {post.title}" for post in account.person.posts.all()]
        rows.append({"username": account.username, "who": "、".join(posts) or account.person.name})
    return rows
