"""What a version of a manual changes against the one before: entries added, removed, changed."""

from dataclasses import dataclass, field

from risks.models import Guide, GuideEntry
from risks.models.guide import ENTRY_FIELDS


@dataclass(frozen=True)
class Change:
    """One entry as it is, and the fields that read otherwise before: (label, before, after)."""

    entry: GuideEntry
    fields: list[tuple[str, str, str]]


@dataclass
class Changes:
    added: list[GuideEntry] = field(default_factory=list)
    removed: list[GuideEntry] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        return {"added": len(self.added), "removed": len(self.removed), "changed": len(self.changed)}

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def changes_between(before: Guide | None, after: Guide) -> Changes:
    """By the key that an entry keeps. Without a version before, every entry is new."""
    old = {entry.key: entry for entry in before.entries.all()} if before else {}
    new = list(after.entries.all())
    changes = Changes(removed=[entry for key, entry in old.items() if key not in {e.key for e in new}])
    for entry in new:
        if (was := old.get(entry.key)) is None:
            changes.added.append(entry)
        elif differing := [
            _told(name, was, entry) for name in ENTRY_FIELDS if getattr(was, name) != getattr(entry, name)
        ]:
            changes.changed.append(Change(entry, differing))
    return changes


def version_before(guide: Guide) -> Guide | None:
    """The version that this one followed; of a draft the one in force, or else the last there was."""
    published = guide.siblings().exclude(version=None).order_by("-version")
    return (published.filter(version__lt=guide.version) if guide.version else published).first()


def _told(name: str, was: GuideEntry, now: GuideEntry) -> tuple[str, str, str]:
    label = str(GuideEntry._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return (label, shown(was, name), shown(now, name))


def shown(entry: GuideEntry, name: str) -> str:
    """A field in words."""
    display = getattr(entry, f"get_{name}_display", None)
    return str(display() if display else getattr(entry, name))
