"""Choosing a method and its values: LEC, LS or direct determination. The tables are those of risks.grading."""

from decimal import Decimal
from typing import Any

from django import forms

from risks.grading import (
    DIRECT_REASONS,
    LEC_BOUNDS,
    LEC_LABELS,
    LEC_TABLES,
    LS_LABELS,
    LS_TABLES,
    LS_VARIANTS,
    Grade,
    GradingError,
    Method,
    grade,
    grade_text,
)


def _options(table: dict[str, str]) -> list[tuple[str, str]]:
    return [("", "请选择"), *((value, f"{value}　{words}") for value, words in table.items())]


def _bounds_text(bounds: tuple[tuple[Decimal, Grade], ...]) -> str:
    """320:重大 红;160:较大 橙;…;0:低 蓝, from which the page shows the outcome before it is signed."""
    return ";".join([*(f"{lower}:{grade_text(reached)}" for lower, reached in bounds), f"0:{grade_text(Grade.BLUE)}"])


class GradingFields(forms.Form):
    """Method and inputs. `cleaned_inputs()` gives what the service takes; the outcome is computed, never typed."""

    method = forms.ChoiceField(
        label="评估方法",
        choices=Method.choices,
        initial=Method.LEC,
        widget=forms.RadioSelect(attrs={"data-switch": "method"}),
    )
    lec_likelihood = forms.ChoiceField(
        label=LEC_LABELS["likelihood"], choices=_options(LEC_TABLES["likelihood"]), required=False
    )
    lec_exposure = forms.ChoiceField(
        label=LEC_LABELS["exposure"], choices=_options(LEC_TABLES["exposure"]), required=False
    )
    lec_consequence = forms.ChoiceField(
        label=LEC_LABELS["consequence"], choices=_options(LEC_TABLES["consequence"]), required=False
    )
    ls_likelihood = forms.ChoiceField(
        label=LS_LABELS["likelihood"], choices=_options(LS_TABLES["likelihood"]), required=False
    )
    ls_severity = forms.ChoiceField(
        label=LS_LABELS["severity"], choices=_options(LS_TABLES["severity"]), required=False
    )
    direct_grade = forms.ChoiceField(label="直接判定为", choices=[("", "请选择"), *Grade.choices], required=False)
    direct_reason = forms.ChoiceField(
        label="直接判定的理由",
        choices=[("", "请选择"), *((text, text) for text in DIRECT_REASONS.values())],
        required=False,
    )

    method_fields = (
        "method",
        "lec_likelihood",
        "lec_exposure",
        "lec_consequence",
        "ls_likelihood",
        "ls_severity",
        "direct_grade",
        "direct_reason",
    )

    def __init__(self, *args: Any, ls_variant: str = "A", **kwargs: Any) -> None:
        self.ls_variant = ls_variant
        super().__init__(*args, **kwargs)
        for name in self.method_fields[1:]:
            self.fields[name].is_conditional = True  # type: ignore[attr-defined]

    def method_is_needed(self) -> bool:
        return True

    def cleaned_inputs(self) -> dict[str, str]:
        chosen = self.cleaned_data["method"]
        return {
            name.removeprefix(f"{chosen}_"): self.cleaned_data.get(name) or ""
            for name in self.fields
            if name.startswith(f"{chosen}_")
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "method" in cleaned and self.method_is_needed() and not self._left_open(cleaned["method"]):
            try:
                self.graded = grade(cleaned["method"], self.cleaned_inputs(), ls_variant=self.ls_variant)
            except GradingError as error:
                name = f"{cleaned['method']}_{error.field}"
                self.add_error(name if name in self.fields else "method", str(error))
        return cleaned

    def _left_open(self, method: str) -> bool:
        """Every factor nobody chose is named at once; the list of allowed values would say nothing here."""
        left = [name for name, value in self.cleaned_inputs().items() if not value]
        for name in left if method != Method.DIRECT else ():
            if not self.errors.get(f"{method}_{name}"):
                self.add_error(f"{method}_{name}", f"请选择 {self.fields[f'{method}_{name}'].label}")
        return bool(left) and method != Method.DIRECT

    @property
    def fieldsets_for_template(self) -> list[dict[str, Any]]:
        """The method's fields under their own legends, then whatever the subclass adds."""
        rest = [name for name in self.fields if name not in self.method_fields]
        bound = lambda *names: [self[name] for name in names]  # noqa: E731
        return [
            {"fields": bound("method")},
            {
                "legend": "LEC 取值",
                "fields": bound("lec_likelihood", "lec_exposure", "lec_consequence"),
                "when": "lec",
                "outcome": _bounds_text(LEC_BOUNDS),
            },
            {
                "legend": "LS 取值",
                "fields": bound("ls_likelihood", "ls_severity"),
                "when": "ls",
                "outcome": _bounds_text(LS_VARIANTS[self.ls_variant]),
            },
            {"legend": "直接判定", "fields": bound("direct_grade", "direct_reason"), "when": "direct"},
            {"fields": bound(*rest)},
        ]
