"""One sprite of the icons the pages use, built from the outline drawings of `@tabler/icons`."""

import re
from collections.abc import Iterable
from pathlib import Path

# Add a name here when a template uses a new one; an unknown name stops the build.
_NAMES = """
alert-triangle arrow-back-up arrow-narrow-down arrow-narrow-up arrows-exchange arrows-sort bell bell-ringing book
bookmark building calendar calendar-question camera check chevron-down chevron-right circle-check clipboard-check
clock-exclamation clock-hour-4 corner-up-left dots download edit eye eye-off file-import file-text gavel history
home info-circle key layout-dashboard link list-check logout mail map-pin message-report photo player-pause plus printer
qrcode refresh rss scale search settings shield-check shield-half speakerphone star table urgent user-check users
users-group writing writing-sign x zoom-exclamation
"""
NAMES = tuple(_NAMES.split())

# The invisible square every drawing starts with only makes the sprite longer.
_BACKGROUND = re.compile(r'<path[^>]*d="M0 0h24v24H0z"[^>]*/>')
_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def sprite(drawings: Path, names: Iterable[str] = NAMES) -> str:
    """The sprite's text. Line width is left to the style sheet, which sets it by size."""
    wanted = sorted(set(names))
    absent = [name for name in wanted if not (drawings / f"{name}.svg").is_file()]
    if absent:
        raise ValueError(f"@tabler/icons 中没有这些图标（no such icons）: {' '.join(absent)}")
    symbols = []
    for name in wanted:
        found = _BODY.search((drawings / f"{name}.svg").read_text())
        if found is None:
            raise ValueError(f"图标文件无法读取（unreadable icon）: {name}.svg")
        body = " ".join(_BACKGROUND.sub("", found.group(1)).split())
        shape = 'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
        symbols.append(f'<symbol id="{name}" {shape}>{body}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
