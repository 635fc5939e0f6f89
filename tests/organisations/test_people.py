"""People and posts (X1, X3)."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from audit.models import AuditEvent
from organisations.events import Event
from organisations.models import Person, Post
from organisations.services.people import close_post, open_post
from tests.factories import at, client_for, make_actor, make_district, make_person, make_post, unit_of

pytestmark = pytest.mark.django_db
NOW = at("2026-10-09 14:20")


def post_form(**changed):
    form = {"role_key": "bureau_handler", "title": "科员", "section": "危化科", "valid_from": "2026-10-09", "basis": ""}
    return form | changed


def test_x1_person_is_registered_appointed_and_dismissed():
    admin = make_actor("system_admin")
    client = client_for(admin)
    assert client.post("/manage/people/new/", {"name": "李 明", "phone": "13805521111"}).status_code == 302
    person = Person.objects.get(name="李明")
    bureau = unit_of("区应急管理局")
    response = client.post(f"/manage/people/{person.pk}/posts/new/?unit={bureau.pk}", post_form())
    assert response.status_code == 302
    post = Post.objects.get(person=person)
    assert (post.unit, post.role_key, post.section) == (bureau, "bureau_handler", "危化科")
    response = client.post(f"/manage/posts/{post.pk}/close/", {"on": "2026-12-31", "reason": "调离"})
    assert response.status_code == 302
    post.refresh_from_db()
    assert post.valid_to == date(2026, 12, 31)
    names = list(AuditEvent.objects.order_by("pk").values_list("name", flat=True))
    assert names == [Event.PERSON_SAVED, Event.POST_OPENED, Event.POST_CLOSED]
    assert "13805521111" not in AuditEvent.objects.first().canonical


def test_x1_register_masks_telephones_and_finds_by_name_and_unit():
    client = client_for(make_actor("system_admin"))
    make_post(
        person=make_person(name="张三丰", phone="13905529999"),
        role_key="department_handler",
        unit=unit_of("区住建交通委"),
    )
    make_post(person=make_person(name="李四光", phone="13905528888"), role_key="bureau_handler")
    page = client.get("/manage/people/").content.decode()
    assert "139****9999" in page and "13905529999" not in page
    by_unit = client.get("/manage/people/?q=住建").content.decode()
    assert "张三丰" in by_unit and "李四光" not in by_unit
    by_role = client.get("/manage/people/?role=bureau_handler").content.decode()
    assert "李四光" in by_role and "张三丰" not in by_role


def test_x3_roles_on_offer_are_those_of_the_kind_of_unit():
    client = client_for(make_actor("system_admin"))
    person = make_person()
    page = client.get(f"/manage/people/{person.pk}/posts/new/?unit={unit_of('燕山乡').pk}").content.decode()
    assert 'value="township_principal"' in page and 'value="bureau_head"' not in page
    response = client.post(
        f"/manage/people/{person.pk}/posts/new/?unit={unit_of('燕山乡').pk}", post_form(role_key="bureau_head")
    )
    assert (response.status_code, Post.objects.filter(person=person).exists()) == (200, False)
    assert "危化科" in response.content.decode()  # what was typed stays


@pytest.mark.parametrize("held", ["system_admin", "security_admin", "audit_admin"])
@pytest.mark.parametrize("wanted", ["system_admin", "security_admin", "audit_admin"])
def test_x3_administrators_exclude_one_another_by_person(held, wanted):
    admin = make_actor("system_admin")
    person = make_person(name="兼任人")
    make_post(person=person, role_key=held, section="甲")
    post = Post(
        person=person, unit=admin.unit, role_key=wanted, title="管理员", section="乙", valid_from=date(2026, 10, 9)
    )
    if held == wanted:
        open_post(post=post, actor=admin, at=NOW)
        assert Post.objects.filter(person=person).count() == 2
        return
    with pytest.raises(ValidationError, match="三权分立"):
        open_post(post=post, actor=admin, at=NOW)
    assert Post.objects.filter(person=person).count() == 1


def test_x3_the_reason_for_the_exclusion_is_shown_and_an_ended_post_no_longer_excludes():
    admin = make_actor("system_admin")
    person = make_person(name="兼任人")
    held = make_post(person=person, role_key="security_admin")
    url = f"/manage/people/{person.pk}/posts/new/?unit={admin.unit_id}"
    form = post_form(role_key="audit_admin", section="")
    page = client_for(admin).post(url, form).content.decode()
    assert "兼任人是安全管理员，不能再任审计管理员" in page
    close_post(post=held, on=date(2026, 10, 8), reason="轮岗", actor=admin, at=NOW)
    assert client_for(admin).post(url, form).status_code == 302


def test_x3_nobody_appoints_or_dismisses_oneself():
    admin = make_actor("system_admin")
    client = client_for(admin)
    url = f"/manage/people/{admin.person.pk}/posts/new/?unit={unit_of('区应急管理局').pk}"
    assert "不能给自己任命岗位" in client.post(url, post_form()).content.decode()
    page = client.post(f"/manage/posts/{admin.post.pk}/close/", {"on": "2026-10-09", "reason": "离任"})
    assert "不能免去自己的岗位" in page.content.decode()
    assert Post.objects.filter(person=admin.person).count() == 1


def test_x1_appointing_twice_acts_once():
    admin = make_actor("system_admin")
    person = make_person()
    url = f"/manage/people/{person.pk}/posts/new/?unit={unit_of('区应急管理局').pk}"
    assert client_for(admin).post(url, post_form()).status_code == 302
    assert "已有区应急管理局的" in client_for(admin).post(url, post_form()).content.decode()
    assert Post.objects.filter(person=person).count() == 1


def test_x1_same_name_and_telephone_is_refused():
    make_person(name="王芳", phone="13805521111")
    client = client_for(make_actor("system_admin"))
    page = client.post("/manage/people/new/", {"name": "王芳", "phone": "13805521111"}).content.decode()
    assert "不要重复登记" in page
    assert client.post("/manage/people/new/", {"name": "王芳", "phone": "13805522222"}).status_code == 302


def test_x3_people_and_posts_of_another_district_are_404():
    client = client_for(make_actor("system_admin"))
    other = make_district(code="340304", name="禹会区")
    foreign = make_post(person=make_person(district=other, name="外区人"), role_key="bureau_handler")
    mine = make_person()
    for url in (
        f"/manage/people/{foreign.person_id}/",
        f"/manage/people/{foreign.person_id}/posts/new/",
        f"/manage/people/{mine.pk}/posts/new/?unit={foreign.unit_id}",
        f"/manage/posts/{foreign.pk}/close/",
    ):
        assert client.get(url).status_code == 404, url
    assert "外区人" not in client.get("/manage/people/").content.decode()
