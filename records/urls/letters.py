from django.urls import path

from records.views import letters

app_name = "letters"
urlpatterns = [
    path("", letters.index, name="list"),
    path("<int:pk>/", letters.detail, name="detail"),
    path("<int:pk>/pdf/", letters.pdf, name="pdf"),
    path("<int:pk>/scan/", letters.scan, name="scan"),
]
