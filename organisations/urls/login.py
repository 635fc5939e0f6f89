"""Coming in and going out. Without a namespace: Django, the frame and the middleware know these names."""

from django.urls import path

from organisations.views import absences
from organisations.views import login as views

urlpatterns = [
    path("login/", views.login_view, name="login"),
    path("logout/", views.logout_view, name="logout"),
    path("choose-post/", views.choose_post, name="choose-post"),
    path("change-password/", views.change_password, name="change-password"),
    path("absences/", absences.absences, name="absences"),
    path("absences/<int:pk>/cancel/", absences.cancel, name="absence-cancel"),
]
