"""The parts of the run. Each takes the running servers and returns its faults and its figures."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg2

from tests.torture import check, crowd, town
from tests.torture.oracle import AT_FIRST, CST, Almanac, Clock, days, ledger
from tests.torture.servers import Killer, Servers
from tests.torture.town import build_town
from tests.torture.year import Year

Part = Callable[..., tuple[Counter[str], dict[str, Any]]]


def year(servers: Servers, folder: Path, *, seed: int, size: dict[str, Any], is_long: bool) -> Any:
    casts = build_town()
    told = Year(
        servers,
        folder / "clock",
        casts,
        seed=seed,
        **{key: size[key] for key in ("risks", "swept", "until")},
    )
    servers.start_workers()
    killer = Killer(servers, seed=seed, every=size["every"], is_well=swept_lately(servers))
    killer.start()
    try:
        told.run(edits=calendar_edits(), rests=[date(2026, 3, 12), date(2026, 9, 24)])
    finally:
        killer.stop()
    told.settle()
    expected = ledger(told.acts, told.edits)
    faults, words, known = check.compare_deadlines(servers.database, expected)
    notices = check.compare_notices(
        servers.database, expected, known, sweeps=told.swept, edits=told.edits, people=people_of(told)
    )
    outbox = check.check_outbox(servers.database)
    for found, said in (
        check.compare_next_due(servers.database, expected),
        notices[:2],
        outbox[:2],
        check.check_filings(servers.database, {q: d for q, d in QUARTERS.items() if d <= size["until"]}),
        check.check_chain(),
    ):
        faults += found
        words += said
    for line in words[:20]:
        print(f"  ! {line}", flush=True)
    return faults, {
        "risks": size["risks"],
        "acts": len(told.acts),
        "clocks": sum(map(len, expected.values())),
        "notices": notices[2],
        "messages": outbox[2],
        "calendar_edits": len(told.edits),
        "sure_sweeps": len(told.swept),
        "kills": dict(killer.count) | {"sweep": told.sweeps_killed},
        "ended_by_themselves": dict(servers.ended),
        "retried": told.retried,
    }


def calendar_edits() -> dict[datetime, tuple[Callable[[datetime], object], Almanac]]:
    """Two days off in June that nobody foresaw, and the arrangement of 2027 in November; both invented."""
    june = datetime(2026, 6, 10, 18, 30, tzinfo=CST)
    november = datetime(2026, 11, 12, 18, 30, tzinfo=CST)
    flooded = AT_FIRST.edited({date(2026, 6, 24): False, date(2026, 6, 25): False})
    announced = Almanac(
        off=frozenset(d for d in flooded.off if d.year != 2027) | frozenset(days(2027, OFF_2027)),
        made_up=flooded.made_up | frozenset(days(2027, MADE_UP_2027)),
        open_years=flooded.open_years - {2027},
    )
    return {june: (town.days_off_in_june, flooded), november: (town.year_2027, announced)}


OFF_2027 = "01-01..01-03 02-05..02-11 04-03..04-05 05-01..05-05 06-09 09-15 10-01..10-07"
MADE_UP_2027 = "01-09 02-20 05-08 09-26"
# When the committee's quarterly report is due: the tenth after the quarter, a day off gives way (10 October is made up).
QUARTERS = {
    "2026-Q1": date(2026, 4, 10),
    "2026-Q2": date(2026, 7, 10),
    "2026-Q3": date(2026, 10, 10),
    "2026-Q4": date(2027, 1, 11),
}


def people_of(told: Year) -> Callable[[Clock, bool], set[int]]:
    """Who hears of a clock: its owner's people; where it goes up, the bureau's, and the committee's for the bureau's own."""
    some = next(iter(told.casts))
    bureau = {actor.post.person_id for actor in (some.handler, some.colleague, some.head, some.chief)}

    def people(clock: Clock, goes_up: bool) -> set[int]:
        if clock.rule.is_own:
            return town.committee() if goes_up else bureau
        cast = told.cast_of[clock.case]
        return bureau if goes_up else {cast.reporter.post.person_id, cast.principal.post.person_id}

    return people


def swept_lately(servers: Servers) -> Callable[[], bool]:
    """Whether a sweep by the worker ended since this was last asked."""
    last: list[Any] = [None]

    def ask() -> bool:
        try:
            found = check.rows(servers.database, "SELECT max(succeeded_at) FROM audit_heartbeat WHERE name = 'sweep'")
        except psycopg2.OperationalError:
            return False
        fresh = found[0][0] != last[0]
        last[0] = found[0][0]
        return fresh

    return ask


def decisions(servers: Servers, folder: Path, *, seed: int, size: dict[str, Any], is_long: bool) -> Any:
    return crowd.decisions(servers, folder, build_town(), decisions=size["decisions"])


def letters(servers: Servers, folder: Path, *, seed: int, size: dict[str, Any], is_long: bool) -> Any:
    return crowd.letters(servers, folder, build_town(), letters=size["letters"], seed=seed)


PARTS: dict[str, Part] = {"year": year, "decisions": decisions, "letters": letters}
