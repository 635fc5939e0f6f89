"""The unified social credit code (统一社会信用代码), GB 32100-2015, and the organisation code inside it, GB 11714.

18 characters: registering authority, kind of organisation, 6 digits of area, 9 of the organisation code, check character.
A wrong check character of the whole is an error. A wrong one of the organisation code is only a warning: codes given out
before 2015 kept organisation codes that some registries had numbered in their own way.
"""

import unicodedata

# No I, O, S, V, Z: they are easily read as 1, 0, 5, U, 2.
CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE = {character: value for value, character in enumerate(CHARACTERS)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))

_ORGANISATION_VALUE = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

LENGTH = 18


def normalise(code: str) -> str:
    """What people type or paste, in the one form that is stored: half width, upper case, without spaces and hyphens."""
    return "".join(
        c for c in unicodedata.normalize("NFKC", code).upper() if not c.isspace() and c not in "-\u200b\ufeff"
    )


def check_character(first17: str) -> str:
    """The 18th character that belongs to the first 17. ValueError for a length or character outside the standard."""
    if len(first17) != 17 or any(c not in _VALUE for c in first17):
        raise ValueError(f"not the first 17 characters of a code: {first17!r}")
    total = sum(_VALUE[c] * weight for c, weight in zip(first17, _WEIGHTS, strict=True))
    return CHARACTERS[(31 - total % 31) % 31]


def organisation_check_character(first8: str) -> str:
    """The 9th character of the organisation code (GB 11714) that belongs to its first 8."""
    if len(first8) != 8 or any(c not in _ORGANISATION_VALUE for c in first8):
        raise ValueError(f"not the first 8 characters of an organisation code: {first8!r}")
    total = sum(_ORGANISATION_VALUE[c] * weight for c, weight in zip(first8, _ORGANISATION_WEIGHTS, strict=True))
    return {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))


def validate(code: str) -> tuple[list[str], list[str]]:
    """(errors, warnings) in Chinese for a code as typed. No errors: `normalise(code)` may be stored."""
    code = normalise(code)
    if len(code) != LENGTH:
        return [f"统一社会信用代码应为 18 位，现在是 {len(code)} 位"], []
    strange = list(dict.fromkeys(c for c in code if c not in _VALUE))
    if strange:
        note = "（代码不使用字母 I、O、S、V、Z）" if set(strange) & set("IOSVZ") else ""
        return [f"统一社会信用代码里不能有 {'、'.join(strange)}{note}"], []
    if not code[2:8].isdigit():
        return [f"第 3 至 8 位应是 6 位数字的行政区划码，现在是 {code[2:8]}"], []
    if check_character(code[:17]) != code[17]:
        # The right character is not offered: the slip may stand anywhere in the code.
        return ["统一社会信用代码校验不通过，请对照营业执照逐位核对"], []
    if organisation_check_character(code[8:16]) != code[16]:
        return [], ["代码中的组织机构代码（第 9 至 17 位）校验不通过，请核对；确与营业执照一致的可以保留"]
    return [], []
