"""GB 32100-2015 and GB 11714 against the fact sheet's vectors (X1)."""

import pytest

from organisations.services.uscc import (
    CHARACTERS,
    check_character,
    normalise,
    organisation_check_character,
    validate,
)
from tests.factories import make_uscc

VALID = [
    "91350100M000100Y43",
    "11320000MB151840XJ",
    "91110000600037341L",
    "91340303MA2T000156",
    "91340303MA2T000231",
    "91340303MA2T00031U",
    "91340303MA2T0004XK",
    "91340303MA2T00058K",
    "91340303MA2T00066E",
]


@pytest.mark.parametrize("code", VALID)
def test_x1_valid_codes_pass_both_checks(code):
    assert validate(code) == ([], [])
    assert check_character(code[:17]) == code[17]
    assert organisation_check_character(code[8:16]) == code[16]


@pytest.mark.parametrize("code", VALID)
@pytest.mark.parametrize("place", range(18))
def test_x1_every_single_wrong_character_is_an_error(code, place):
    letters = "0123456789" if 2 <= place < 8 else CHARACTERS
    wrong = letters[(letters.index(code[place]) + 1) % len(letters)]
    errors, _ = validate(code[:place] + wrong + code[place + 1 :])
    assert errors == ["统一社会信用代码校验不通过，请对照营业执照逐位核对"]


def test_x1_the_standards_counterexample_is_refused():
    assert validate("91350100M000100Y4Z")[0] == ["统一社会信用代码里不能有 Z（代码不使用字母 I、O、S、V、Z）"]


def test_x1_wrong_organisation_code_is_only_a_warning():
    first17 = "91340303MA2T00016"  # GB 11714 wants 5 at the end
    code = first17 + check_character(first17)
    errors, warnings = validate(code)
    assert errors == []
    assert warnings == ["代码中的组织机构代码（第 9 至 17 位）校验不通过，请核对；确与营业执照一致的可以保留"]


def test_x1_lower_case_spaces_and_full_width_are_brought_to_one_form():
    assert normalise(" 91340303 ma2t 00066e\n") == "91340303MA2T00066E"
    assert normalise("９１３４０３０３ＭＡ２Ｔ００06-6E") == "91340303MA2T00066E"
    assert validate("91340303 ma2t 00066e") == ([], [])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", "统一社会信用代码应为 18 位，现在是 0 位"),
        ("9134030", "统一社会信用代码应为 18 位，现在是 7 位"),
        ("91340303MA2T00015é", "统一社会信用代码里不能有 É"),
        ("9134030AMA2T000156", "第 3 至 8 位应是 6 位数字的行政区划码，现在是 34030A"),
    ],
)
def test_x1_malformed_codes_say_what_is_wrong(code, message):
    assert validate(code) == ([message], [])


def test_x1_codes_of_the_factories_pass():
    assert validate(make_uscc(serial=7)) == ([], [])
    assert validate(make_uscc(serial=4321)) == ([], [])
