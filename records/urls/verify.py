from django.urls import path

from records.views import verify

urlpatterns = [
    path("", verify.ask, name="verify-ask"),
    path("<str:code>/", verify.show, name="verify"),
]
