"""The grid of GB/T 9704-2012 in points, and text measured in the very fonts it is printed in."""

import unicodedata

from records.letters.glyphs import ROLE_FONTS, LetterFonts, advance, has_character

MM = 72 / 25.4
SIZE = 16.0  # 3号
CELL = 15.79  # 156 mm / 28 characters
PITCH = 28.99  # 225 mm / 22 lines
TITLE_SIZE = 22.0  # 2号
SMALL_SIZE = 14.0  # 4号
TEXT_WIDTH = 156 * MM
TRACKING = CELL / SIZE - 1


class Ruler:
    """Measures text in the first font of a role's chain that has the character, as the PDF engine picks it."""

    def __init__(self, fonts: LetterFonts) -> None:
        self.chains = {role: fonts.chain(role) for role in ROLE_FONTS}
        self._known: dict[tuple[str, str], float] = {}

    def width(self, role: str, character: str) -> float:
        key = (role, character)
        if key not in self._known:
            face = next((face for face in self.chains[role] if has_character(face, character)), None)
            self._known[key] = advance(face, character) if face else 1.0
        return self._known[key]

    def length(self, role: str, text: str) -> float:
        return sum(self.width(role, character) for character in text)

    def on_grid(self, role: str, text: str) -> float:
        """Width in points of a line of 3号 text."""
        return self.length(role, text) * SIZE + len(text) * TRACKING * SIZE


def clean(text: str) -> str:
    """On one line, without invisible format characters: they come with pasted text and may even reverse its reading."""
    kept = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return "".join(part.strip() for part in kept.splitlines()).replace("\t", " ")


def pt(length: float) -> str:
    return f"{length:.3f}pt"
