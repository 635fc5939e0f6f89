"""Addresses of the risk register and of its cases."""

from django.urls import path

from risks.views import case, paper, register, registration

app_name = "risks"
urlpatterns = [
    path("", register.register, name="register"),
    path("export/", register.export, name="export"),
    path("new/", registration.new, name="new"),
    path("unit-options/", registration.unit_options, name="unit-options"),
    path("paper/<int:pk>/", paper.check, name="paper-check"),
    path("<int:pk>/", case.case, name="case"),
    path("<int:pk>/edit/", registration.edit, name="edit"),
    path("<int:pk>/<slug:action>/", case.act, name="act"),
]
