"""R3: LEC, LS matrix and direct determination; self-grade, official conclusion, history."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from deadlines.workflow import Refused
from records.models import Signature
from records.services.signing import Hand, SignatureRefused
from risks.grading import CONSEQUENCE, EXPOSURE, LIKELIHOOD, LS_LIKELIHOOD, LS_SEVERITY, GradingError, grade
from risks.models import Grading
from risks.services import grading
from tests.factories import STROKES, at, make_district
from tests.risks.builders import (
    HAND,
    LEC_BLUE,
    LEC_ORANGE,
    LEC_RED,
    LEC_YELLOW,
    make_cast,
    registered,
    risk_in,
    traces,
)

in_db = pytest.mark.django_db
pytestmark = pytest.mark.usefixtures("plain_font", "media")


# --- pure


@pytest.mark.parametrize(
    ("likelihood", "exposure", "consequence", "score", "colour"),
    [
        ("6", "6", "15", "540", "red"),
        ("10", "10", "100", "10000", "red"),
        ("1", "6", "40", "240", "orange"),
        ("3", "6", "15", "270", "orange"),
        ("6", "2", "15", "180", "orange"),
        ("3", "6", "7", "126", "yellow"),
        ("10", "1", "7", "70", "yellow"),  # the bound itself belongs to the higher grade
        ("0.5", "10", "7", "35", "blue"),
        ("0.1", "0.5", "1", "0.05", "blue"),
    ],
)
def test_r3_lec_is_exact(likelihood, exposure, consequence, score, colour):
    result = grade("lec", {"likelihood": likelihood, "exposure": exposure, "consequence": consequence})
    assert (result.score, result.grade) == (Decimal(score), colour)
    assert result.formula == f"{likelihood} × {exposure} × {consequence} = {score}"


def test_r3_lec_over_its_whole_table_follows_the_bounds():
    for one in LIKELIHOOD:
        for two in EXPOSURE:
            for three in CONSEQUENCE:
                product = Decimal(one) * Decimal(two) * Decimal(three)
                wanted = (
                    "red" if product >= 320 else "orange" if product >= 160 else "yellow" if product >= 70 else "blue"
                )
                result = grade("lec", {"likelihood": one, "exposure": two, "consequence": three})
                assert (result.score, result.grade) == (product, wanted)


@pytest.mark.parametrize(("variant", "bounds"), [("A", (20, 15, 9)), ("B", (20, 9, 4))])
def test_r3_ls_matrix_in_both_variants(variant, bounds):
    for one in LS_LIKELIHOOD:
        for two in LS_SEVERITY:
            product = int(one) * int(two)
            wanted = next(
                (c for c, low in zip(("red", "orange", "yellow"), bounds, strict=True) if product >= low), "blue"
            )
            result = grade("ls", {"likelihood": one, "severity": two}, ls_variant=variant)
            assert (result.score, result.grade, result.inputs["variant"]) == (product, wanted, variant)


@pytest.mark.parametrize("raw", ["6.0", " 6 ", "6.00", "6"])
def test_r3_equal_numbers_are_one_value(raw):
    assert grade("lec", {"likelihood": raw, "exposure": "6", "consequence": "15"}).inputs == LEC_RED


@pytest.mark.parametrize("raw", ["", "4", "-6", "NaN", "Infinity", "1e1000000", "6,0", "六", "6 6", "٦٦"])
@pytest.mark.parametrize("field", ["likelihood", "exposure", "consequence"])
def test_r3_value_outside_the_table_is_refused_at_its_field(raw, field):
    with pytest.raises(GradingError, match="取值须是") as refused:
        grade("lec", LEC_RED | {field: raw})
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("method", "inputs", "field", "words"),
    [
        ("lec", {}, "likelihood", "L 可能性"),
        ("ls", {"likelihood": "5"}, "severity", "S 严重性"),
        ("direct", {"reason": "重大危险源"}, "grade", "请选择直接判定的等级"),
        ("direct", {"grade": "red"}, "reason", "直接判定须写明理由"),
        ("direct", {"grade": "red", "reason": "  "}, "reason", "直接判定须写明理由"),
        ("direct", {"grade": "purple", "reason": "x"}, "grade", "请选择"),
        ("guess", {}, "method", "请选择评估方法"),
        ("", LEC_RED, "method", "请选择评估方法"),
    ],
)
def test_r3_missing_inputs_are_named(method, inputs, field, words):
    with pytest.raises(GradingError, match=words) as refused:
        grade(method, inputs)
    assert refused.value.field == field


def test_r3_direct_determination_keeps_its_reason():
    result = grade("direct", {"grade": "red", "reason": "经专家论证认定"})
    assert (result.grade, result.score, result.inputs["reason"]) == ("red", None, "经专家论证认定")


# --- 自评 and 研判结论


@in_db
def test_r3_self_grade_is_no_official_grade():
    scene = registered()
    scene.self_grade(LEC_RED)
    row = scene.risk.gradings.get()
    assert (row.basis, row.get_basis_display(), row.grade, row.signature) == ("self", "企业自评", "red", None)
    assert (scene.state, scene.case.level, scene.risk.grade_text) == ("awaiting", "", "未定级")
    scene.cast.responsible.enterprise.refresh_from_db()
    assert scene.cast.responsible.enterprise.risk_grade == ""


@in_db
def test_r3_mild_self_grade_may_be_given_again_a_severe_one_not():
    scene = registered()
    scene.self_grade(LEC_YELLOW)
    scene.self_grade(LEC_BLUE)
    assert scene.state == "registered" and scene.risk.gradings.count() == 2
    scene.self_grade(LEC_ORANGE)
    assert scene.state == "awaiting"
    before = traces(scene.pk)
    for inputs in (LEC_YELLOW, LEC_RED):
        with pytest.raises(Refused), transaction.atomic():
            scene.self_grade(inputs)
    assert traces(scene.pk) == before and scene.risk.gradings.count() == 3


@in_db
@pytest.mark.parametrize(
    ("inputs", "level", "state"),
    [
        (LEC_RED, "red", "graded"),
        (LEC_ORANGE, "orange", "graded"),
        (LEC_YELLOW, "yellow", "listed"),
        (LEC_BLUE, "blue", "listed"),
    ],
)
def test_r3_conclusion_sets_grade_and_way(inputs, level, state):
    scene = registered()
    scene.conclude(inputs)
    row = scene.risk.gradings.get()
    assert (scene.case.level, scene.state) == (level, state)
    assert (row.basis, row.grade, row.inputs, f"{row.concluded_on}") == ("official", level, inputs, "2026-09-30")
    assert (row.participants, row.reason, row.by) == ("周立新、王敏", "现场研判", scene.cast.handler.person)
    assert row.signature == Signature.objects.get(case=scene.pk, purpose="研判结论")
    assert level in row.signature.content


@in_db
def test_r3_conclusion_day_is_the_day_in_shanghai():
    scene = registered()
    scene.conclude(at=at("2026-10-09 00:10"))  # still the 8th in UTC
    assert f"{scene.risk.gradings.get().concluded_on}" == "2026-10-09"
    assert f"{scene.deadline('handover').due_on}" == "2026-10-13"


@in_db
def test_r3_history_is_kept():
    scene = registered()
    scene.self_grade(LEC_RED)
    scene.conclude(LEC_ORANGE, at=at("2026-10-09 09:00"))
    scene.conclude(LEC_YELLOW, at=at("2026-10-10 09:00"))
    history = [(g.basis, g.grade, g.short) for g in scene.risk.gradings.order_by("at")]
    assert history == [("self", "red", "LEC 540"), ("official", "orange", "LEC 252"), ("official", "yellow", "LEC 126")]


@in_db
def test_r3_unsigned_conclusion_is_refused_and_leaves_nothing():
    scene = risk_in("awaiting")
    before = traces(scene.pk)
    for hand in (Hand(strokes=STROKES, password="wrong"), Hand(strokes="", password="zhuan-2018-101")):
        with pytest.raises(SignatureRefused), transaction.atomic():
            scene.conclude(hand=hand)
    with pytest.raises(GradingError), transaction.atomic():
        scene.conclude(LEC_RED | {"likelihood": "4"})
    assert traces(scene.pk) == before
    with pytest.raises(IntegrityError, match="grading_official_signed"), transaction.atomic():
        Grading.objects.filter(risk=scene.pk).update(basis="official")


@in_db
def test_r3_district_chooses_the_matrix():
    district = make_district()
    district.profile = district.profile | {"grading": {"ls_variant": "B"}}
    district.save()
    scene = registered()
    grading.conclude(
        risk=scene.risk, method="ls", inputs={"likelihood": "3", "severity": "4"}, participants="周立新", reason="",
        hand=HAND, actor=scene.cast.handler, at=scene.at,
    )  # fmt: skip
    assert scene.case.level == "orange"  # 12: yellow in variant A
    assert scene.risk.gradings.get().inputs == {"likelihood": "3", "severity": "4", "variant": "B"}


@in_db
def test_x1_enterprise_shows_the_worst_of_its_open_risks():
    cast = make_cast()
    enterprise = cast.responsible.enterprise

    def shown() -> str:
        enterprise.refresh_from_db()
        return enterprise.risk_grade

    mild = registered(cast=cast)
    mild.conclude(LEC_YELLOW)
    assert shown() == "yellow"
    severe = risk_in("treating", cast=cast)
    assert shown() == "red"
    severe.apply()
    severe.verify()
    assert shown() == "red"
    severe.countersign()
    assert shown() == "yellow"
    mild.propose("ceased", reason="拆除", actor=cast.handler)
    mild.decide_exit()
    assert shown() == ""
