"""Risks of the demo district brought to where a journey begins, by the services, with the people behind the accounts."""

from audit.clock import now
from organisations.actors import Actor
from organisations.models import Account, Unit
from tests.risks.builders import WAYS, Cast, Scene, registered

ALUMINIUM = "蚌埠市恒泰铝制品有限公司"


def demo_cast() -> Cast:
    """恒泰铝制品 answers, the bureau hands over."""
    return Cast(
        responsible=Unit.objects.select_related("district", "territory").get(name=ALUMINIUM),
        lead=Unit.objects.get(short_name="区应急管理局"),
        reporter=acting("qiye2"),
        principal=acting("fuzeren2"),
        handler=acting("anjian"),
        colleague=acting("anjian2"),
        head=acting("anjian2"),
        chief=acting("juzhang"),
        leader=acting("lingdao"),
        expert=acting("zhuanjia"),
    )


def acting(username: str) -> Actor:
    account = Account.objects.select_related("person").get(username=username)
    post = account.person.posts.select_related("person", "unit__district", "unit__territory").get()
    return Actor(account=account, post=post)


def scene_in(state: str, title: str) -> Scene:
    scene = registered(cast=demo_cast(), at=now(), title=title)
    for act in WAYS[state]:
        getattr(scene, act)()
    assert scene.state == state
    return scene
