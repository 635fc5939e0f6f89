"""Which channels a rung takes besides the portal itself: the district's profile says so, or these defaults."""

from deadlines.gateways import connected
from deadlines.models import Message
from deadlines.rungs import KINDS
from organisations.models import District

C = Message.Channel
DEFAULTS: dict[str, tuple[str, ...]] = {
    "today": (C.GATEWAY,),
    "late": (C.GATEWAY, C.EMAIL),
    "escalated": (C.GATEWAY,),
    "urged": (C.GATEWAY, C.EMAIL),
    "moved": (C.EMAIL,),
    "extension": (C.EMAIL,),
}


def channels_of(district: District) -> dict[str, list[str]]:
    """kind of rung → channels that are declared for it and lead somewhere."""
    own = district.profile.get("messages", {})
    there = connected()
    return {kind: [c for c in own.get(kind, DEFAULTS.get(kind, ())) if c in there] for kind in KINDS}
