"""Sending a sheet of risk points, and saying yes to what its check found."""

from typing import Any

from django import forms

from organisations.forms.enterprises import ImportForm
from risks.services.importing.columns import MAX_ROWS

SKIP, REGISTER = "skip", "register"


class UploadForm(ImportForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "file"
        ].help_text = f"模板或平台导出的台账，最多 {MAX_ROWS:,} 行、10 MB。检查后先列出清单，确认了才登记。"


class ApplyForm(forms.Form):
    """`doubles`: the rows that the register has already. Nobody is asked when there are none."""

    duplicates = forms.ChoiceField(label="重复的行", widget=forms.RadioSelect)
    # The rows that the page named: another one that turned up since has to be named first.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, doubles: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.doubles = doubles
        if not doubles:
            del self.fields["duplicates"]
            return
        field: Any = self.fields["duplicates"]
        field.label = f"重复的 {len(doubles)} 行怎么办"
        field.choices = [(SKIP, "跳过，只登记其余的"), (REGISTER, "也登记：确实是另外的风险点")]
        field.error_messages["required"] = f"请选择重复的 {len(doubles)} 行怎么办"
        self.fields["seen"].initial = ",".join(map(str, doubles))

    @property
    def registers_doubles(self) -> bool:
        return self.cleaned_data.get("duplicates") == REGISTER

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        unseen = sorted(set(map(str, self.doubles)) - set(cleaned.get("seen", "").split(",")), key=int)
        if unseen:
            rows = "、".join(unseen)
            raise forms.ValidationError(f"检查之后又有人登记了同样的风险点：第 {rows} 行。请看清单后再选")
        return cleaned
