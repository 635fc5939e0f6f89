from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = "存档备查"

    def ready(self) -> None:
        from records import events  # noqa: F401  declares the event names
