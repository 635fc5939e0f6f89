from django.urls import path

from records.views import dossiers

app_name = "dossiers"
urlpatterns = [
    path("", dossiers.index, name="list"),
    path("of/<int:pk>/", dossiers.of_case, name="of-case"),
    path("of-enterprise/<int:pk>/", dossiers.of_enterprise, name="of-enterprise"),
    path("<int:pk>/", dossiers.detail, name="detail"),
    path("<int:pk>/file/", dossiers.file, name="file"),
]
