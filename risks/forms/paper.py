"""Any act's form as it is keyed in from paper: the scan and who signed it instead of a drawn signature and the password."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from organisations.models import Post, Unit
from records.forms import FilesField, date_input
from records.services.attachments import content_type
from records.services.signing import Hand

FIELDS = ("paper_signer", "paper_title", "paper_on", "paper_scan")
_SCANS = ("image/", "application/pdf")


def paper_fields(*, party: bool) -> dict[str, forms.Field]:
    """`party`: somebody else signed the sheet; else the one who keys it in did."""
    fields: dict[str, forms.Field] = {}
    if party:
        fields["paper_signer"] = forms.CharField(
            label="纸上签字人", max_length=40, error_messages={"required": "请填写纸上签字人的姓名"}
        )
        fields["paper_title"] = forms.CharField(
            label="签字人职务",
            max_length=60,
            initial="主要负责人",
            error_messages={"required": "请填写签字人的职务"},
        )
    fields["paper_on"] = forms.DateField(
        label="纸质文件日期",
        widget=date_input(),
        help_text="纸上写的日期；时限按录入的时刻计算",
        error_messages={"required": "请填写纸质文件上的日期", "invalid": "日期格式应为 年-月-日"},
    )
    fields["paper_scan"] = scan_field("扫描件")
    return fields


def scan_field(label: str, *, required: bool = True) -> forms.FileField:
    return forms.FileField(
        label=label,
        required=required,
        help_text="签字的原件，PDF 或照片，不超过 20 MB",
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/*", "data-max-bytes": str(20 * 1024 * 1024)}),
        error_messages={"required": f"请上传{label}", "empty": "这是空文件，请重新选择"},
    )


def refuse_if_no_scan(upload: UploadedFile) -> UploadedFile:
    """A scan is a picture or a PDF: what cannot be printed cannot be compared."""
    upload.seek(0)
    kind = content_type(upload.read())
    upload.seek(0)
    if not kind.startswith(_SCANS):
        raise forms.ValidationError("扫描件须是 PDF 或照片（JPG、PNG、WEBP）")
    return upload


def on_paper(form: type[forms.Form], *, party: bool, keyed: bool) -> type[forms.Form]:
    """`keyed`: the form that is filled in; else the one through which what was kept is taken, with `hand` set by then."""

    class OnPaper(form):  # type: ignore[misc,valid-type]
        # The trial before anything is kept signs as a token would, and is rolled back.
        taken = Hand(by_token=True)

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            for name in ("signature", "password"):
                self.fields.pop(name, None)
            if keyed:
                self.fields |= paper_fields(party=party)

        def hand(self) -> Hand:
            return self.taken

        def clean_paper_scan(self) -> UploadedFile:
            return refuse_if_no_scan(self.cleaned_data["paper_scan"])

        def sheet(self) -> dict[str, Any]:
            """Takes what belongs to the paper out of the act's own data."""
            return {name: self.cleaned_data.pop(name, "") for name in FIELDS}

    return OnPaper


def told(form: forms.BaseForm) -> list[dict[str, Any]]:
    """What a valid form says, as facts for whoever compares it with the paper."""
    rows = []
    for name, field in form.fields.items():
        value = form.cleaned_data.get(name)
        if isinstance(field, forms.FileField) or value in (None, "", [], False):
            continue
        rows.append({"label": field.label, "value": _words(field, value), "wide": True})
    return rows


def _words(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ModelChoiceField):
        chosen = value if hasattr(value, "__iter__") else [value]
        return "、".join(_named(one) for one in chosen)
    if isinstance(field, forms.ChoiceField):
        labels = {str(key): str(label) for key, label in field.choices if not isinstance(label, list | tuple)}
        values = value if isinstance(value, list) else [value]
        return "、".join(labels.get(str(one), str(one)) for one in values)
    if isinstance(value, list | tuple):
        return "、".join(str(one) for one in value)
    return "是" if value is True else str(value)


def _named(one: Any) -> str:
    if isinstance(one, Post):
        return f"{one.person.name}（{one.unit}{one.title}）"
    return one.name if isinstance(one, Unit) else str(one)


class CompareForm(forms.Form):
    decision = forms.ChoiceField(
        label="与原件核对",
        choices=[("same", "与原件一致"), ("differs", "不符，退回重录")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择核对结果", "invalid_choice": "请选择核对结果"},
    )
    note = forms.CharField(
        label="不符的情况",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("decision") == "differs" and not cleaned.get("note", "").strip():
            self.add_error("note", "请写明哪里不符")
        return cleaned


def files_of(form: forms.BaseForm) -> dict[str, list[UploadedFile]]:
    """Uploads of a valid form by field, without the scan."""
    found: dict[str, list[UploadedFile]] = {}
    for name, field in form.fields.items():
        if isinstance(field, FilesField):
            found[name] = list(form.cleaned_data.get(name) or [])
    return found
