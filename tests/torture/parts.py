"""The parts of the run. Each takes the running servers and returns its faults and its figures."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg2

from tests.torture import check, crowd
from tests.torture.oracle import ledger
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
        told.run(edits={}, rests=[date(2026, 3, 12), date(2026, 9, 24)])
    finally:
        killer.stop()
    expected = ledger(told.acts, told.edits)
    faults, words, _known = check.compare_deadlines(servers.database, expected)
    more, further = check.compare_next_due(servers.database, expected)
    faults += more
    for line in [*words, *further][:20]:
        print(f"  ! {line}", flush=True)
    return faults, {
        "risks": size["risks"],
        "acts": len(told.acts),
        "clocks": sum(map(len, expected.values())),
        "sure_sweeps": len(told.swept),
        "kills": dict(killer.count),
        "retried": told.retried,
    }


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
