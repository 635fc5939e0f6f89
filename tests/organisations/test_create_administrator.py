"""The first administrators of an empty portal: made once, from the command line, and on the record."""

import re
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from audit.models import AuditEvent
from organisations.models import Account, Person, Post, Unit
from organisations.roles import UnitKind
from tests.factories import make_district, unit_of

pytestmark = pytest.mark.django_db


def run(role: str = "system_admin", name: str = "沈磊", username: str = "shenlei", **more: str) -> str:
    out = StringIO()
    call_command("create_administrator", role=role, name=name, username=username, stdout=out, **more)
    return out.getvalue()


def password_in(output: str) -> str:
    found = re.search(r"([a-z2-9]{4}(-[a-z2-9]{4}){2})$", output.strip())
    assert found, output
    return found.group(1)


def test_x3_first_administrator_logs_in_and_must_change_the_password() -> None:
    make_district()
    password = password_in(run())
    account = Account.objects.get(username="shenlei")
    assert account.must_change_password
    assert authenticate(None, username="shenlei", password=password) == account
    post = Post.objects.get(person=account.person)
    assert (post.role_key, post.unit) == ("system_admin", unit_of("平台管理"))

    client = Client()
    client.post("/login/", {"username": "shenlei", "password": password})
    page = client.get("/manage/")
    assert (page.status_code, page["Location"]) == (302, "/change-password/")


def test_x3_both_first_administrators_are_made_by_different_people() -> None:
    make_district()
    run()
    with pytest.raises(CommandError, match="沈磊是系统管理员，不能再任安全管理员"):
        run(role="security_admin", username="shenlei2")
    run(role="security_admin", name="韩雪", username="hanxue")
    assert sorted(Post.objects.values_list("role_key", "person__name")) == [
        ("security_admin", "韩雪"),
        ("system_admin", "沈磊"),
    ]


def test_x3_a_role_that_is_held_is_not_given_again() -> None:
    make_district()
    run()
    with pytest.raises(CommandError, match="蚌山区已有系统管理员（沈磊）"):
        run(name="唐宁", username="tangning")
    assert list(Account.objects.values_list("username", flat=True)) == ["shenlei"]
    assert Person.objects.filter(name="唐宁").count() == 0


def test_x6_every_step_is_an_event_and_no_event_holds_the_password() -> None:
    make_district()
    Unit.objects.filter(kind=UnitKind.PLATFORM).delete()
    password = password_in(run())
    events = AuditEvent.objects.order_by("pk")
    assert [e.label for e in events] == ["登记单位", "登记人员", "任命岗位", "开通账号"]
    assert {(e.actor_label, e.district_code) for e in events} == {("系统（命令行）", "340303")}
    assert not [e for e in events if password in e.canonical]
    assert unit_of("平台管理").name == "蚌埠市蚌山区安全生产监管平台管理组"


def test_x3_several_districts_have_to_be_told_apart() -> None:
    make_district()
    make_district(code="340302", name="龙子湖区")
    with pytest.raises(CommandError, match="库中有多个区县"):
        run()
    run(district="340302")
    assert Post.objects.get().unit.district.name == "龙子湖区"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"role": "audit_admin"}, "--role 须是 system_admin 或 security_admin"),
        ({"name": " "}, "请用 --name 写明姓名"),
        ({"username": "Shen Lei"}, "--username 须以小写字母开头"),
        ({"district": "999999"}, "没有区划代码为 999999 的区县"),
    ],
)
def test_x3_mistakes_are_answered_in_chinese(given: dict[str, str], message: str) -> None:
    make_district()
    with pytest.raises(CommandError, match=message):
        run(**given)
    assert not Account.objects.exists()


def test_x3_without_a_district_it_says_what_to_do_first() -> None:
    with pytest.raises(CommandError, match="库中还没有区县，请先运行 load_district"):
        run()
