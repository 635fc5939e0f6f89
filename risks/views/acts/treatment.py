"""Treatment acts of the responsible unit."""

from risks.forms import actions as f
from risks.services import treatment
from risks.views.acts.act import Act, common

ACTS: dict[str, Act] = {
    "plan": Act(
        "报送治理方案",
        f.PlanForm,
        lambda c, form, v: treatment.file_plan(**common(c, v), **form.cleaned_data),
        lambda c: f"报送{c.risk.case.lead_unit}；再次报送以新方案为准，旧方案保留。",
        "治理方案已报送",
        submit_label="报送",
        on_paper="party",
    ),
    "progress": Act(
        "报送治理进展",
        f.ProgressForm,
        lambda c, form, v: treatment.report_progress(**common(c, v), **form.cleaned_data),
        lambda c: f"报送{c.risk.case.lead_unit}，提交后不能修改，可再报新的进展。",
        "治理进展已报送",
        submit_label="报送",
        on_paper="party",
    ),
}
