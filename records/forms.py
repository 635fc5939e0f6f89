"""Form parts that every app uses: several files at once, a drawn signature with the password, the reason for lateness."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from records.services.signing import Hand


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Cleans to a list of uploads, empty when nothing was chosen."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if not files:
            super().clean(None, initial)
            return []
        return [super(FilesField, self).clean(f, initial) for f in files]


def photos_field(label: str, *, required: bool = False, help_text: str = "") -> FilesField:
    """Photos from the phone's camera or album; position data is removed on arrival."""
    return FilesField(
        label=label,
        required=required,
        help_text=help_text or "可多选；照片中的位置和设备信息会自动去除，每个不超过 20 MB",
        widget=FilesInput(attrs={"accept": "image/*,application/pdf", "data-max-bytes": str(20 * 1024 * 1024)}),
        error_messages={"required": "请上传照片", "empty": "有空文件，请重新选择"},
    )


class SignedForm(forms.Form):
    """Adds the signature and the password; `hand()` is what services take."""

    signature = forms.CharField(
        label="手写签名",
        widget=forms.HiddenInput,
        error_messages={"required": "请在签字框内手写签名"},
        max_length=20_000,
    )
    password = forms.CharField(
        label="登录密码",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="签字须再输一次密码，确认是本人",
        error_messages={"required": "请输入登录密码"},
        strip=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The reason for lateness, signature and password come last whatever the subclass adds.
        last = ["late_reason", "signature", "password"]
        self.order_fields([*(name for name in self.fields if name not in last), *last])

    def hand(self) -> Hand:
        return Hand(strokes=self.cleaned_data["signature"], password=self.cleaned_data["password"])


class LateForm(forms.Form):
    """Adds the reason for lateness, asked only when the regulator's own term has run out."""

    late_reason = forms.CharField(
        label="逾期原因",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
        required=False,
        help_text="本机关时限已过，不可延期；写明原因，计入考核",
    )

    def __init__(self, *args: Any, is_late: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_late:
            self.fields["late_reason"].required = True
            self.fields["late_reason"].error_messages["required"] = "本机关时限已过，请写明逾期原因"
        else:
            del self.fields["late_reason"]

    def late(self) -> str:
        return str(self.cleaned_data.get("late_reason", ""))


def date_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
