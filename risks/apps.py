from django.apps import AppConfig


class RisksConfig(AppConfig):
    name = "risks"
    verbose_name = "风险查找、研判、防范"

    def ready(self) -> None:
        from organisations.services.changes import on_move
        from organisations.services.handing_over import on_handover
        from records.kinds import on_enterprise_dossier, on_letter_event
        from risks import (  # noqa: F401  declare events, rules, the kind of case, what is done in batches
            batches,
            deadline_rules,
            enterprise_dossier,
            kind,
        )
        from risks.services.handing_over import verifications_to_sign
        from risks.services.handover import follow_recall
        from risks.services.standing import regrade_after_move

        on_letter_event(follow_recall)
        on_enterprise_dossier(enterprise_dossier.sections)
        on_move(regrade_after_move)
        on_handover(verifications_to_sign)
