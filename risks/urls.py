"""Addresses of the risk register and of its cases."""

from django.urls import path

from risks.views import case, paper, register, registration, retroactive

app_name = "risks"
urlpatterns = [
    path("", register.register, name="register"),
    path("export/", register.export, name="export"),
    path("new/", registration.new, name="new"),
    path("unit-options/", registration.unit_options, name="unit-options"),
    path("retroactive/", retroactive.index, name="retroactive"),
    path("retroactive/new/", retroactive.new, name="retroactive-new"),
    path("retroactive/import/", retroactive.import_file, name="retroactive-import"),
    path("retroactive/template/", retroactive.template, name="retroactive-template"),
    path("retroactive/<int:pk>/", retroactive.entry, name="retroactive-entry"),
    path("retroactive/<int:pk>/submit/", retroactive.hand_in, name="retroactive-submit"),
    path("retroactive/<int:pk>/compare/", retroactive.compare, name="retroactive-compare"),
    path("retroactive/scans/<int:pk>/", retroactive.scan, name="retroactive-scan"),
    path("paper/<int:pk>/", paper.check, name="paper-check"),
    path("<int:pk>/", case.case, name="case"),
    path("<int:pk>/edit/", registration.edit, name="edit"),
    path("<int:pk>/phone/", case.phone, name="phone"),
    path("<int:pk>/<slug:action>/", case.act, name="act"),
]
