"""The district profile: checked before anything is written, loaded again without harm, two districts side by side (X1, X3)."""

import io
import re
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

import risks.deadline_rules  # noqa: F401  the rules register themselves
from audit.models import AuditEvent
from config.demo.load import PROFILE
from deadlines import rules
from deadlines.terms import parse
from organisations.models import District, Enterprise, Sector, Territory, Unit
from organisations.profile import TERMS, ProfileError, read
from organisations.services.districts import load_district
from records.models import Case
from risks.grading import LS_VARIANTS
from tests.factories import at, client_for, make_actor, make_district, make_enterprise

AT = at("2026-10-09 09:00")
TEXT = PROFILE.read_text(encoding="utf-8")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "profile.toml"
    path.write_text(text, encoding="utf-8")
    return path


MISTAKES = [
    (
        "unknown key",
        'city_name = "蚌埠市"',
        'city_name = "蚌埠市"\ncolour = "红"',
        "[district]（蚌山区） 有不认识的键 colour",
    ),
    ("unknown table", "[grading]", "[grades]", "不认识的表 [grades]"),
    ("unknown term", "letter_receipt =", "letter_recieved =", "[terms] 有不认识的键 letter_recieved"),
    ("term text", '"WD2"', '"2WD"', "[terms] 的 letter_receipt（文书签收）写作“2WD”"),
    ("term of nothing", '"WD2"', '"WD0"', "[terms] 的 letter_receipt（文书签收）写作“WD0”"),
    ("variant", 'ls_variant = "A"', 'ls_variant = "C"', "[grading] 的 ls_variant“C”"),
    (
        "wrong type",
        "district_managed = true",
        'district_managed = "是"',
        "[[territories]] 第 1 个（天桥街道） 的 district_managed 须是true 或 false",
    ),
    (
        "foreign area",
        '"340303010"',
        '"340304010"',
        "[[territories]]（胜利街道） 的 code“340304010”不在本区代码 340303 之下",
    ),
    ("double area", 'code = "340303002"', 'code = "340303001"', "[[territories]] 的 code“340303001”重复"),
    ("double unit", 'short_name = "区科技局"', 'short_name = "区财政局"', "[[units]] 的 short_name“区财政局”重复"),
    ("missing key", 'kind = "government"\n', "", "[[units]] 第 1 个（区政府） 缺少 kind"),
    ("unit kind", 'kind = "government"', 'kind = "gov"', "[[units]]（区政府） 的 kind“gov”"),
    (
        "successor",
        'succeeded_by = "区应急管理局"',
        'succeeded_by = "区应急局"',
        "[[units]]（区安监局） 的 succeeded_by“区应急局”",
    ),
    (
        "successor without end",
        "valid_to = 2019-02-28\n",
        "",
        "[[units]]（区安监局） 填了 succeeded_by，就要填 valid_to",
    ),
    (
        "two on one area",
        'territory = "340303002"',
        'territory = "340303001"',
        "[[units]]（青年街道） 的 territory“340303001”已属于天桥街道",
    ),
    (
        "unknown department",
        '["区市场监管局"]',
        '["区市监局"]',
        "[[sectors]]（特种设备） 的 departments 里“区市监局”不是本文件里的单位",
    ),
    ("no regulator", '["区市场监管局"]', '["区政府"]', "[[sectors]]（特种设备） 的 departments 里“区政府”不是监管部门"),
    ("section", 'sections = "LN"', 'sections = "LZ"', "[[sectors]]（旅游） 的 sections 里“Z”"),
    ("not TOML", "[district]", "[district", "不是有效的 TOML"),
]


