"""JSON as it comes from outside: what no database and no answer could hold is refused at the door."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class StrictJSONParser(JSONParser):
    """Also refuses half a surrogate pair, which UTF-8 cannot carry back, and nesting without end."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            _encodable(data)
        except (RecursionError, UnicodeEncodeError) as error:
            raise ParseError from error
        return data


def _encodable(value: Any) -> None:
    match value:
        case str():
            value.encode()
        case dict():
            for key, inner in value.items():
                key.encode()
                _encodable(inner)
        case list():
            for inner in value:
                _encodable(inner)
