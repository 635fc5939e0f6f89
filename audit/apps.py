from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "留痕"

    def ready(self) -> None:
        from audit import events  # noqa: F401 - its names are declared
        from audit.guards import expect_follow_up, expect_guard

        expect_guard("audit_auditevent")
        expect_guard("audit_auditlink")
        expect_guard("audit_auditpersonal", rows="personal_values_are_only_erased")
        expect_follow_up("audit_auditevent", "audit_auditevent_queue", "events_are_queued")
        expect_follow_up("audit_auditevent", "audit_auditevent_numbers", "numbers_follow")
