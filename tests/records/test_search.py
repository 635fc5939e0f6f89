"""The search box: names and numbers of what the post may see."""

from typing import Any

import pytest
from django.urls import reverse

from records.models import Letter
from tests.factories import client_for, make_actor, make_enterprise
from tests.risks.builders import WEDNESDAY, registered, risk_in

pytestmark = pytest.mark.django_db


def found(role: str, unit: Any, words: str) -> dict[str, list[str]]:
    context = client_for(make_actor(role, unit)).get(reverse("search"), {"q": words}).context
    return {kind: [line["text"] for line in context[kind]] for kind in ("cases", "enterprises", "letters")}


def test_x3_search_finds_only_what_the_post_sees() -> None:
    mine, other = make_enterprise(name="蚌埠市燕山加油站"), make_enterprise(name="蚌埠市雪华加油站", township="雪华乡")
    scene = registered(at=WEDNESDAY)
    everything = found("bureau_handler", "区应急管理局", "加油站")
    assert everything["cases"] == ["卸油区"]
    assert everything["enterprises"][-2:] == ["蚌埠市雪华加油站", "蚌埠市燕山加油站"]
    assert found("enterprise_reporter", other, "加油站") == {
        "cases": [],
        "enterprises": [other.unit.name],
        "letters": [],
    }
    assert found("enterprise_reporter", mine, "卸油")["cases"] == []
    assert found("township_handler", "燕山乡", "卸油")["cases"] == [scene.case.title]


def test_one_character_is_told_that_two_are_needed() -> None:
    response = client_for(make_actor()).get(reverse("search"), {"q": "油"})
    assert "至少两个字" in response.content.decode()
    assert "cases" not in response.context


def test_a_whole_number_opens_what_it_names(plain_font: Any, media: Any) -> None:
    scene = risk_in("handed_over", at=WEDNESDAY)
    letter = Letter.objects.get()
    client = client_for(scene.cast.handler)
    assert client.get(reverse("search"), {"q": scene.case.number})["Location"] == reverse("risks:case", args=[scene.pk])
    assert client.get(reverse("search"), {"q": letter.number})["Location"] == reverse(
        "letters:detail", args=[letter.pk]
    )
    assert found("bureau_handler", "区应急管理局", letter.number[:4])["letters"] == [letter.number]
    stranger = client_for(make_actor("enterprise_reporter", make_enterprise()))
    assert stranger.get(reverse("search"), {"q": letter.number}).context["letters"] == []
