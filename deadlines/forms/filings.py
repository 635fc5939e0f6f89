"""The forms beside an expected filing."""

from typing import Any

from django import forms

from records.forms import FilesField, FilesInput, LateForm, SignedForm

_ACCEPTED = "image/*,.pdf,.docx,.xlsx"


class FileReportForm(LateForm, SignedForm):
    text = forms.CharField(
        label="报送内容",
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=4000,
        help_text="正文写要点；报告全文作为附件上传",
        error_messages={"required": "请填写报送内容"},
    )
    documents = FilesField(
        label="附件",
        required=False,
        help_text="可多选；图片、PDF、Word（docx）、Excel（xlsx），每个不超过 20 MB",
        widget=FilesInput(attrs={"accept": _ACCEPTED, "data-max-bytes": str(20 * 1024 * 1024)}),
        error_messages={"empty": "有空文件，请重新选择"},
    )

    def report(self) -> dict[str, Any]:
        """What the service takes."""
        cleaned = self.cleaned_data
        return {"text": cleaned["text"], "files": cleaned["documents"], "hand": self.hand(), "late_reason": self.late()}


class ReceiveReportForm(SignedForm):
    pass


class ReturnReportForm(forms.Form):
    reason = forms.CharField(
        label="退回原因",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=300,
        help_text="写明缺什么、改什么",
        error_messages={"required": "请填写退回原因"},
    )
