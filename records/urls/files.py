from django.urls import path

from records.views.files import download

urlpatterns = [path("<int:pk>/", download, name="file")]
