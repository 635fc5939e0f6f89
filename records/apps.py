from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = "存档备查"

    def ready(self) -> None:
        from records import events, own_case  # noqa: F401  declares the event names and the case of a letter
