"""The columns of 风险 that stand under the heading of its registers."""

from typing import Any

from django.urls import reverse

from organisations.actors import Actor
from organisations.roles import Scope
from risks.selectors.guide_coverage import SCOPES
from risks.services.retroactive import may_enter


def subnav(actor: Actor, here: str) -> list[dict[str, Any]]:
    """`here`: register, guides or coverage."""
    items: list[dict[str, Any]] = []
    if actor.scope != Scope.NONE:
        items.append({"text": "台账", "url": reverse("risks:register"), "current": here == "register"})
        if actor.scope != Scope.ASSIGNED:
            items.append({"text": "交办函", "url": f"{reverse('letters:list')}?kind=risk_handover"})
    items.append({"text": "指导手册", "url": reverse("risks:guides"), "current": here == "guides"})
    if actor.scope in SCOPES:
        items.append({"text": "手册覆盖", "url": reverse("risks:guide-coverage"), "current": here == "coverage"})
    if may_enter(actor):
        items.append({"text": "补录", "url": reverse("risks:retroactive")})
    return items
