from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = "存档备查"

    def ready(self) -> None:
        from audit.guards import expect_guard
        from audit.verification import also_check
        from organisations.services.handing_over import on_handover
        from records import events, own_case  # noqa: F401  declares the event names and the case of a letter
        from records.services.evidence import check_evidence
        from records.services.handing_over import letters_to_check, move_letters

        expect_guard("records_signature")
        also_check(check_evidence)
        on_handover(letters_to_check, move_letters)
