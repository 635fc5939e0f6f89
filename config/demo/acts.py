"""One act of a story, done through the same service that the pages call."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from audit.clock import local_date
from config.demo.cast import Cast, Side
from config.demo.sorts import SORTS, Sort, lec
from config.demo.stories import Story
from deadlines.calendar import WorkCalendar
from organisations.models import Sector, Territory, Unit
from risks.letters import handover_requirements
from risks.models import RiskPoint
from risks.services import closure, exits, grading, handover, register, treatment

LATE = "同期事项集中，现场人手不足"  # kept only where a regulator's own term was met late


@dataclass
class Telling:
    """A story being told. `risk` is there from its first act on."""

    story: Story
    unit: Unit
    sector: Sector
    township: Territory
    township_unit: Unit
    position: tuple[str, str]
    cast: Cast
    calendar: WorkCalendar
    others: dict[tuple[int, str], RiskPoint] = field(default_factory=dict)
    risk: RiskPoint | None = None

    @property
    def sort(self) -> Sort:
        return SORTS[self.story.sort]

    @property
    def title(self) -> str:
        return self.story.title or self.sort.title

    @property
    def known(self) -> RiskPoint:
        assert self.risk is not None, "a course begins with register"
        return self.risk

    @property
    def own(self) -> Side:
        return self.cast.side_of(self.unit)

    @property
    def lead(self) -> Side:
        return self.cast.side_of(self.known.case.lead_unit)


def _register(t: Telling, at: datetime, detail: str) -> None:
    sort, clerk = t.sort, t.own.clerk
    t.risk = register.register_risk(
        title=t.title,
        responsible_unit=t.unit,
        sector=t.sector,
        township=t.township,
        details={
            "category": sort.category,
            "location": t.story.place,
            "longitude": Decimal(t.position[0]),
            "latitude": Decimal(t.position[1]),
            "hazard_factors": sort.hazards,
            "accident_types": sort.accidents,
            "monitoring": sort.monitoring,
            "control_level": sort.control_level,
            "check_frequency": sort.check_frequency,
            "responsible_person": t.own.principal.person.name,
            "responsible_phone": t.own.principal.person.phone,
            "headcount": sort.headcount,
            "source": "日常查找",
        },
        measures={"engineering": sort.engineering, "management": sort.management, "emergency": sort.emergency},
        actor=clerk,
        at=at,
    )
    t.others[(t.unit.pk, t.title)] = t.risk


def _self(t: Telling, at: datetime, detail: str) -> None:
    grading.self_grade(risk=t.known, method=t.sort.method, inputs=t.sort.inputs, actor=t.own.clerk, at=at)


def _conclude(t: Telling, at: datetime, detail: str) -> None:
    side = t.lead
    grading.conclude(
        risk=t.known,
        method=t.sort.method,
        inputs=t.sort.inputs,
        participants=f"{side.clerk.person.name}、{side.colleague.person.name}",
        reason=f"{t.sort.hazards}，按现状研判。",
        hand=t.cast.hand,
        actor=side.clerk,
        at=at,
        late_reason=LATE,
    )


def _draft(t: Telling, at: datetime, detail: str) -> None:
    handover.draft_handover(
        risk=t.known,
        copies_to="" if t.unit == t.township_unit else str(t.township_unit.name),
        requirements=handover_requirements(t.known),
        due_on=t.calendar.working_days_after(local_date(at), int(detail)),
        actor=t.lead.clerk,
        at=at,
        checker=t.lead.colleague.post,
    )


def _check(t: Telling, at: datetime, detail: str) -> None:
    handover.check_handover(risk=t.known, actor=t.lead.colleague, at=at)


def _issue(t: Telling, at: datetime, detail: str) -> None:
    handover.issue_handover(risk=t.known, actor=t.lead.colleague, at=at, late_reason=LATE)


def _receive(t: Telling, at: datetime, detail: str) -> None:
    handover.receive_handover(risk=t.known, hand=t.cast.hand, actor=t.own.clerk, at=at)


def _plan(t: Telling, at: datetime, detail: str) -> None:
    letter_due = t.known.case.letters.order_by("-id").values_list("due_on", flat=True)[0]  # type: ignore[attr-defined]
    treatment.file_plan(
        risk=t.known,
        goal="降至一般风险或低风险",
        steps=f"一、{t.sort.engineering}。\n二、{t.sort.management}。\n三、{t.sort.emergency}。",
        responsible=t.own.principal.person.name,
        funds=Decimal(6 + len(t.sort.engineering)),
        finish_on=letter_due,
        interim=f"{t.sort.monitoring}；不能保证安全的停止作业。",
        actor=t.own.clerk,
        at=at,
    )


def _progress(t: Telling, at: datetime, detail: str) -> None:
    percent = int(detail)
    done = "已完成" if percent == 100 else "正在推进" if percent >= 50 else "已启动"
    treatment.report_progress(
        risk=t.known,
        text=f"{t.sort.engineering}，{done}；监控措施正常，无异常情况。",
        percent=percent,
        spent=Decimal(percent * (6 + len(t.sort.engineering))) / 100,
        actor=t.own.clerk,
        at=at,
    )


def _apply(t: Telling, at: datetime, detail: str) -> None:
    closure.apply_close_out(
        risk=t.known,
        statement=f"{t.sort.engineering}，已全部完成；{t.sort.management}已落实。申请核查销号。",
        method="lec",
        inputs=lec(t.sort.lowered),
        hand=t.cast.hand,
        actor=t.own.principal,
        at=at,
    )


def _ask(t: Telling, at: datetime, detail: str) -> None:
    note = "请补充检测报告和治理完成后的现场照片。"
    closure.ask_correction(risk=t.known, note=note, actor=t.lead.clerk, at=at)


def _supply(t: Telling, at: datetime, detail: str) -> None:
    statement = "已补充检测合格报告和现场照片，治理措施全部落实。"
    closure.supply_correction(risk=t.known, statement=statement, hand=t.cast.hand, actor=t.own.principal, at=at)


def _verify(t: Telling, at: datetime, detail: str) -> None:
    closure.verify(
        risk=t.known,
        visited_on=local_date(at),
        findings=f"现场查看{t.story.place}：{t.sort.engineering}已完成，{t.sort.management}已落实，与申请一致。",
        passed=True,
        colleagues=[t.lead.colleague.person],
        hand=t.cast.hand,
        method="lec",
        inputs=lec(t.sort.lowered),
        actor=t.lead.clerk,
        at=at,
    )


def _reject(t: Telling, at: datetime, detail: str) -> None:
    closure.verify(
        risk=t.known,
        visited_on=local_date(at),
        findings=f"现场查看{t.story.place}：{t.sort.engineering}尚未全部完成。",
        passed=False,
        colleagues=[t.lead.colleague.person],
        hand=t.cast.hand,
        reasons="工程措施未完成，管理台账不全；完成后重新申请。",
        new_due_on=t.calendar.working_days_after(local_date(at), 40),
        actor=t.lead.clerk,
        at=at,
    )


def _countersign(t: Telling, at: datetime, detail: str) -> None:
    closure.countersign(risk=t.known, hand=t.cast.hand, actor=t.lead.colleague, at=at, late_reason=LATE)


_EXIT_REASONS = {
    "long_term": "受地质和工艺条件限制，短期内不能降到一般风险，措施落实后纳入长期管控。",
    "ceased": "企业已停产，设备拆除、采坑封闭，风险不再存在。",
    "merged": "与同一部位已登记的风险点重复。",
}


def _exit(t: Telling, at: datetime, detail: str) -> None:
    names = {}
    if detail == "long_term":
        names = {
            "enterprise_controller": t.own.principal.person.name,
            "township_controller": t.cast.side_of(t.township_unit).principal.person.name,
            "department_controller": t.lead.colleague.person.name,
        }
    exits.propose_exit(
        risk=t.known,
        kind=detail,
        reason=_EXIT_REASONS[detail],
        merged_into=t.others[(t.unit.pk, t.story.merged_into)] if t.story.merged_into else None,
        actor=t.lead.clerk,
        at=at,
        **names,
    )


def _decide(t: Telling, at: datetime, detail: str) -> None:
    exits.decide_exit(
        risk=t.known,
        approve=True,
        note="同意",
        hand=t.cast.hand,
        actor=t.lead.principal,
        at=at,
        late_reason="等待关停手续办结，逾期未交办",
    )


def _watch(t: Telling, at: datetime, detail: str) -> None:
    text = f"{t.sort.monitoring}运行正常，管控责任人到岗，措施有效。"
    exits.check_long_term(risk=t.known, text=text, is_controlled=True, actor=t.own.clerk, at=at)


ACTS: dict[str, Callable[[Telling, datetime, str], None]] = {
    "register": _register,
    "self": _self,
    "conclude": _conclude,
    "draft": _draft,
    "check": _check,
    "issue": _issue,
    "receive": _receive,
    "plan": _plan,
    "progress": _progress,
    "apply": _apply,
    "ask": _ask,
    "supply": _supply,
    "verify": _verify,
    "reject": _reject,
    "countersign": _countersign,
    "exit": _exit,
    "decide": _decide,
    "watch": _watch,
}
