"""Sort Chinese by sound through a stored column: the database's own locale is C on every machine."""

from functools import lru_cache


@lru_cache(maxsize=1)
def _load_phrases() -> None:
    from pypinyin import load_phrases_dict

    # A place name the general dictionary reads as bàng.
    load_phrases_dict({"蚌山": [["bèng"], ["shān"]], "蚌埠": [["bèng"], ["bù"]]})


def sort_key(text: str) -> str:
    from pypinyin import lazy_pinyin

    _load_phrases()
    return " ".join(lazy_pinyin(text)).lower()[:240]
