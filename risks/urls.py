"""Addresses of the risk register and of its cases."""

from django.urls import path

from risks.views import case, importing, paper, register, registration
from risks.views.guides import coverage, entries, listing, page, registering
from risks.views.retroactive import importing as past_cases
from risks.views.retroactive import wizard

app_name = "risks"
urlpatterns = [
    path("", register.register, name="register"),
    path("export/", register.export, name="export"),
    path("new/", registration.new, name="new"),
    path("unit-options/", registration.unit_options, name="unit-options"),
    path("import/", importing.upload, name="import"),
    path("import/template/", importing.template, name="import-template"),
    path("import/<int:pk>/", importing.uploaded, name="import-upload"),
    path("retroactive/", wizard.index, name="retroactive"),
    path("retroactive/new/", wizard.new, name="retroactive-new"),
    path("retroactive/import/", past_cases.import_file, name="retroactive-import"),
    path("retroactive/template/", past_cases.template, name="retroactive-template"),
    path("retroactive/<int:pk>/", wizard.entry, name="retroactive-entry"),
    path("retroactive/<int:pk>/submit/", wizard.hand_in, name="retroactive-submit"),
    path("retroactive/<int:pk>/compare/", wizard.compare, name="retroactive-compare"),
    path("retroactive/scans/<int:pk>/", wizard.scan, name="retroactive-scan"),
    path("guides/", listing.index, name="guides"),
    path("guides/new/", listing.new, name="guide-new"),
    path("guides/template/", entries.template, name="guide-template"),
    path("guides/register/", registering.register, name="guide-register"),
    path("guides/coverage/", coverage.index, name="guide-coverage"),
    path("guides/coverage/enterprises/", coverage.enterprises, name="guide-enterprises"),
    path("guides/coverage/export/", coverage.export, name="guide-coverage-export"),
    path("guides/entries/<int:pk>/", entries.edit, name="guide-entry"),
    path("guides/entries/<int:pk>/remove/", entries.remove, name="guide-entry-remove"),
    path("guides/<int:pk>/", page.detail, name="guide"),
    path("guides/<int:pk>/entries/new/", entries.new, name="guide-entry-new"),
    path("guides/<int:pk>/import/", entries.import_file, name="guide-import"),
    path("guides/<int:pk>/export/", entries.export, name="guide-export"),
    path("guides/<int:pk>/<slug:action>/", page.act, name="guide-act"),
    path("paper/<int:pk>/", paper.check, name="paper-check"),
    path("<int:pk>/", case.case, name="case"),
    path("<int:pk>/edit/", registration.edit, name="edit"),
    path("<int:pk>/phone/", case.phone, name="phone"),
    path("<int:pk>/<slug:action>/", case.act, name="act"),
]
