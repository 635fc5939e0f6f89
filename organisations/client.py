"""From where somebody comes: the address behind trusted proxies, and the browser in two words."""

from axes.helpers import get_client_ip_address
from django.http import HttpRequest

_BROWSERS = (
    ("Edg", "Edge"),
    ("MicroMessenger", "微信"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"))
_SYSTEMS += (("HarmonyOS", "HarmonyOS"), ("Linux", "Linux"))


def address_of(request: HttpRequest) -> str:
    return str(get_client_ip_address(request) or "")


def agent_of(request: HttpRequest) -> str:
    """“Chrome，Windows”, for the holder to recognise; nothing is decided by it."""
    given = request.headers.get("User-Agent", "")
    found = [next((name for sign, name in table if sign in given), "") for table in (_BROWSERS, _SYSTEMS)]
    return "，".join(name for name in found if name) or "其他程序"
