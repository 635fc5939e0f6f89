"""The running parts of the portal. One that ends by itself is begun again, as systemd does it in a district."""

import time
from collections.abc import Callable

from config.local.processes import Child, LocalError, Running


class Parts:
    """Parts by name, in the order they were begun: what others need comes first, at a new start too.

    `at_most` (times, within seconds): a part that ends more often than that will not get better by itself.
    """

    def __init__(self, *, at_most: tuple[int, float] | None = (3, 60.0)) -> None:
        self.running: dict[str, Child] = {}
        self._begin: dict[str, Callable[[], Child]] = {}
        self._ended: dict[str, list[float]] = {}
        self._at_most = at_most

    def begin(self, name: str, begin: Callable[[], Child]) -> Child:
        """Begin a part; the same call begins it again later."""
        self._begin[name] = begin
        self.running[name] = begin()
        return self.running[name]

    def begin_server(self, name: str, begin: Callable[[str], Running]) -> str:
        """A part that others find at its address; `begin` takes the one it had, or "". Returns the address."""
        url = ""

        def start() -> Child:
            nonlocal url
            running = begin(url)
            url = running.url
            return running.child

        self.begin(name, start)
        return url

    def stop(self, *names: str) -> None:
        """End these for good, in this order."""
        for name in names:
            if name in self.running:
                self.running.pop(name).stop()

    def mend(self) -> list[str]:
        """Begin again what has ended; returns its names. Raises LocalError for a part that keeps ending."""
        mended = [name for name, child in self.running.items() if child.died()]
        for name in mended:
            child = self.running[name]
            self._count(child)
            child.stop()  # whoever of its group is left, and its pid file
            self.running[name] = self._begin[name]()
        return mended

    def raise_for_dead(self) -> None:
        """At the first start nothing may end."""
        for child in self.running.values():
            if child.died():
                raise LocalError(_told(child))

    def _count(self, child: Child) -> None:
        if self._at_most is None:
            return
        times, seconds = self._at_most
        now = time.monotonic()
        lately = [at for at in self._ended.get(child.name, []) if now - at < seconds] + [now]
        self._ended[child.name] = lately
        if len(lately) > times:
            raise LocalError(_told(child))


def _told(child: Child) -> str:
    return f"{child.name} 意外结束（ended unexpectedly），{child.log}:\n{child.tail()}"
