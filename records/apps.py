from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = "存档备查"

    def ready(self) -> None:
        from audit.guards import expect_guard
        from audit.verification import also_check
        from records import events  # noqa: F401  declares the event names
        from records.services.evidence import check_evidence

        expect_guard("records_signature")
        also_check(check_evidence)
