"""The administration's pages: who reaches which, what they show (X3, X4, X5)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from config import status
from organisations.roles import ROLES, Right
from tests.factories import client_for, make_actor, make_district

pytestmark = pytest.mark.django_db

PLATFORM = {
    "system_admin": {
        "units",
        "territories",
        "sectors",
        "people",
        "profile",
        "status",
        "messages",
        "",
        "units/new",
        "people/new",
    },
    "security_admin": {"accounts", "accounts/new", "profile", ""},
    "audit_admin": {"audit", "status", "messages", "profile", ""},
    "bureau_principal": set(),
    "enterprise_principal": set(),
}
EVERYBODY = {"roles", "calendar"}
PAGES = set().union(*PLATFORM.values()) | EVERYBODY


@pytest.mark.parametrize("role", PLATFORM)
def test_x3_one_role_cannot_reach_anothers_pages(role):
    client = client_for(make_actor(role))
    got = {page: client.get(f"/manage/{page}/".replace("//", "/")).status_code for page in PAGES}
    assert got == {page: 200 if page in PLATFORM[role] | EVERYBODY else 403 for page in PAGES}


def test_x3_nobody_without_login():
    make_district()
    for page in PAGES:
        response = Client().get(f"/manage/{page}/".replace("//", "/"))
        assert (response.status_code, response.url.split("?")[0]) == (302, "/login/"), page


def test_x3_roles_are_one_table():
    page = client_for(make_actor("bureau_head")).get("/manage/roles/").content.decode()
    assert [role.label for role in ROLES if f">{role.label}" not in page] == []
    assert [right.label for right in Right if right.label not in page] == []
    assert page.count("●</span>") == sum(len(role.rights) for role in ROLES)
    assert "应急管理局科室负责人、分管领导（当前岗位）" in page


def test_x4_calendar_shows_the_make_up_day_with_its_document():
    page = client_for(make_actor()).get("/calendar/2026/").content.decode()
    assert '<time datetime="2026-10-10">10</time><b>班</b>' in page
    assert '<time datetime="2026-10-07">7</time><b>休</b>' in page
    assert '<time datetime="2026-10-12">12</time></td>' in page
    assert "国务院办公厅关于2026年部分节假日安排的通知" in page
    assert "2026 年为暂定日历" not in page


def test_x4_unannounced_year_says_so_and_a_year_beyond_the_table_is_404():
    client = client_for(make_actor())
    page = client.get("/calendar/2027/").content.decode()
    assert "2027 年为暂定日历" in page and "（暂定）" in page
    assert client.get("/calendar/2035/").status_code == 404


def test_x5_profile_marks_the_districts_own_terms():
    make_district(terms={"letter_receipt": "WD4"})
    page = client_for(make_actor("system_admin")).get("/manage/profile/").content.decode()
    assert "4 个工作日" in page and "本区默认值" in page and "load_district" in page


def test_x5_status_tells_what_never_ran(monkeypatch):
    monkeypatch.setattr(status, "UP_SINCE", datetime.now(UTC) - timedelta(minutes=4))
    page = client_for(make_actor("audit_admin")).get("/manage/status/").content.decode()
    assert "时限扫描" in page and '<span class="ink">异常</span>' in page and "尚未运行" in page
