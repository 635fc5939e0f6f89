from django.apps import AppConfig


class DeadlinesConfig(AppConfig):
    name = "deadlines"
    verbose_name = "时限引擎"

    def ready(self) -> None:
        from deadlines import (  # noqa: F401  declare rules, event names, the kind, what is done in batches
            deadline_rules,
            enterprise_dossier,
            events,
            filing_batches,
            filing_kind,
            letter_batches,
            letter_rules,
        )
        from deadlines.services.succession import follow_enterprise, follow_unit
        from organisations.services.changes import on_move
        from organisations.services.units import on_succession
        from records.kinds import on_enterprise_dossier, on_letter_event

        on_letter_event(letter_rules.follow)
        on_enterprise_dossier(enterprise_dossier.sections)
        on_move(follow_enterprise)
        on_succession(follow_unit)
