"""Marking as 敏感, and taking the mark away."""

from typing import Any

from records.models import Attachment
from records.selectors import attachments_for
from risks.forms import actions as f
from risks.services import confidential
from risks.views.acts.act import Act, Context, common


def _targets(c: Context, *, on: bool) -> dict[str, Any]:
    files = attachments_for(c.actor, c.risk.case).filter(is_confidential=not on)
    choices = [("case", "整个案卷")] if c.risk.case.is_confidential != on else []
    return {"choices": [*choices, *((str(a.pk), f"{a.purpose}：{a.name}") for a in files)]}


def _mark(c: Context, form: f.ConfidentialForm, version: int | None, *, on: bool) -> object:
    chosen = form.cleaned_data["targets"]
    files = list(Attachment.objects.filter(case=c.risk.pk, pk__in=[int(key) for key in chosen if key != "case"]))
    return confidential.mark(
        **common(c, version), whole="case" in chosen, files=files, reason=form.cleaned_data["reason"], on=on
    )


ACTS: dict[str, Act] = {
    "mark_confidential": Act(
        "标为敏感",
        f.ConfidentialForm,
        lambda c, form, v: _mark(c, form, v, on=True),
        lambda c: "此后每次查看、下载和导出都记入审计，审计管理员可查。",
        "已标为敏感",
        arguments=lambda c: _targets(c, on=True),
    ),
    "unmark_confidential": Act(
        "取消敏感标记",
        f.ConfidentialForm,
        lambda c, form, v: _mark(c, form, v, on=False),
        lambda c: "此后的查看不再逐次记录；以前的记录保留。",
        "敏感标记已取消",
        arguments=lambda c: _targets(c, on=False),
    ),
}
