"""Forms of letters: the draft, and the acts beside a letter."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from organisations.models import Post, Unit
from records.forms import FilesField, FilesInput, SignedForm, date_input, photos_field
from records.models import Attachment, Delivery, Letter
from records.services.deliveries import names_in

Kind, Form = Letter.Kind, Letter.Form
OWN_KINDS = [choice for choice in Kind.choices if choice[0] != Kind.RISK_HANDOVER]
# Which forms suit a kind: an upward letter has a red head with 签发人, minutes have a form of their own.
FORMS_OF = {
    Kind.LETTER: (Form.XINHAN, Form.WENJIAN),
    Kind.NOTICE: (Form.WENJIAN, Form.XINHAN),
    Kind.BULLETIN: (Form.WENJIAN,),
    Kind.REPORT: (Form.WENJIAN,),
    Kind.REQUEST: (Form.WENJIAN,),
    Kind.MINUTES: (Form.JIYAO,),
}


def _text(label: str, rows: int = 3, *, max_length: int = 400, help_text: str = "", required: bool = True) -> Any:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=max_length,
        help_text=help_text,
        required=required,
        error_messages={"required": f"请填写{label}", "max_length": f"{label}不超过 %(limit_value)d 字"},
    )


def _line(label: str, *, max_length: int, help_text: str = "", required: bool = False) -> Any:
    return forms.CharField(
        label=label,
        max_length=max_length,
        help_text=help_text,
        required=required,
        error_messages={"required": f"请填写{label}", "max_length": f"{label}不超过 %(limit_value)d 字"},
    )


class UnitChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, unit: Unit) -> str:
        return str(unit)


class PostChoice(forms.ModelChoiceField):
    def label_from_instance(self, post: Post) -> str:
        return f"{post.person.name}　{post.section}{post.title}"


class FileChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, file: Attachment) -> str:
        return file.name


class LetterForm(forms.Form):
    kind = forms.ChoiceField(label="文种", choices=OWN_KINDS, error_messages={"required": "请选择文种"})
    form = forms.ChoiceField(
        label="格式",
        choices=Form.choices,
        widget=forms.RadioSelect(attrs={"data-switch": "form"}),
        help_text="GB/T 9704-2012。通知、通报、报告、请示用文件格式，函用信函格式，纪要用纪要格式",
        error_messages={"required": "请选择格式"},
    )
    title = _line("标题", max_length=160, required=True, help_text="如“关于开展国庆节前安全生产大检查的通知”")
    urgency = forms.ChoiceField(label="紧急程度", choices=[("", "不标"), *Letter.Urgency.choices], required=False)
    main_units = UnitChoice(
        label="主送（平台内单位）",
        queryset=Unit.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="送达后在平台内收件、签收",
    )
    main_others = _line(
        "主送其他单位",
        max_length=300,
        help_text="企业填全称，平台内有的自动在平台内收件；平台外单位送达后登记送达方式。用顿号隔开",
    )
    addressee = _line(
        "主送统称", max_length=200, help_text="印在文首，如“各乡街，区直有关部门”；不填则逐个列出单位名称"
    )
    body = _text(
        "正文",
        16,
        max_length=20_000,
        help_text="每段一行。以“一、”“（一）”“1.”“（1）”开头的自动按标题层次排版；前两级标题写到第一个句号为止",
    )
    attachment_names = _text("附件说明", 2, max_length=600, required=False, help_text="每个附件名称一行，序号自动编")
    enclosures = FilesField(
        label="附件文件",
        required=False,
        help_text="随文送达，可多选，每个不超过 20 MB",
        widget=FilesInput(attrs={"data-max-bytes": str(20 * 1024 * 1024)}),
        error_messages={"empty": "有空文件，请重新选择"},
    )
    taken_out = FileChoice(
        label="移出已传的附件", queryset=Attachment.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    copies = _line("抄送", max_length=300, help_text="单位全称或简称，用顿号隔开；平台内单位自动在平台内收件")
    note = _line("附注", max_length=100, help_text="印在日期下方的括号里，如“此件公开发布”")
    is_sealed = forms.BooleanField(
        label="加盖印章", required=False, initial=True, help_text="署名、日期按加盖印章的位置排版"
    )
    attendees = _text("出席", 2, required=False)
    absentees = _text("请假", 1, required=False)
    observers = _text("列席", 1, required=False)
    countersigners = forms.MultipleChoiceField(
        label="会签",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="核稿后送会签，全部同意才能签发；稿件再有改动，已签的失效、须重签",
    )
    in_order = forms.BooleanField(label="按上列顺序依次会签", required=False, help_text="不勾选的同时送出")
    checker = PostChoice(
        label="核稿人",
        queryset=Post.objects.none(),
        required=False,
        empty_label="先存草稿，暂不送核",
        help_text="拟稿人不能核自己的稿",
    )

    def __init__(
        self,
        *args: Any,
        units: QuerySet[Unit],
        checkers: QuerySet[Post],
        countersigners: list[tuple[str, str]],
        files: QuerySet[Attachment],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["main_units"].queryset, fields["checker"].queryset = units, checkers
        fields["countersigners"].choices, fields["taken_out"].queryset = countersigners, files
        if not countersigners:
            del self.fields["countersigners"], self.fields["in_order"]
        if not files:
            del self.fields["taken_out"]
        for name in ("attendees", "absentees", "observers"):
            self.fields[name].is_conditional = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind, form = cleaned.get("kind"), cleaned.get("form")
        if kind and form and form not in FORMS_OF[Kind(kind)]:
            fit = "或".join(Form(f).label for f in FORMS_OF[Kind(kind)])
            self.add_error("form", f"{Kind(kind).label}用{fit}")
        if not cleaned.get("main_units") and not cleaned.get("main_others", "").strip():
            self.add_error("main_units", "请选择主送单位，或在下面填写其他单位")
        return cleaned

    def main(self) -> list[Unit | str]:
        return [*self.cleaned_data["main_units"], *names_in(self.cleaned_data["main_others"])]

    def copies_named(self) -> list[str]:
        return names_in(self.cleaned_data["copies"])

    @property
    def fieldsets_for_template(self) -> list[dict[str, Any]]:
        def fields(*names: str) -> list[Any]:
            return [self[name] for name in names if name in self.fields]

        return [
            {"fields": fields("kind", "form", "title", "urgency")},
            {"legend": "发给谁", "fields": fields("main_units", "main_others", "addressee", "copies")},
            {
                "legend": "内容",
                "fields": fields("body", "attachment_names", "enclosures", "taken_out", "note", "is_sealed"),
            },
            {
                "legend": "参加会议的人员",
                "fields": fields("attendees", "absentees", "observers"),
                "when": "jiyao",
                "switch": "form",
            },
            {"legend": "办文", "fields": fields("countersigners", "in_order", "checker")},
        ]


class CheckForm(forms.Form):
    decision = forms.ChoiceField(
        label="核稿意见", choices=[("pass", "同意"), ("return", "退回修改")], widget=forms.RadioSelect, initial="pass"
    )
    note = _text("退回意见", 2, max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("decision") == "return" and not cleaned.get("note", "").strip():
            self.add_error("note", "退回修改须写明意见")
        return cleaned


class ReturnForm(forms.Form):
    note = _text("退回意见", 2, max_length=300)


class CountersignForm(SignedForm):
    opinion = _line("会签意见", max_length=300, help_text="同意的可不填；不同意的，用“会签不同意”退回")


class ObjectForm(forms.Form):
    opinion = _text("不同意的理由和修改意见", 3, max_length=300)


class IssueForm(forms.Form):
    number = _line("发文字号", max_length=60, required=True, help_text="按本机关公文系统编的号填写")
    dispatch = forms.BooleanField(
        label="签发后立即通过平台送达",
        required=False,
        help_text="须先用印的不勾选，上传盖章件后再送达",
    )

    def __init__(self, *args: Any, is_entered: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_entered:
            del self.fields["number"]


class NothingForm(forms.Form):
    """An act that asks for nothing but the decision to do it."""


class LeaveForm(forms.Form):
    delivery = forms.ModelChoiceField(
        label="单位", queryset=Delivery.objects.none(), error_messages={"required": "请选择单位"}
    )
    refusal_reason = _text("拒收或无法签收的情形", 2, max_length=300)
    witnesses = _line("见证人", max_length=200, required=True, help_text="两名以上，用顿号隔开")
    photos = photos_field("留置现场照片", required=True)

    def __init__(self, *args: Any, open_: QuerySet[Delivery], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["delivery"].queryset = open_

    def clean_witnesses(self) -> list[str]:
        return names_in(self.cleaned_data["witnesses"])


class LogForm(forms.Form):
    delivery = forms.ModelChoiceField(
        label="单位", queryset=Delivery.objects.none(), error_messages={"required": "请选择单位"}
    )
    how = forms.ChoiceField(
        label="送达方式",
        choices=[c for c in Delivery.How.choices if c[0] != Delivery.How.PORTAL],
        error_messages={"required": "请选择送达方式"},
    )
    sent_on = forms.DateField(label="送达日期", widget=date_input(), error_messages={"required": "请填写送达日期"})
    signed_by = _line("签收人", max_length=60)
    signed_on = forms.DateField(label="签收日期", widget=date_input(), required=False)
    remark = _line("说明", max_length=200, help_text="如邮寄单号、公文系统回执号")

    def __init__(self, *args: Any, outside: QuerySet[Delivery], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["delivery"].queryset = outside


class VoidForm(forms.Form):
    reason = _text("作废原因", 2, max_length=300)


class SeriesForm(forms.Form):
    word = forms.RegexField(
        r"[\u4e00-\u9fff]{0,6}",
        label="文种代字",
        required=False,
        help_text="写在机关代字后面、年份前面；每个文种不同。没有的不填",
        error_messages={"invalid": "文种代字是 6 个以内的汉字"},
    )
    is_entered = forms.ChoiceField(
        label="编号",
        choices=[("no", "由平台连续编号"), ("yes", "由本机关公文系统编号，签发时填写")],
        widget=forms.RadioSelect,
    )


class ReceiveForm(SignedForm):
    pass
