"""Coming in and going out. Without a namespace: Django, the frame and the middleware know these names."""

from django.urls import path

from organisations.views import login as views
from organisations.views import my_logins, second_factor

urlpatterns = [
    path("login/", views.login_view, name="login"),
    path("logout/", views.logout_view, name="logout"),
    path("choose-post/", views.choose_post, name="choose-post"),
    path("change-password/", views.change_password, name="change-password"),
    path("login/code/", second_factor.login_code, name="login-code"),
    path("login/enrol/", second_factor.login_enrol, name="login-enrol"),
    path("my/logins/", my_logins.my_logins, name="my-logins"),
    path("my/tokens/new/", my_logins.token_new, name="my-token-new"),
    path("my/tokens/<int:pk>/revoke/", my_logins.token_revoke, name="my-token-revoke"),
]
