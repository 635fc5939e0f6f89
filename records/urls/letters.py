from django.urls import path

from records.views import letter_draft, letter_print, letter_register, letters

app_name = "letters"
urlpatterns = [
    path("", letters.index, name="list"),
    path("new/", letter_draft.new, name="new"),
    path("register/", letter_register.book, name="register"),
    path("register/export/", letter_register.book_export, name="register-export"),
    path("print/", letter_print.choose, name="print"),
    path("print/file/", letter_print.stacked, name="stacked"),
    path("series/<str:kind>/", letter_register.series, name="series"),
    path("case/<int:pk>/", letters.of_case, name="case"),
    path("<int:pk>/", letters.detail, name="detail"),
    path("<int:pk>/edit/", letter_draft.edit, name="edit"),
    path("<int:pk>/do/<str:action>/", letters.act, name="act"),
    path("<int:pk>/pdf/", letters.pdf, name="pdf"),
    path("<int:pk>/scan/", letters.scan, name="scan"),
]
