from django.apps import AppConfig


class DeadlinesConfig(AppConfig):
    name = "deadlines"
    verbose_name = "时限引擎"

    def ready(self) -> None:
        from deadlines import events, letter_rules  # noqa: F401  declares the event names, and a rule
        from deadlines.services.succession import follow_enterprise, follow_unit
        from organisations.services.changes import on_move
        from organisations.services.units import on_succession
        from records.kinds import on_letter_event

        on_letter_event(letter_rules.follow)
        on_move(follow_enterprise)
        on_succession(follow_unit)
