"""What goes into the handover letter (风险交办函), 三(二)2."""

import re

from audit.clock import local_date
from deadlines.terms import describe, parse
from records.letters.compose import replacing
from records.letters.content import LetterContent, heading, paragraph
from records.models import Case, Letter
from risks.grading import COLOUR, Grade, Method
from risks.models import Grading, RiskPoint


def handover_title(case: Case) -> str:
    return f"关于交办{case.title}{Grade(case.level).label}风险治理的函"


def handover_requirements(risk: RiskPoint) -> str:
    """The proposal that the drafter edits: one line per control measure, then what every treatment needs."""
    lines = [f"{measure.get_kind_display()}：{measure.text}" for measure in risk.measures.all()]
    lines.append("治理期间落实监控措施和应急准备，不能保证安全的立即停止作业。")
    return "\n".join(f"{index}.{line}" for index, line in enumerate(lines, start=1))


def handover_content(letter: Letter, risk: RiskPoint, conclusion: Grading) -> LetterContent:
    """The letter as it will be frozen: number and date are filled in when it is issued."""
    case = risk.case
    grade = Grade(case.level)
    receipt = describe(parse(case.district.term("letter_receipt", "WD2")))
    score = f"，分值{conclusion.score.normalize():f}" if conclusion.score is not None else ""
    method = Method(conclusion.method).label.split(" ")[0]
    due = f"{letter.due_on.year}年{letter.due_on.month}月{letter.due_on.day}日" if letter.due_on else ""
    concluded = conclusion.concluded_on
    body = [
        paragraph(
            f"经{concluded.year}年{concluded.month}月{concluded.day}日研判（方法：{method}{score}），"
            f"你单位“{case.title}”（编号{case.number}，位于{risk.location}）为{grade.label}风险（{COLOUR[grade]}色）。"
            "根据《蚌山区人民政府办公室关于进一步推进安全生产“铸安”行动常态化实效化和风险管控“六项机制”"
            "制度化规范化的实施意见》（蚌山政办秘〔2018〕101号）规定，现交由你单位治理，有关事项函告如下："
        ),
        heading(1, "一、风险情况"),
        paragraph(
            f"主要危害因素：{_sentence(risk.hazard_factors)}可能发生的事故类型：{_sentence(risk.accident_types)}"
        ),
        heading(1, "二、治理要求"),
        *(paragraph(line.strip()) for line in letter.requirements.splitlines() if line.strip()),
        heading(1, "三、期限和报告"),
        paragraph(
            f"请自本函送达之日起{receipt}内签收，于{due}前完成治理；治理期间每周报告进展。"
            "治理完毕（风险降至一般风险或低风险）后，由主要负责人签字确认，向我单位提出销号申请。"
        ),
    ]
    return LetterContent(
        issuer_name=letter.issuer.letterhead or letter.issuer.name,
        title=letter.title,
        recipient=letter.addressee,
        body=(*body, *replacing(letter)),
        signer_name=letter.issuer.name,
        signed_on=local_date(letter.issued_at) if letter.issued_at else None,
        copies_to=tuple(part.strip() for part in re.split(r"[、，\s]+", letter.copies_to) if part.strip()),
        draft=True,
    )


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith(("。", "；", "！")) else f"{text}。"
