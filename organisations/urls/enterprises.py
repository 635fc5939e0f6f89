from django.urls import path

from organisations.views import enterprise_changes, enterprise_import, enterprises, unmask

app_name = "enterprises"
urlpatterns = [
    path("", enterprises.enterprise_list, name="list"),
    path("mine/", enterprises.mine, name="mine"),
    path("new/", enterprises.new, name="new"),
    path("export/", enterprises.export, name="export"),
    path("import/", enterprise_import.import_file, name="import"),
    path("import/template/", enterprise_import.import_template, name="import-template"),
    path("undetermined/", enterprises.undetermined_list, name="undetermined"),
    path("<int:pk>/", enterprises.detail, name="detail"),
    path("<int:pk>/phone/", unmask.enterprise, name="phone"),
    path("<int:pk>/edit/", enterprises.edit, name="edit"),
    path("<int:pk>/change/", enterprise_changes.change, name="change"),
    path("<int:pk>/propose-enforcer/", enterprise_changes.propose_department, name="propose-enforcer"),
    path("changes/<int:pk>/decide/", enterprise_changes.decide, name="decide-change"),
    path("enforcer-proposals/<int:pk>/decide/", enterprise_changes.decide_department, name="decide-enforcer"),
]
