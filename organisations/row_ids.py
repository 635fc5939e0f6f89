"""Ids of rows as they come in addresses and hidden fields."""


def row_id(raw: str) -> int | None:
    """What stands in an address or a hidden field, if it can be the id of a row: plain digits that fit a bigint."""
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else None
