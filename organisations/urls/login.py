"""Coming in and going out. Without a namespace: Django, the frame and the middleware know these names."""

from django.urls import path

from organisations.views import absences, handing, my_logins, second_factor
from organisations.views import login as views

urlpatterns = [
    path("login/", views.login_view, name="login"),
    path("logout/", views.logout_view, name="logout"),
    path("choose-post/", views.choose_post, name="choose-post"),
    path("change-password/", views.change_password, name="change-password"),
    path("absences/", absences.absences, name="absences"),
    path("absences/<int:pk>/cancel/", absences.cancel, name="absence-cancel"),
    path("login/code/", second_factor.login_code, name="login-code"),
    path("login/enrol/", second_factor.login_enrol, name="login-enrol"),
    path("my/logins/", my_logins.my_logins, name="my-logins"),
    path("my/delegations/", handing.delegations, name="my-delegations"),
    path("my/delegations/new/", handing.delegation_new, name="my-delegation-new"),
    path("my/delegations/<int:pk>/decide/", handing.delegation_decide, name="my-delegation-decide"),
    path("my/delegations/<int:pk>/end/", handing.delegation_end, name="my-delegation-end"),
    path("handovers/<int:pk>/", handing.slip, name="handover-slip"),
    path("my/tokens/new/", my_logins.token_new, name="my-token-new"),
    path("my/tokens/<int:pk>/revoke/", my_logins.token_revoke, name="my-token-revoke"),
]
