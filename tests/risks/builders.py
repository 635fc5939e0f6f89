"""Brings a risk point into any state by the services themselves, and names the people who take part."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from PIL import Image

from audit.clock import local_date
from audit.models import AuditEvent
from deadlines.models import Deadline
from organisations.actors import Actor
from organisations.models import Unit
from records.models import Case, Letter
from records.services.signing import Hand
from risks.models import RiskPoint, RiskState
from risks.services import closure, exits, grading, handover, register, treatment
from tests.factories import PASSWORD, STROKES, at, make_actor, make_enterprise, sector_of, unit_of

S = RiskState
HAND = Hand(strokes=STROKES, password=PASSWORD)
WEDNESDAY = at("2026-09-30 16:40")
LEC_RED = {"likelihood": "6", "exposure": "6", "consequence": "15"}  # 540
LEC_ORANGE = {"likelihood": "6", "exposure": "6", "consequence": "7"}  # 252
LEC_YELLOW = {"likelihood": "3", "exposure": "6", "consequence": "7"}  # 126
LEC_BLUE = {"likelihood": "1", "exposure": "6", "consequence": "3"}  # 18
DETAILS: Mapping[str, Any] = {
    "category": "facility",
    "location": "卸油区",
    "hazard_factors": "汽油泄漏，静电放电",
    "accident_types": "火灾，其他爆炸",
    "monitoring": "可燃气体报警器，每班巡检",
    "control_level": "company",
    "check_frequency": "day",
    "responsible_person": "陈国强",
    "responsible_phone": "13805520000",
}


@dataclass
class Cast:
    """Who acts on one risk. The bureau hands over and an enterprise answers, unless units are given."""

    responsible: Unit
    lead: Unit
    reporter: Actor
    principal: Actor
    handler: Actor  # drafts the letter and writes the conclusion from the site
    colleague: Actor  # checks the letter and verifies with the handler
    head: Actor  # issues the letter
    chief: Actor  # the handing unit's principal: approves exits
    leader: Actor
    expert: Actor


def make_cast(*, responsible: Unit | None = None, lead: str = "区应急管理局", sector: str = "hazchem") -> Cast:
    responsible = responsible or make_enterprise(sector=sector, enforcer=lead).unit
    side = responsible.kind
    body = "bureau" if lead == "区应急管理局" else "department"
    return Cast(
        responsible=responsible,
        lead=unit_of(lead, district=responsible.district),
        reporter=make_actor({"enterprise": "enterprise_reporter"}.get(side, f"{side}_handler"), responsible),
        principal=make_actor(f"{side}_principal", responsible),
        handler=make_actor(f"{body}_handler", lead),
        colleague=make_actor(f"{body}_handler", lead),
        head=make_actor(f"{body}_head", lead),
        chief=make_actor(f"{body}_principal", lead),
        leader=make_actor("district_leader"),
        expert=make_actor("expert"),
    )


@dataclass
class Scene:
    """A risk and its people. `risk` is read afresh each time, as a page would."""

    pk: int
    cast: Cast
    at: datetime
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def risk(self) -> RiskPoint:
        return RiskPoint.objects.select_related("case__district", "case__lead_unit", "case__responsible_unit").get(
            pk=self.pk
        )

    @property
    def case(self) -> Case:
        return self.risk.case

    @property
    def state(self) -> str:
        return self.case.state

    def open_rules(self) -> list[str]:
        return sorted(Deadline.objects.open().filter(case=self.pk).values_list("rule_key", flat=True))

    def deadline(self, key: str) -> Deadline:
        """The latest clock of this rule."""
        return Deadline.objects.filter(case=self.pk, rule_key=f"risks.{key}").latest("id")

    def letter(self) -> Letter:
        return Letter.objects.filter(case=self.pk).latest("id")

    # One act each, with the people of the cast and a plausible content.
    def register(self) -> None:
        raise AssertionError("a scene begins registered")

    def self_grade(self, inputs: Mapping[str, str] = LEC_RED, **more: Any) -> None:
        grading.self_grade(**self._by(self.cast.reporter, more), method="lec", inputs=inputs)

    def conclude(self, inputs: Mapping[str, str] = LEC_RED, **more: Any) -> None:
        told = {"participants": "周立新、王敏", "reason": "现场研判", "hand": HAND}
        grading.conclude(**self._by(self.cast.handler, told | more), method="lec", inputs=inputs)

    def draft(self, **more: Any) -> Letter:
        told = {"copies_to": "燕山乡", "requirements": "1.整改卸油区静电接地。", "due_on": self.due_on(more)}
        told["checker"] = self.cast.colleague.post
        return handover.draft_handover(**self._by(self.cast.handler, told | more))

    def check(self, **more: Any) -> Letter:
        return handover.check_handover(**self._by(self.cast.colleague, more))

    def issue(self, **more: Any) -> Letter:
        return handover.issue_handover(**self._by(self.cast.head, more))

    def dispatch(self, **more: Any) -> Letter:
        return handover.dispatch_handover(**self._by(self.cast.handler, more))

    def hand_over(self, **more: Any) -> None:
        when = {key: more[key] for key in ("at",) if key in more}
        self.draft(**when, **{key: more.pop(key) for key in ("due_on",) if key in more})
        self.check(**when)
        self.issue(**more)

    def receive(self, **more: Any) -> Letter:
        return handover.receive_handover(**self._by(self.cast.reporter, {"hand": HAND} | more))

    def leave(self, **more: Any) -> Letter:
        told = {"refusal_reason": "负责人拒绝签收", "witnesses": ["张三", "李四"], "photos": [photo()]}
        return handover.leave_handover(**self._by(self.cast.handler, told | more))

    def plan(self, **more: Any) -> None:
        told = {
            "goal": "降为一般风险",
            "steps": "更换接地装置",
            "responsible": "陈国强",
            "funds": 12,
            "interim": "专人看护",
        }
        treatment.file_plan(**self._by(self.cast.reporter, told | {"finish_on": self.due_on(more)} | more))

    def progress(self, **more: Any) -> None:
        treatment.report_progress(**self._by(self.cast.reporter, {"text": "接地装置已到货", "percent": 50} | more))

    def apply(self, **more: Any) -> None:
        told = {"statement": "已更换静电接地装置", "method": "lec", "inputs": LEC_YELLOW, "hand": HAND}
        closure.apply_close_out(**self._by(self.cast.principal, told | more))

    def ask_correction(self, **more: Any) -> None:
        closure.ask_correction(**self._by(self.cast.handler, {"note": "请补检测报告"} | more))

    def supply_correction(self, **more: Any) -> None:
        closure.supply_correction(**self._by(self.cast.principal, {"statement": "检测报告已补", "hand": HAND} | more))

    def lapse(self, **more: Any) -> None:
        told = {"reason": "逾期未补正", "new_due_on": self.due_on(more)}
        closure.lapse_correction(**self._by(self.cast.handler, told | more))

    def verify(self, *, passed: bool = True, **more: Any) -> None:
        when = more.get("at", self.at)
        told: dict[str, Any] = {
            "visited_on": local_date(when),
            "findings": "接地电阻 3 欧",
            "hand": HAND,
            "passed": passed,
        }
        told["colleagues"] = [self.cast.colleague.person]
        told |= (
            {"method": "lec", "inputs": LEC_YELLOW}
            if passed
            else {"reasons": "报警器失效", "new_due_on": self.due_on(more)}
        )
        closure.verify(**self._by(self.cast.handler, told | more))

    def countersign(self, **more: Any) -> None:
        closure.countersign(**self._by(self.cast.colleague, {"hand": HAND} | more))

    def propose(self, kind: str = "long_term", **more: Any) -> None:
        told: dict[str, Any] = {"kind": kind, "reason": "受场地限制，无法再降"}
        if kind == "long_term":
            told |= {
                "enterprise_controller": "陈国强",
                "township_controller": "赵乡长",
                "department_controller": "周立新",
            }
        exits.propose_exit(**self._by(self.cast.principal, told | more))

    def decide_exit(self, *, approve: bool = True, **more: Any) -> None:
        exits.decide_exit(
            **self._by(self.cast.chief, {"note": "同意" if approve else "不同意", "hand": HAND} | more), approve=approve
        )

    def check_long_term(self, **more: Any) -> None:
        exits.check_long_term(**self._by(self.cast.reporter, {"text": "措施有效", "is_controlled": True} | more))

    def reassess(self, inputs: Mapping[str, str] = LEC_RED, **more: Any) -> None:
        told = {"participants": "周立新、王敏", "reason": "年度再评估", "hand": HAND}
        exits.reassess(**self._by(self.cast.handler, told | more), method="lec", inputs=inputs)

    def designate(self, unit: Unit, **more: Any) -> None:
        grading.designate_lead(**self._by(self.cast.leader, {"reason": "区应急管理局为责任单位"} | more), unit=unit)

    def due_on(self, more: Mapping[str, Any]) -> date:
        return local_date(more.get("at", self.at)) + timedelta(days=60)

    def _by(self, actor: Actor, more: Mapping[str, Any]) -> dict[str, Any]:
        return {"risk": self.risk, "actor": actor, "at": self.at} | dict(more)


def registered(
    *, cast: Cast | None = None, at: datetime = WEDNESDAY, title: str = "卸油区", sector: str = "hazchem"
) -> Scene:
    cast = cast or make_cast(sector=sector)
    enterprise = getattr(cast.responsible, "enterprise", None)
    district = cast.responsible.district
    risk = register.register_risk(
        title=title,
        responsible_unit=cast.responsible,
        sector=enterprise.sector if enterprise else sector_of(sector, district=district),
        township=enterprise.township if enterprise else district.territories.get(name="燕山乡"),
        details=DETAILS,
        measures={"engineering": "更换静电接地装置", "management": "卸油作业双人监护"},
        actor=cast.reporter,
        at=at,
    )
    return Scene(risk.pk, cast, at)


# The way into each state, one act after another.
WAYS: dict[str, tuple[str, ...]] = {
    S.REGISTERED: (),
    S.AWAITING: ("self_grade",),
    S.LISTED: ("conclude_mild",),
    S.GRADED: ("conclude",),
    S.HANDED_OVER: ("conclude", "hand_over"),
    S.TREATING: ("conclude", "hand_over", "receive"),
    S.APPLIED: ("conclude", "hand_over", "receive", "apply"),
    S.CORRECTING: ("conclude", "hand_over", "receive", "apply", "ask_correction"),
    S.CLOSED: ("conclude", "hand_over", "receive", "apply", "verify", "countersign"),
    S.LONG_TERM: ("conclude", "hand_over", "receive", "propose", "decide_exit"),
    S.EXITED: ("conclude", "propose_ceased", "decide_exit"),
}


def risk_in(state: str, *, cast: Cast | None = None, at: datetime = WEDNESDAY, sector: str = "hazchem") -> Scene:
    """A risk that reached `state` by real acts, all at the moment `at`. Letters need the fixture `plain_font`."""
    scene = registered(cast=cast, at=at, sector=sector)
    for act in WAYS[state]:
        match act:
            case "conclude_mild":
                scene.conclude(LEC_YELLOW)
            case "propose_ceased":
                scene.propose("ceased", reason="加油站已拆除", evidence=[photo()])
            case _:
                getattr(scene, act)()
    assert scene.state == state
    return scene


def photo(name: str = "现场.jpg") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), (200, 60, 40)).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


def traces(pk: int) -> tuple[Any, ...]:
    """What a refused act must leave as it was: the spine, the events, the clocks, the letters and the signatures."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, level, version, closed_on, next_due_at, lead_unit_id,"
            " (SELECT count(*) FROM audit_auditevent), (SELECT count(*) FROM records_signature),"
            " (SELECT count(*) FROM deadlines_ledgerrequest), (SELECT count(*) FROM deadlines_ledgerentry),"
            " (SELECT count(*) FROM records_attachment), (SELECT coalesce(max(last), 0) FROM records_lettercounter),"
            " (SELECT string_agg(l.state || coalesce(l.seq, 0), ',' ORDER BY l.id) FROM records_letter l WHERE l.case_id = c.id),"
            " (SELECT string_agg(concat(d.id, d.rule_key, d.due_at, d.met_at, d.cancelled_at, d.owner_unit_id), ',' ORDER BY d.id)"
            "  FROM deadlines_deadline d WHERE d.case_id = c.id)"
            " FROM records_case c WHERE c.id = %s",
            [pk],
        )
        return tuple(cursor.fetchone())


def told(pk: int) -> list[str]:
    """Names of the events of the case, in order, without what the engine itself writes."""
    names = AuditEvent.objects.filter(case_id=pk).order_by("case_seq").values_list("name", flat=True)
    return [name.removeprefix("risks.") for name in names if name.startswith("risks.")]
