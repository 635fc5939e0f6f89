from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = "存档备查"

    def ready(self) -> None:
        from organisations.services.handing_over import on_handover
        from records import events  # noqa: F401  declares the event names
        from records.services.handing_over import letters_to_check, move_letters

        on_handover(letters_to_check, move_letters)
