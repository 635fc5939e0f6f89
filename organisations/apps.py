from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    name = "organisations"
    verbose_name = "单位与人员"

    def ready(self) -> None:
        from organisations import events  # noqa: F401  declares the event names
