"""Why an act on a letter is not possible."""


class LetterRefused(Exception):
    """The act on the letter is not possible; the Chinese message belongs at `field` when there is one."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)
