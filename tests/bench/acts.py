"""What an act costs: its statements, its evidence, its letter."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from django.db import connections

from tests.bench.measure import Report, seconds, statements
from tests.risks.builders import HAND, Scene, registered, risk_in

CLIENTS, SPAN = 16, 6.0
TOKEN = type(HAND)(strokes=HAND.strokes, by_token=True)


def statements_of_acts(report: Report) -> None:
    """Creating a case and each kind of transition, in statements."""
    cast = registered().cast  # fills what the process keeps

    def count(what: str, work: Callable[[], object]) -> None:
        report.number(f"{what}，语句数", len(statements(work)), at_most=15)

    count("登记一个风险点", lambda: registered(cast=cast))
    scene = registered(cast=cast)
    count("签署研判结论（起算交办时限）", lambda: scene.conclude(hand=TOKEN))
    count("拟交办函并提交核稿", scene.draft)
    count("核稿", scene.check)
    count("签发并送达（办结交办，起算签收、治理）", scene.issue)
    count("签收", lambda: scene.receive(hand=TOKEN))
    count("报送治理进展", scene.progress)
    count("申请销号（办结治理、起算核查）", lambda: scene.apply(hand=TOKEN))
    count("填核查结论", lambda: scene.verify(hand=TOKEN))
    count("末位会签，销号", lambda: scene.countersign(hand=TOKEN))
    failing = risk_in("applied", cast=cast)
    failing.verify(passed=False)
    count("末位会签，继续治理", lambda: failing.countersign(hand=TOKEN))
    failing.propose()
    count("批准长期管控（取消、起算时限）", lambda: failing.decide_exit(hand=TOKEN))


def throughput(report: Report) -> None:
    """Sixteen clients report progress for some seconds: with the evidence, and with nothing of it written."""
    scenes = [risk_in("treating") for _ in range(CLIENTS)]
    alone = [_rate(scenes, evidence=evidence) for evidence in (True, False, True, False)]
    ours, bare = (alone[0] + alone[2]) / 2, (alone[1] + alone[3]) / 2
    report.at_least(
        f"{CLIENTS} 个客户端办理，比不写审计", ours / bare, least=0.7, detail=f"（{ours:.0f} 比 {bare:.0f} 次/秒）"
    )


def _rate(scenes: list[Scene], *, evidence: bool) -> float:
    connections.close_all()
    readers = []
    for scene in scenes:
        reader, writer = os.pipe()
        if os.fork() == 0:
            count = 0
            try:
                connections["default"].connection = None
                if not evidence:
                    _write_no_evidence()
                scene.progress()
                until = time.monotonic() + SPAN
                while time.monotonic() < until:
                    scene.progress()
                    count += 1
            finally:
                os.write(writer, str(count).encode())
                os._exit(0)
        os.close(writer)
        readers.append(reader)
    total = 0
    for reader in readers:
        total += int(os.read(reader, 20) or 0)
        os.close(reader)
    for _ in scenes:
        os.wait()
    return total / SPAN


def _write_no_evidence() -> None:
    """In this child only: `record` returns an event that is nowhere, `record_many` does nothing."""
    from audit import bulk, services
    from audit.models import AuditEvent

    real, many = services.record, bulk.record_many

    def nothing(name: str, *, by: Any, at: Any, case_id: int | None = None, **more: Any) -> AuditEvent:
        return AuditEvent(pk=0, name=name, at=at, case_id=case_id, case_seq=1 if case_id else None, canonical="{}")

    for module in list(sys.modules.values()):
        if getattr(module, "record", None) is real:
            module.record = nothing  # type: ignore[attr-defined]
        if getattr(module, "record_many", None) is many:
            module.record_many = lambda *_, **__: None  # type: ignore[attr-defined]


def letters(report: Report) -> None:
    """Letters through the renderer against bare WeasyPrint on the same page and the same fonts."""
    from records.letters import render
    from records.letters.content import LetterContent
    from records.models import Letter

    scene = risk_in("handed_over")
    content = LetterContent.from_json(Letter.objects.get(pk=scene.letter().pk).content)
    pages: list[tuple[Any, Any]] = []
    real = render._laid_out

    def keep(*args: Any, **told: Any) -> Any:
        pages.append((args, told))
        return real(*args, **told)

    render._laid_out = keep  # the same HTML, style sheet and fonts that the renderer uses
    render.render_letter(content)
    render._laid_out = real
    args, told = pages[-1]
    bare = seconds(lambda: real(*args, **told).write_pdf(), times=9)
    ours = seconds(lambda: render.render_letter(content), times=9)
    report.ratio("生成一份函，比直接用 WeasyPrint", ours, bare, at_most=1.2)
    report.note("每秒文书", f"{1 / ours:.1f} 份，直接用 WeasyPrint {1 / bare:.1f} 份")
