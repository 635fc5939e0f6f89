from django.apps import AppConfig


class DeadlinesConfig(AppConfig):
    name = "deadlines"
    verbose_name = "时限引擎"

    def ready(self) -> None:
        from deadlines import deadline_rules, events, filing_kind  # noqa: F401  declare rules, event names, the kind
        from deadlines.services.succession import follow_enterprise, follow_unit
        from organisations.services.changes import on_move
        from organisations.services.units import on_succession

        on_move(follow_enterprise)
        on_succession(follow_unit)
