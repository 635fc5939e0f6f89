from django.apps import AppConfig


class DeadlinesConfig(AppConfig):
    name = "deadlines"
    verbose_name = "时限引擎"

    def ready(self) -> None:
        from deadlines import events  # noqa: F401  declares the event names
