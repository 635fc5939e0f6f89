"""Declared names of events. An event that is not declared cannot be recorded, so every name has a Chinese label."""

from typing import TypeVar

from django.db.models import TextChoices

_LABELS: dict[str, str] = {}
_Choices = TypeVar("_Choices", bound=type[TextChoices])


def declare(choices: _Choices) -> _Choices:
    """Class decorator: register all members of a TextChoices as event names."""
    for member in choices:
        if member.value in _LABELS:
            raise ValueError(f"event {member.value} is declared twice")
        _LABELS[member.value] = str(member.label)
    return choices


def is_declared(name: str) -> bool:
    return name in _LABELS


def label_of(name: str) -> str:
    return _LABELS.get(name, name)


def all_names() -> dict[str, str]:
    return dict(_LABELS)
