"""Many at once: a thousand decisions of which one in ten may win, a thousand letters whose numbers leave no gap."""

import os
import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError, connections

from deadlines.workflow import Refused
from records.letters.glyphs import missing_characters
from records.models import Letter
from risks.services import closure
from tests.risks.builders import Cast, Scene, registered
from tests.torture import check
from tests.torture.oracle import CST
from tests.torture.servers import Servers
from tests.torture.stories import TOKEN
from tests.torture.year import fork

START = datetime(2027, 3, 1, 9, tzinfo=CST)
CLIENTS = 16
CONTENDERS = 10


def _prepare(casts: list[Cast], count: int, acts: tuple[str, ...], *, prefix: str) -> list[Scene]:
    scenes = []
    for serial in range(count):
        at = START + timedelta(minutes=serial % 480)
        scene = registered(cast=casts[serial % len(casts)], at=at, title=f"{prefix}{serial:04d}")
        for act in acts:
            told: dict[str, Any] = {"hand": TOKEN} if act in {"conclude", "receive", "apply"} else {}
            getattr(scene, act)(**told)
        scenes.append(scene)
    return scenes


def decisions(servers: Servers, folder: Path, casts: list[Cast], *, decisions: int) -> tuple[Counter[str], Any]:
    """All contenders have seen the same version of the case and decide at once: one wins, the others are told."""
    (folder / "clock").write_text((START + timedelta(days=1)).isoformat())
    ways = ("conclude", "draft", "check", "issue", "receive", "apply")
    scenes = _prepare(casts, decisions // CONTENDERS, ways, prefix="争办")
    jobs = [(scene, number, scene.case.version) for scene in scenes for number in range(CONTENDERS)]
    random.Random(1).shuffle(jobs)
    at = START + timedelta(days=1)

    def decide(job: tuple[Scene, int, int]) -> tuple[int, str]:
        scene, number, version = job
        actor = (scene.cast.handler, scene.cast.colleague, scene.cast.head)[number % 3]
        try:
            closure.ask_correction(risk=scene.risk, note=f"第 {number} 人", actor=actor, at=at, version=version)
            return scene.pk, "won"
        except Refused:
            return scene.pk, "told"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CLIENTS) as pool:
        outcomes = Counter(pool.map(decide, jobs))
    faults: Counter[str] = Counter()
    for scene in scenes:
        won, told = outcomes[scene.pk, "won"], outcomes[scene.pk, "told"]
        events = "SELECT count(*) FROM audit_auditevent WHERE case_id = %s AND name = 'risks.correction_asked'"
        clocks = "SELECT count(*) FROM deadlines_deadline WHERE case_id = %s AND rule_key = 'risks.correction'"
        rows = [check.count(servers.database, sql, scene.pk) for sql in (events, clocks)]
        faults["lost"] += won < 1 or min(rows) < 1
        faults["doubled"] += won > 1 or max(rows) > 1
        faults["wrong"] += won + told != CONTENDERS
    return faults, {
        "decisions": len(jobs),
        "cases": len(scenes),
        "won": sum(n for (_, w), n in outcomes.items() if w == "won"),
    }


def letters(servers: Servers, folder: Path, casts: list[Cast], *, letters: int, seed: int) -> tuple[Counter[str], Any]:
    """Sixteen clients issue checked letters; clients and PostgreSQL are killed. Numbers: unique, and 1 to the last."""
    scenes = _prepare(casts, letters, ("conclude", "draft", "check"), prefix="发函")
    (folder / "clock").write_text((START + timedelta(days=1)).isoformat())
    mine = {number: scenes[number::CLIENTS] for number in range(CLIENTS)}
    rng, kills = random.Random(seed), Counter()
    missing_characters("文")  # reads the fonts once, for all the clients
    connections.close_all()
    running = {number: fork(lambda number=number: _issue_all(mine[number])) for number in mine}
    while running:
        time.sleep(rng.uniform(0.05, 0.4))
        luck = rng.random()
        if luck < 0.06:
            servers.kill("postgres")
            kills["postgres"] += 1
        elif luck < 0.5:
            number = rng.choice(sorted(running))
            os.kill(running[number], signal.SIGKILL)
            kills["client"] += 1
        for number, pid in list(running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del running[number]
                if status != 0:
                    running[number] = fork(lambda number=number: _issue_all(mine[number]))
    cases = [scene.pk for scene in scenes]
    found = check.rows(
        servers.database,
        "SELECT seq, number FROM records_letter WHERE case_id = ANY(%s) AND seq IS NOT NULL ORDER BY seq",
        cases,
    )
    first = min((row.seq for row in found), default=1)
    faults = Counter(
        {
            "lost": letters - len(found),
            "doubled": len(found) - len({row.number for row in found}),
            "wrong": sum(row.seq != first + place for place, row in enumerate(found)),
        }
    )
    return faults, {"letters": letters, "clients": CLIENTS, "kills": dict(kills)}


def _issue_all(scenes: list[Scene]) -> None:
    """Until all of mine are out; what was out already before a kill is not issued again."""
    waiting = [scene for scene in scenes if scene.letter().state == Letter.State.CHECKED]
    for scene in waiting:
        while scene.letter().state == Letter.State.CHECKED:
            try:
                scene.issue(at=START + timedelta(days=1))
            except (OperationalError, InterfaceError):
                connections.close_all()
                time.sleep(0.1)
