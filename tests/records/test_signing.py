"""X6: a signature is drawn, given with the password, over the digest of exactly what is signed."""

import hashlib

import pytest

from audit.models import AuditEvent
from records.models import Signature
from records.services.signing import Hand, SignatureRefused, sign
from tests.factories import PASSWORD, STROKES, at, make_account
from tests.risks.builders import HAND, Scene, registered, traces

pytestmark = pytest.mark.django_db
CONTENT = {"number": "340303200-2026-0001", "grade": "red", "participants": "周立新、王敏"}


@pytest.fixture
def scene() -> Scene:
    return registered()


def sign_as(scene: Scene, hand: Hand, content=CONTENT, actor=None, purpose: str = "研判结论") -> Signature:
    return sign(
        case=scene.case, purpose=purpose, content=content, hand=hand, actor=actor or scene.cast.handler, at=scene.at
    )


def test_x6_digest_is_sha256_of_the_signed_content(scene):
    signature = sign_as(scene, HAND)
    signature.refresh_from_db()
    assert signature.content == '{"grade":"red","number":"340303200-2026-0001","participants":"周立新、王敏"}'
    assert signature.digest == hashlib.sha256(signature.content.encode()).hexdigest()
    assert (signature.person, signature.post) == (scene.cast.handler.person, scene.cast.handler.post)
    assert signature.signer_label == scene.cast.handler.label
    assert (signature.at, signature.method, signature.strokes) == (scene.at, "portal", STROKES)
    event = AuditEvent.objects.get(case_id=scene.pk, name="records.signed")
    assert event.data["digest"] == signature.digest
    assert event.data["strokes"] == hashlib.sha256(STROKES.encode()).hexdigest()


def test_x6_wrong_password_is_refused_at_its_field(scene):
    before = traces(scene.pk)
    with pytest.raises(SignatureRefused, match="密码不对") as refused:
        sign_as(scene, Hand(strokes=STROKES, password="zhuan-2018-102"))
    assert refused.value.field == "password"
    assert traces(scene.pk) == before


def test_x6_somebody_elses_password_is_refused(scene):
    other = make_account(password="an-other-password-9")
    with pytest.raises(SignatureRefused, match="密码不对"):
        sign_as(scene, Hand(strokes=STROKES, password="an-other-password-9"))
    assert other.check_password("an-other-password-9") and not Signature.objects.exists()


@pytest.mark.parametrize("strokes", ["", "   ", "\n"])
def test_x6_empty_strokes_are_refused(scene, strokes):
    with pytest.raises(SignatureRefused, match="请在签字框内手写签名") as refused:
        sign_as(scene, Hand(strokes=strokes, password=PASSWORD))
    assert refused.value.field == "strokes"
    assert not Signature.objects.exists()


@pytest.mark.parametrize(
    "strokes",
    [
        '<script>alert("x")</script>',
        'M10 10 L20 20" onload="x',
        "M10 10 L20 20 url(x)",
        "签名",
        "M10 10",  # the pen was put down and nothing drawn
        "...",
        "12 13 14",
        "L10 10 20 20",
        "M L",
        "M10 10\nL20 20",
        "M10 10" + " L20 20" * 3000,  # longer than the field takes
    ],
)
def test_x6_junk_strokes_are_refused(scene, strokes):
    with pytest.raises(SignatureRefused, match="签名没有收到"):
        sign_as(scene, Hand(strokes=strokes, password=PASSWORD))
    assert not Signature.objects.exists()


@pytest.mark.parametrize("strokes", ["M10 10L10.1 10", "M10 10Q20 20 30 30L40 40", " M1 1 L2 2 M3 3 C4 4 5 5 6 6 Z "])
def test_x6_drawn_strokes_are_taken(scene, strokes):
    assert sign_as(scene, Hand(strokes=strokes, password=PASSWORD)).strokes == strokes.strip()


def test_x6_same_person_signs_the_same_text_once(scene):
    first = sign_as(scene, HAND)
    again = sign_as(scene, Hand(strokes="M1 1 L2 2", password=PASSWORD))
    assert again.pk == first.pk and again.strokes == STROKES
    assert AuditEvent.objects.filter(case_id=scene.pk, name="records.signed").count() == 1


def test_x6_another_text_purpose_or_person_is_another_signature(scene):
    sign_as(scene, HAND)
    sign_as(scene, HAND, content=CONTENT | {"grade": "orange"})
    sign_as(scene, HAND, purpose="核查结论")
    sign_as(scene, HAND, actor=scene.cast.colleague)
    assert Signature.objects.filter(case=scene.pk).count() == 4
    assert Signature.objects.filter(case=scene.pk).values("digest").distinct().count() == 2


def test_x6_token_signs_without_drawing_and_says_so(scene):
    signature = sign_as(scene, Hand(by_token=True))
    assert (signature.method, signature.strokes, signature.get_method_display()) == ("token", "", "接口签署")


def test_x6_token_does_not_bring_junk_strokes(scene):
    with pytest.raises(SignatureRefused, match="签名没有收到"):
        sign_as(scene, Hand(strokes="<svg>", by_token=True))


def test_x6_signed_conclusion_names_case_grade_and_day(scene):
    scene.conclude(at=at("2026-09-30 16:40"))
    signature = Signature.objects.get(case=scene.pk)
    assert '"concluded_on":"2026-09-30"' in signature.content
    assert f'"number":"{scene.case.number}"' in signature.content
    assert '"formula":"6 × 6 × 15 = 540"' in signature.content
    assert signature == scene.risk.gradings.get().signature
