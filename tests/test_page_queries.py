"""How many queries a page asks, as a literal number, and the same with three rows as with one."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from deadlines.models import Notice
from deadlines.services.reminders import sweep
from organisations.roles import ROLES
from tests.factories import at, client_for, make_actor
from tests.plugins.workspace import media, plain_font, plain_font_folder
from tests.risks.builders import Scene, photo, risk_in
from tests.risks.sheets import book, line, sent

__all__ = ["media", "plain_font", "plain_font_folder"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_font", "media")]
NOW = "2026-10-09T14:20:00+08:00"


@pytest.fixture(autouse=True)
def clock(settings: LazySettings) -> None:
    settings.BUSINESS_NOW = NOW


def asked(client: Client, url: str) -> int:
    client.get(url)  # the first visit fills what the process keeps
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def with_one_and_three(state: str, url: str, grow: Callable[[Scene], object] | None = None) -> tuple[int, int]:
    """Queries of the page for the official in charge: one case of this state, then three."""
    scene = risk_in(state)
    client = client_for(scene.cast.handler)
    if grow:
        grow(scene)
    one = asked(client, url)
    for _ in range(2):
        other = risk_in(state, cast=scene.cast)
        if grow:
            grow(other)
    return one, asked(client, url)


def test_x8_worklist_page() -> None:
    assert with_one_and_three("graded", "/") == (10, 10)


def test_x8_worklist_page_of_every_role() -> None:
    numbers = {role.key: asked(client_for(make_actor(role.key)), "/") for role in ROLES}
    assert max(numbers.values()) == 11, numbers


def test_x8_worklist_page_with_approvals_that_wait() -> None:
    scene = risk_in("graded")
    client = client_for(scene.cast.chief)
    scene.propose("ceased", reason="已拆除")
    one = asked(client, "/")
    for _ in range(2):
        risk_in("graded", cast=scene.cast).propose("ceased", reason="已拆除")
    assert (one, asked(client, "/")) == (10, 10)


def test_x7_list_of_letters() -> None:
    assert with_one_and_three("treating", "/letters/") == (6, 6)


def test_x5_rules_page() -> None:
    assert with_one_and_three("graded", "/rules/") == (6, 6)


def test_x5_page_of_one_rule() -> None:
    assert with_one_and_three("graded", "/rules/risks.handover/") == (7, 7)


def test_x3_search() -> None:
    assert with_one_and_three("treating", "/search/?q=卸油") == (10, 10)


def test_x5_notices() -> None:
    numbers = with_one_and_three("graded", "/notices/", lambda scene: sweep(at=at("2026-10-09 10:00")))
    assert Notice.objects.values("deadline").distinct().count() == 3
    assert numbers == (6, 6)


def test_x7_page_of_one_letter() -> None:
    scene = risk_in("treating")
    client = client_for(scene.cast.handler)
    assert asked(client, f"/letters/{scene.letter().pk}/") == 14


def test_r4_case_page_with_one_and_three_of_everything() -> None:
    """Progress with photos, a failed verification and a new application: three times over."""
    scene = risk_in("treating")
    client = client_for(scene.cast.handler)
    url = f"/risks/{scene.pk}/"

    def once() -> None:
        scene.progress(photos=[photo()])
        scene.apply()
        scene.verify(passed=False)
        scene.countersign()

    once()
    one = asked(client, url)
    once()
    once()
    assert (one, asked(client, url)) == (29, 29)


def test_r3_case_page_with_a_form_beside_it() -> None:
    scene = risk_in("awaiting")
    client = client_for(scene.cast.handler)
    one = asked(client, f"/risks/{scene.pk}/?do=conclude")
    for _ in range(2):
        risk_in("awaiting", cast=scene.cast)
    assert (one, asked(client, f"/risks/{scene.pk}/?do=conclude")) == (29, 29)


def test_r4_case_page_while_a_conclusion_waits_for_signatures() -> None:
    scene = risk_in("applied")
    scene.verify()
    assert asked(client_for(scene.cast.handler), f"/risks/{scene.pk}/") == 34


def test_x8_batches_ask_no_more_with_more_rows() -> None:
    """The index counts each batch; a batch reads its rows, its facet and what cannot be done together, whatever their number."""

    def draft_and_check(scene: Scene) -> None:
        scene.draft()
        scene.check()

    scene = risk_in("graded")
    draft_and_check(scene)
    client, leader = client_for(scene.cast.head), client_for(scene.cast.leader)
    one = [asked(client, "/batch/"), asked(client, "/batch/issue/"), asked(leader, "/batch/designate/")]
    for _ in range(2):
        draft_and_check(risk_in("graded", cast=scene.cast))
    assert one == [asked(client, "/batch/"), asked(client, "/batch/issue/"), asked(leader, "/batch/designate/")]
    assert max(one) <= 12, one


def test_r2_import_pages_ask_no_more_with_more_rows() -> None:
    """The list to confirm reads its units, its duplicates and its numbers at once; the result names its cases at once."""
    scene = risk_in("registered")
    client = client_for(scene.cast.reporter)
    upload = asked(client, "/risks/import/")
    numbers = []
    for count in (1, 3):
        rows = [line(风险点名称=f"{scene.pk}-{count}-{n}") for n in range(count)]
        url = client.post("/risks/import/", sent(book(*rows)))["Location"]
        confirming = asked(client, url)
        client.post(url, {"form_key": str(uuid4())})
        numbers.append((upload, confirming, asked(client, url)))
    assert numbers == [(5, 11, 8), (5, 11, 8)]