@pytest.mark.parametrize(("old", "new", "said"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_x1_a_broken_profile_names_its_mistake(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in TEXT
    path = written(tmp_path, TEXT.replace(old, new, 1))
    with pytest.raises(ProfileError) as caught:
        read(path)
    # What the mistake leads to may follow; it itself is named first.
    assert said in caught.value.problems[0]
    assert str(caught.value).startswith("profile.toml：")


def test_x1_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = TEXT.replace('"WD2"', '"2WD"').replace('sections = "LN"', 'sections = "LZ"')
    with pytest.raises(ProfileError) as caught:
        read(written(tmp_path, text))
    assert len(caught.value.problems) == 2


def test_x1_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="文件不存在"):
        read(tmp_path / "none.toml")


def test_the_profile_knows_exactly_the_terms_that_rules_let_a_district_set() -> None:
    settable = {key: term for rule in rules.all_rules() for key, term in rule.settable.items()}
    assert set(TERMS) == set(settable)
    profile = read(PROFILE)
    assert {key: str(parse(text)) for key, text in profile.settings["terms"].items()} == {
        key: str(term) for key, term in settable.items()
    }
    assert profile.settings["grading"]["ls_variant"] in LS_VARIANTS


@pytest.mark.django_db
def test_x1_the_district_of_the_notice() -> None:
    load_district(profile=read(PROFILE), at=AT)
    district = District.objects.get(code="340303")
    assert (district.name, district.portal_title, district.is_demo) == ("蚌山区", "蚌山区安全生产监管平台", False)
    assert district.term("letter_receipt", "") == "WD2"
    areas = Territory.objects.filter(district=district).exclude(kind="district")
    assert areas.count() == 11
    assert {t.parent.code for t in areas.select_related("parent")} == {"340303"}
    assert set(areas.filter(is_district_managed=False).values_list("name", flat=True)) == {
        "胜利街道",
        "龙湖新村街道",
        "湖滨社区行政事务管理中心",
        "淮河社区行政事务管理中心",
    }
    assert Unit.objects.filter(kind="township").count() == 11
    before = Unit.objects.get(short_name="区安监局")
    assert (before.valid_to, before.succeeded_by.short_name) == (date(2019, 2, 28), "区应急管理局")
    assert list(
        Unit.objects.filter(kind="bureau").valid_on(date(2018, 10, 9)).values_list("short_name", flat=True)
    ) == ["区安监局"]
    assert list(
        Unit.objects.filter(kind="bureau").valid_on(date(2026, 10, 9)).values_list("short_name", flat=True)
    ) == ["区应急管理局"]
    # 实施意见 names every one of these (二(四)3, 三(六)).
    assert set(Unit.objects.filter(kind="department").values_list("short_name", flat=True)) == {
        *("区公安分局", "区住建交通委", "区经发委", "区农林水利委", "区文广旅游局"),
        *("区市场监管局", "区行政执法局", "区财政局", "区科技局", "区编办"),
    }
    assert not [s.name for s in Sector.objects.all() if not s.departments.exists()]


@pytest.mark.django_db
def test_x1_loading_twice_changes_nothing() -> None:
    first = load_district(profile=read(PROFILE), at=AT)
    counts = _counts()
    assert first
    assert AuditEvent.objects.filter(name="organisations.district_loaded").count() == 1
    assert load_district(profile=read(PROFILE), at=AT) == []
    assert _counts() == counts


def _counts() -> list[int]:
    return [m.objects.count() for m in (District, Territory, Unit, Sector, Sector.departments.through, AuditEvent)]


@pytest.mark.django_db
def test_x1_loading_again_changes_only_what_differs_and_says_it(tmp_path: Path) -> None:
    load_district(profile=read(PROFILE), at=AT)
    text = (
        TEXT.replace('"WD2"', '"WD3"')
        .replace('letter_code = "蚌山财"', 'letter_code = "蚌山财政"')
        .replace('["区公安分局", "区文广旅游局"]', '["区公安分局"]')
    )
    # One sector is left out of the file: it stays.
    text = text[: text.index('[[sectors]]\ncode = "agriculture"')]
    sectors = Sector.objects.count()
    out = io.StringIO()
    call_command("load_district", str(written(tmp_path, text)), stdout=out)
    said = out.getvalue().splitlines()
    assert said == [
        "修改区县 蚌山区：区县配置 terms.letter_receipt WD2 → WD3",
        "修改单位 区财政局：机关代字 蚌山财 → 蚌山财政",
        "修改行业领域 消防和人员密集场所：主管部门 区公安分局、区文广旅游局 → 区公安分局",
        "蚌山区（340303）已载入，3 处变化。",
    ]
    assert Sector.objects.count() == sectors
    assert District.objects.get().term("letter_receipt", "") == "WD3"
    event = AuditEvent.objects.filter(name="organisations.district_loaded").latest("pk")
    assert (event.data["changes"], event.actor_label, event.district_code) == (said[:3], "系统", "340303")


@pytest.mark.django_db
def test_x1_the_command_refuses_a_broken_file_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=re.escape("[terms] 的 letter_receipt")):
        call_command("load_district", str(written(tmp_path, TEXT.replace('"WD2"', '"2WD"'))))
    assert District.objects.count() == 0


@pytest.mark.django_db
def test_x3_a_second_district_loads_beside_and_sees_nothing_of_the_first(tmp_path: Path) -> None:
    load_district(profile=read(PROFILE), at=AT)
    units = Unit.objects.count()
    other = TEXT.replace("340303", "340304").replace("蚌山", "禹会")
    load_district(profile=read(written(tmp_path, other)), at=AT)
    assert Unit.objects.count() == 2 * units
    assert District.objects.count() == 2
    here, there = District.objects.get(code="340303"), District.objects.get(code="340304")
    enterprise = make_enterprise(district=here)
    mine, theirs = make_actor("bureau_head", district=here), make_actor("bureau_head", district=there)
    assert list(Enterprise.objects.for_actor(mine)) == [enterprise]
    assert list(Enterprise.objects.for_actor(theirs)) == []
    assert set(Unit.objects.for_actor(theirs).values_list("district", flat=True)) == {there.pk}
    assert not Case.objects.for_actor(theirs).exists()


@pytest.mark.django_db
def test_factories_build_two_districts_and_actors() -> None:
    make_district(code="340304", name="禹会区")
    actor = make_actor("department_head", "区市场监管局", name="许静")
    assert actor.label == "许静·区市场监管局部门科室负责人、分管领导"
    assert actor.stamp.district_code == "340303"
    assert client_for(actor).session["acting_post"] == actor.post.pk
