"""One entry becoming a case: each paper as the act that it proves, at noon of its own day."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from audit.clock import SHANGHAI, local_date
from audit.services import digest_of, record
from deadlines.workflow import Refused
from organisations.actors import Actor
from organisations.models import Enterprise, Sector, Territory, Unit
from records.letters.content import LetterContent, paragraph
from records.models import Attachment, Case, Delivery, EntryScan, Letter, RetroactiveEntry
from records.services import deliveries
from records.services.cases import open_case
from records.services.numbering import keep_number
from records.services.signing import Hand, Paper, sign
from risks.events import Event
from risks.grading import SEVERE, grade_text
from risks.letters import handover_title
from risks.models import CloseOut, Grading, RiskPoint, RiskState, Verification
from risks.services.grading import evaluate, sign_conclusion
from risks.services.register import DETAILS, may_register_for, write_measures
from risks.services.standing import refresh_enterprise_grade
from risks.workflow import KIND, WORKFLOW

LATE = "补录：当时已逾期，情况以纸质材料为准"
PURPOSES = {
    "facts": "补录：登记材料",
    "grading": "补录：研判结论",
    "handover": "补录：交办函扫描件",
    "receipt": "补录：签收扫描件",
    "closure": "补录：销号材料",
}

Steps = Mapping[str, Mapping[str, Any]]


class Entering:
    """One entry becoming a case. Without a confirmer it is a trial, signed as a token would and rolled back."""

    def __init__(self, entry: RetroactiveEntry, steps: Steps, confirmer: Actor | None, at: datetime) -> None:
        self.entry, self.steps, self.confirmer, self.at = entry, steps, confirmer, at
        post = entry.post
        self.keyer = Actor(account=entry.account, post=post, from_paper=True)
        self.scans: dict[str, list[EntryScan]] = {}
        for scan in entry.scans.all():
            self.scans.setdefault(scan.step, []).append(scan)
        self.minutes = 0

    def enter(self) -> Case:
        risk = self._register()
        if "grading" in self.steps:
            severe = self._conclude(risk)
            later = [step for step in ("handover", "receipt", "closure") if step in self.steps]
            if later and not severe:
                raise Refused("研判为一般、低风险的，没有交办、签收和销号")
            for step, needs in (("handover", "grading"), ("receipt", "handover"), ("closure", "receipt")):
                if step in self.steps and needs not in self.steps:
                    raise Refused("请按先后补录：研判、交办、签收、销号，中间不能缺")
            if "handover" in self.steps:
                letter = self._hand_over(risk)
                if "receipt" in self.steps:
                    self._receive(risk, letter)
                if "closure" in self.steps:
                    self._close(risk)
        elif len(set(self.steps) & set(PURPOSES)) > 1:
            raise Refused("没有研判结论，不能补录后面的环节")
        return risk.case

    def _moment(self, day: date) -> datetime:
        """Noon of that day, a minute later for each step, so that papers of one day keep their order."""
        self.minutes += 1
        return datetime.combine(day, time(12), tzinfo=SHANGHAI) + timedelta(minutes=self.minutes)

    def _papers(self, case: Case, step: str, *, seq: int | None = None) -> Attachment:
        """The scans of this step as files of the case; the first stands for the sheet."""
        found = self.scans.get(step, [])
        if not found:
            raise Refused(f"缺“{PURPOSES[step].removeprefix('补录：')}”的扫描件")
        kept = [
            Attachment.objects.create(
                case=case,
                purpose=PURPOSES[step],
                name=scan.name,
                content_type=scan.content_type,
                size=scan.size,
                digest=scan.digest,
                path=scan.path,
                uploaded_by=scan.uploaded_by,
                at=scan.at,
                case_seq=seq,
            )
            for scan in found
        ]
        return kept[0]

    def _hand(self, sheet: Attachment, day: date, name: str, label: str) -> Hand:
        if self.confirmer is None:
            return Hand(by_token=True)
        return Hand(
            paper=Paper(
                scan=sheet, document_on=day, confirmed_by=self.confirmer.person, signer_name=name, signer_label=label
            )
        )

    def _register(self) -> RiskPoint:
        facts = self.steps["facts"]
        unit = unit_of(self.entry)
        if not may_register_for(self.keyer, unit):
            raise Refused("您的岗位不能为这个单位补录风险")
        enterprise: Enterprise | None = getattr(unit, "enterprise", None)
        township: Territory = enterprise.township if enterprise else unit.territory or facts["township"]
        sector: Sector = facts["sector"]
        when = self._moment(facts["found_on"])
        if unit.pk == self.keyer.unit_id:
            raise Refused("本单位自己的风险，请由指定的交办单位补录")
        case = open_case(
            district=self.keyer.unit.district,
            kind=KIND,
            title=facts["title"],
            state=RiskState.REGISTERED,
            township=township,
            sector=sector,
            responsible_unit=unit,
            lead_unit=self.keyer.unit,
            at=when,
            entered_at=self.at,
        )
        risk = RiskPoint.objects.create(
            case=case, registered_by=self.keyer.person, **{name: facts[name] for name in DETAILS if name in facts}
        )
        write_measures(risk, facts["measures"])
        event = record(
            Event.REGISTERED,
            by=self.keyer.stamp,
            at=when,
            case_id=case.pk,
            data={
                "title": case.title,
                "number": case.number,
                "unit": unit.name,
                "lead": case.lead_unit.name,
                "source": risk.source,
            }
            | self._told(facts["found_on"]),
        )
        self._papers(case, "facts", seq=event.case_seq)
        return risk

    def _told(self, day: date) -> dict[str, Any]:
        return {"document_on": day, "entered_at": self.at, "entry": self.entry.pk}

    def _conclude(self, risk: RiskPoint) -> bool:
        step = self.steps["grading"]
        result = evaluate(risk, step["method"], step["inputs"])
        severe = result.grade in SEVERE
        sheet = self._papers(risk.case, "grading")
        label = f"{step['signer']}·{risk.case.lead_unit}{step['signer_title']}"
        sign_conclusion(
            risk=risk,
            locked=WORKFLOW.lock(risk.case),
            action="conclude_severe" if severe else "conclude",
            purpose="研判结论",
            method=step["method"],
            result=result,
            participants=step["participants"],
            reason=step["reason"],
            hand=self._hand(sheet, step["concluded_on"], step["signer"], label),
            actor=self.keyer,
            at=self._moment(step["concluded_on"]),
            late_reason=LATE,
        )
        return severe

    def _hand_over(self, risk: RiskPoint) -> Letter:
        step, case = self.steps["handover"], risk.case
        when = self._moment(step["handed_on"])
        year, seq = _number_parts(step["number"])
        body = tuple(paragraph(line.strip()) for line in step["requirements"].splitlines() if line.strip())
        text = LetterContent(
            issuer_name=case.lead_unit.letterhead or case.lead_unit.name,
            title=handover_title(case),
            recipient=case.responsible_unit.name,
            body=body,
            signer_name=case.lead_unit.name,
            signed_on=step["handed_on"],
            doc_number=step["number"],
        ).to_json()
        try:
            with transaction.atomic():
                letter = Letter.objects.create(
                    case=case,
                    kind=Letter.Kind.RISK_HANDOVER,
                    state=Letter.State.DISPATCHED,
                    is_retroactive=True,
                    issuer=case.lead_unit,
                    recipient=case.responsible_unit,
                    title=handover_title(case),
                    requirements=step["requirements"],
                    due_on=step["due_on"],
                    drafted_by=self.keyer.person,
                    drafted_at=when,
                    issued_at=when,
                    dispatched_at=when,
                    year=year,
                    seq=seq,
                    number=step["number"],
                    content=text,
                    content_digest=digest_of(text),
                    scan=self._papers(case, "handover"),
                )
        except IntegrityError as error:
            raise Refused(f"文号“{step['number']}”在平台上已有") from error
        keep_number(letter, year=year, seq=seq)
        Delivery.objects.bulk_create(deliveries.recipients(letter, main=[case.responsible_unit], copies=[], at=when))
        letter.deliveries.update(how=Delivery.How.PAPER, sent_at=when, sent_by=self.keyer.person)
        WORKFLOW.advance(
            case,
            "hand_over",
            actor=self.keyer,
            at=when,
            on=step["due_on"],
            data={"number": letter.number, "to": letter.addressee, "due_on": letter.due_on, "letter": letter.pk}
            | self._told(step["handed_on"]),
            late_reason=LATE,
        )
        return letter

    def _receive(self, risk: RiskPoint, letter: Letter) -> None:
        step, case = self.steps["receipt"], risk.case
        when = self._moment(step["received_on"])
        sheet = self._papers(case, "receipt")
        receipt = sign(
            case=case,
            purpose="签收交办函",
            content={"letter": letter.number, "digest": letter.content_digest, "received_by": letter.addressee},
            hand=self._hand(
                sheet,
                step["received_on"],
                step["receiver"],
                f"{step['receiver']}·{case.responsible_unit}{step['receiver_title']}",
            ),
            actor=self.keyer,
            at=when,
        )
        letter.state, letter.received_at, letter.receipt = Letter.State.RECEIVED, when, receipt
        letter.save(update_fields=["state", "received_at", "receipt"])
        deliveries.sign_for(letter.deliveries.get(), receipt=receipt, at=when)
        WORKFLOW.advance(
            case,
            "receive",
            actor=self.keyer,
            at=when,
            data={"number": letter.number, "signature": receipt.pk} | self._told(step["received_on"]),
        )

    def _close(self, risk: RiskPoint) -> None:
        step, case = self.steps["closure"], risk.case
        result = evaluate(risk, step["method"], step["inputs"])
        if result.grade in SEVERE:
            raise Refused(f"销号时的取值仍为{result.grade.label}风险；降到一般风险或低风险才算治理完毕（三（二）4）")
        sheet = self._papers(case, "closure")
        applied_at = self._moment(step["applied_on"])
        content = {
            "number": case.number,
            "application": 1,
            "statement": step["statement"],
            "method": step["method"],
            "inputs": result.inputs,
            "proposed_grade": result.grade.value,
        }
        label = f"{step['applicant']}·{case.responsible_unit}主要负责人"
        signature = sign(
            case=case,
            purpose="销号申请",
            content=content,
            hand=self._hand(sheet, step["applied_on"], step["applicant"], label),
            actor=self.keyer,
            at=applied_at,
        )
        told = content | {"formula": result.formula} | self._told(step["applied_on"])
        WORKFLOW.advance(case, "apply", actor=self.keyer, at=applied_at, signed=signature, data=told)
        verified_at = self._moment(step["verified_on"])
        close_out = CloseOut.objects.create(
            risk=risk,
            statement=step["statement"],
            method=step["method"],
            inputs=result.inputs,
            proposed_grade=result.grade,
            applied_by=self.keyer.person,
            applied_at=applied_at,
            signature=signature,
            outcome=CloseOut.Outcome.PASSED,
            decided_at=verified_at,
        )
        conclusion = {
            "number": case.number,
            "close_out": close_out.pk,
            "visited_on": step["verified_on"].isoformat(),
            "findings": step["findings"],
            "passed": True,
            "grade": result.grade.value,
            "verifiers": sorted(step["verifiers"]),
        }
        verification = Verification.objects.create(
            close_out=close_out,
            state=Verification.State.EFFECTIVE,
            visited_on=step["verified_on"],
            findings=step["findings"],
            passed=True,
            method=step["method"],
            inputs=result.inputs,
            grade=result.grade,
            content=conclusion,
            drafted_by=self.keyer.person,
            drafted_at=verified_at,
        )
        signed = [
            sign(
                case=case,
                purpose="核查结论",
                content=conclusion | {"verification": verification.pk, "signer": name},
                hand=self._hand(sheet, step["verified_on"], name, f"{name}·核查人"),
                actor=self.keyer,
                at=verified_at,
            )
            for name in step["verifiers"]
        ]
        verification.signatures.set(signed)
        WORKFLOW.advance(
            case,
            "pass_closure",
            actor=self.keyer,
            at=verified_at,
            changes={"level": result.grade},
            data={
                "verification": verification.pk,
                "verifiers": conclusion["verifiers"],
                "grade_text": grade_text(result.grade),
                "signature": signed[0].pk,
            }
            | self._told(step["verified_on"]),
            late_reason=LATE,
        )
        Grading.objects.create(
            risk=risk,
            basis=Grading.Basis.VERIFIED,
            method=step["method"],
            inputs=result.inputs,
            score=result.score,
            grade=result.grade,
            concluded_on=local_date(verified_at),
            participants="、".join(conclusion["verifiers"]),
            reason=step["findings"],
            signature=signed[0],
            by=self.keyer.person,
            at=verified_at,
        )
        refresh_enterprise_grade(case.responsible_unit)


def unit_of(entry: RetroactiveEntry) -> Unit:
    related = (
        "district",
        "territory",
        "enterprise__township",
        "enterprise__sector",
        "enterprise__enforcement_department",
    )
    return Unit.objects.select_related(*related).get(pk=int(entry.typed["unit"]["unit"][0]))


_NUMBER = re.compile(r".*〔(20\d{2})〕(\d{1,5})号")


def _number_parts(number: str) -> tuple[int, int]:
    found = _NUMBER.fullmatch(number.strip())
    if not found:
        raise Refused(f"文号“{number}”应写作 机关代字〔年份〕序号号，如 蚌山应急交办〔2025〕12号")
    return int(found[1]), int(found[2])
