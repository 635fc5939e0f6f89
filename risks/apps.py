from django.apps import AppConfig


class RisksConfig(AppConfig):
    name = "risks"
    verbose_name = "风险查找、研判、防范"

    def ready(self) -> None:
        from organisations.services.changes import on_move
        from organisations.services.handing_over import on_handover
        from records.kinds import on_letter_event
        from risks import batches, deadline_rules, kind  # noqa: F401  declares events, rules, the kind, what is done in batches
        from risks.services.handing_over import verifications_to_sign
        from risks.services.handover import follow_recall
        from risks.services.standing import regrade_after_move

        on_letter_event(follow_recall)
        on_move(regrade_after_move)
        on_handover(verifications_to_sign)
