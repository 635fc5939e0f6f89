"""文书核验: the public page that a letter's QR and code lead to. No login; it tells what the letter itself says, no more."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from audit.clock import local_date
from organisations.access import public
from records.models import Letter
from records.services.verification import copy_matched, letter_of, normal_code

S = Letter.State
# What the holder of a paper has to know; the steps inside the office are nobody's business here.
STATES = {
    S.RECALLED: ("已撤回", "发文机关已撤回这份文书，不再有效。"),
    S.REPLACED: ("已被替代", "发文机关已另发文书替代，不再有效。"),
    S.VOID: ("作废", "这个文号已作废，文书无效。"),
}
VALID = ("有效", "发文机关签发，在平台登记在册。")


class CodeForm(forms.Form):
    code = forms.CharField(
        label="核验码",
        max_length=40,
        help_text="文书首页右上角的 16 位字母和数字，横线可不输。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": "请输入核验码"},
    )

    def clean_code(self) -> str:
        code = normal_code(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError("核验码应是 16 位字母和数字，请对照文书重新输入")
        if letter_of(code) is None:
            raise forms.ValidationError("没有这个核验码的文书。请核对输入；仍查不到的，请与发文机关核实。")
        return code


class CopyForm(forms.Form):
    file = forms.FileField(
        label="文书的电子文件",
        help_text="PDF 或盖章扫描件。只计算摘要作比对，不保存文件。",
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/*"}),
        error_messages={"required": "请选择文件", "empty": "这是空文件，请重新选择"},
    )


@public
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("verify", code=form.cleaned_data["code"].replace("-", ""))
    return _answer(render(request, "letters/verify_ask.html", {"form": form}, status=422 if form.errors else 200))


@public
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, code: str) -> HttpResponse:
    letter = letter_of(code)
    if letter is None:
        return _answer(render(request, "letters/verify_ask.html", {"form": CodeForm(), "unknown": True}, status=404))
    form = CopyForm(request.POST, request.FILES) if request.method == "POST" else CopyForm()
    checked = None
    if request.method == "POST" and form.is_valid():
        checked = {"name": form.cleaned_data["file"].name, "matched": copy_matched(letter, form.cleaned_data["file"])}
    state, words = STATES.get(S(letter.state), VALID)
    assert letter.issued_at is not None, "only issued letters have a code"
    context: dict[str, Any] = {
        "letter": letter,
        "state": state,
        "words": words,
        "is_valid": (state, words) == VALID,
        "facts": [
            {"label": "发文字号", "value": letter.number, "wide": True, "strong": True},
            {"label": "成文日期", "value": local_date(letter.issued_at).isoformat(), "wide": True, "num": True},
            {"label": "发文机关", "value": letter.issuer.name, "wide": True},
            {"label": "标题", "value": letter.title, "wide": True},
        ],
        "form": form,
        "checked": checked,
    }
    return _answer(render(request, "letters/verify_show.html", context, status=422 if form.errors else 200))


def _answer(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
