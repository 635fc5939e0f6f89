"""Line breaking on the grid, with characters of known widths: no fonts needed."""

from records.letters.lines import Line, Run, break_lines, break_title


def width(_role: str, character: str) -> float:
    return 0.5 if ord(character) < 0x2000 else 1.0


def broken(text: str, measure: float = 10, first_indent: float = 0) -> list[Line]:
    return break_lines([Run("fangsong", text)], measure=measure, width=width, first_indent=first_indent)


def texts(text: str, measure: float = 10, first_indent: float = 0) -> list[str]:
    return [line.text for line in broken(text, measure, first_indent)]


def test_full_lines_and_first_indent() -> None:
    assert texts("安" * 25, first_indent=2) == ["安" * 8, "安" * 10, "安" * 7]


def test_nothing_is_lost() -> None:
    text = "经研判（LEC）评定为6×6×15=540分，属“重大风险”；《粉尘防爆安全规程》（GB 15577-2018）要求……——停产。" * 3
    assert "".join(texts(text, 13)).replace(" ", "") == text.replace(" ", "")


def test_closing_mark_never_starts_a_line_and_opening_never_ends_one() -> None:
    for size in range(8, 24):
        lines = texts("按照《粉尘防爆安全规程》（国标）和“三同时”规定，立即整改；逾期，依法处理。" * 2, size)
        assert not [line for line in lines if line[0] in "，。、；：》）”"]
        assert not [line for line in lines if line[-1] in "《（“"]


def test_closing_mark_is_squeezed_in_on_a_long_line() -> None:
    first, second = broken("安" * 28 + "。全", 28)
    assert (first.text, second.text) == ("安" * 28 + "。", "全")
    assert -0.055 < first.spacing < 0


def test_broken_line_reaches_the_right_edge() -> None:
    first = broken("安" * 27 + "2026年", 28)[0]
    assert first.text == "安" * 27
    assert abs(27 * (1 + first.spacing) - 28) < 1e-9


def test_number_is_not_torn_from_its_digits_or_unit() -> None:
    assert texts("安" * 9 + "2026年") == ["安" * 9, "2026年"]
    assert texts("风速不低于安全值23 m/s的", 10) == ["风速不低于安全值", "23 m/s的"]


def test_code_longer_than_a_line_is_cut() -> None:
    assert texts("A" * 30) == ["A" * 20, "A" * 10]


def test_roles_survive_breaking() -> None:
    runs = [Run("kaiti", "（一）立即停产。"), Run("fangsong", "自收到本函之日起")]
    lines = break_lines(runs, measure=10, width=width)
    assert [[(run.role, run.text) for run in line.runs] for line in lines] == [
        [("kaiti", "（一）立即停产。"), ("fangsong", "自收")],
        [("fangsong", "到本函之日起")],
    ]


def test_title_breaks_between_words_into_balanced_lines() -> None:
    title = "关于交办安徽皖淮精密轮毂有限公司抛光车间铝粉尘爆炸重大风险治理工作的函"
    assert break_title(title, measure=20, width=lambda _c: 1.0) == [
        "关于交办安徽皖淮精密轮毂有限公司",
        "抛光车间铝粉尘爆炸重大风险治理工作的函",
    ]
    assert break_title("关于交办重大风险治理的函", measure=20, width=lambda _c: 1.0) == ["关于交办重大风险治理的函"]


def test_title_keeps_the_writers_own_breaks() -> None:
    assert break_title("关于交办重大风险\n治理的函", measure=20, width=lambda _c: 1.0) == [
        "关于交办重大风险",
        "治理的函",
    ]
