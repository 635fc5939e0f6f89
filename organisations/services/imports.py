"""Import of the registry from xlsx (X1): every bad row is named, and nothing is written unless every row is good.

An enterprise is recognised by its code, one without a code by name and township. A file that was imported before changes
nothing. Blank cells leave what is there. Name, township, operation and department of a registered enterprise are not
changed by a file: they are dated acts with a second person.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from audit.clock import local_date
from audit.models import AuditEvent
from audit.services import record
from organisations.actors import Actor
from organisations.events import Event
from organisations.models import District, Enterprise, Territory, Unit
from organisations.pinyin import sort_key
from organisations.roles import Right, Scope, UnitKind
from organisations.services.enterprises import FACTS, RegistryRefused
from organisations.services.import_cells import Directory, parse
from organisations.services.import_sheet import COLUMNS, Problem, Row, read_sheet, write_template

_TITLE = {column.key: column.title for column in COLUMNS}
SECTIONS = "ABCDEFGHIJKLMNOPQRST"


@dataclass
class Report:
    """What the file would do, or did. With problems nothing was written."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    undetermined: int = 0
    skipped_examples: int = 0
    event: AuditEvent | None = None

    @property
    def bad_rows(self) -> int:
        return len({problem.row for problem in self.problems})


@dataclass
class _Plan:
    created: list[tuple[Unit, Enterprise]] = field(default_factory=list)
    updated: list[tuple[Enterprise, list[str]]] = field(default_factory=list)
    unchanged: int = 0


def import_template(*, actor: Actor, at: datetime) -> bytes:
    known = Directory.of(actor, at=at)
    return write_template(
        {
            "行业领域": [sector.name for sector in known.sectors],
            "行业门类": list(SECTIONS),
            "规模": Enterprise.Scale.labels,
            "隶属关系": Enterprise.Affiliation.labels,
            "重点企业": ["是", "否"],
            "高危企业": ["是", "否"],
            "经营状态": Enterprise.Operation.labels,
            "乡街": [territory.name for territory in known.townships],
            "日常执法部门": ["待明确", *(str(unit) for unit in known.departments)],
            "分级监管": ["区级", "乡街级"],
        }
    )


@transaction.atomic
def import_enterprises(*, data: bytes, filename: str, actor: Actor, at: datetime) -> Report:
    """Check every row of the file, then write all of them or none."""
    if not actor.may(Right.EDIT_ENTERPRISES):
        raise RegistryRefused("当前岗位不能导入企业")
    sheet = read_sheet(data)
    report = Report(problems=list(sheet.problems), skipped_examples=sheet.skipped_examples)
    if not sheet.rows:
        return report
    # Two imports of one district run one after the other; ordinary registering does not wait for them.
    District.objects.select_for_update(no_key=True).get(pk=actor.district_id)
    known = Directory.of(actor, at=at)
    parsed = []
    for row in sheet.rows:
        values, problems, warnings = parse(row, known)
        report.problems += problems
        report.warnings += warnings
        parsed.append((row, values))
    report.problems += _doubles(parsed)
    plan = _compare(parsed, report, actor=actor, at=at)
    if report.problems:
        report.problems.sort(key=lambda problem: problem.row)
        return report
    try:
        with transaction.atomic():
            _write(plan)
    except IntegrityError as error:
        raise RegistryRefused("检查之后有人登记了同一个代码，一行也没有导入，请再上传一次") from error
    report.created, report.updated, report.unchanged = len(plan.created), len(plan.updated), plan.unchanged
    report.undetermined = sum(e.enforcement_department_id is None for _, e in plan.created)
    report.event = record(
        Event.ENTERPRISE_IMPORTED,
        by=actor.stamp,
        at=at,
        subject=("import", hashlib.sha256(data).hexdigest()[:40]),
        data={
            "file": filename[:120],
            "digest": hashlib.sha256(data).hexdigest(),
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "undetermined": report.undetermined,
            "skipped_examples": report.skipped_examples,
            "created_ids": [unit.pk for unit, _ in plan.created],
            "updated_fields": {str(enterprise.pk): names for enterprise, names in plan.updated},
            "warnings": [[w.row, w.reason] for w in report.warnings[:200]],
        },
    )
    return report


def _doubles(parsed: list[tuple[Row, dict[str, Any]]]) -> Iterator[Problem]:
    """The same enterprise twice in one file: the later row names the earlier."""
    first: dict[Any, int] = {}
    for row, values in parsed:
        key = _key(row, values)
        if key is None:
            continue
        earlier = first.setdefault(key, row.number)
        if earlier != row.number:
            column = "uscc" if values.get("uscc") else "name"
            yield Problem(row.number, _TITLE[column], f"和第 {earlier} 行重复")


def _key(row: Row, values: dict[str, Any]) -> Any:
    """What recognises the enterprise; None when the cells for it are bad."""
    if row.cells.get("uscc"):
        return values.get("uscc")
    if values.get("name") and values.get("township"):
        return values["name"], values["township"].pk
    return None


def _compare(parsed: list[tuple[Row, dict[str, Any]]], report: Report, *, actor: Actor, at: datetime) -> _Plan:
    registered = Enterprise.objects.select_related(
        "unit", "sector", "township", "enforcement_department"
    ).select_for_update(of=("self",))
    codes = [values["uscc"] for _, values in parsed if values.get("uscc")]
    by_code = {e.uscc: e for e in registered.filter(uscc__in=codes)}
    names = [values["name"] for _, values in parsed if values.get("name")]
    by_name = {
        (e.unit.name, e.township_id): e
        for e in registered.filter(unit__district_id=actor.district_id, uscc=None, unit__name__in=names)
    }
    plan = _Plan()
    taken: set[int] = set()
    for row, values in parsed:
        key = _key(row, values)
        if key is None:
            continue
        found = by_code.get(values.get("uscc")) or by_name.get((values.get("name", ""), _pk(values.get("township"))))
        if found is None:
            if not report.problems:
                plan.created.append(_new(values, actor=actor, at=at))
            continue
        why = list(_refusals(row, values, found, actor=actor))
        if found.pk in taken:
            why.append(Problem(row.number, _TITLE["name"], "和前面的一行是同一家已登记的单位"))
        taken.add(found.pk)
        report.problems += why
        if why or report.problems:
            continue
        changed = _changes(found, values)
        if changed:
            plan.updated.append((found, changed))
        else:
            plan.unchanged += 1
    return plan


def _pk(row: Territory | None) -> int:
    return row.pk if row else 0


def _refusals(row: Row, values: dict[str, Any], found: Enterprise, *, actor: Actor) -> Iterator[Problem]:
    """Where the file contradicts what only a dated act may change."""
    if found.unit.district_id != actor.district_id:
        yield Problem(row.number, _TITLE["uscc"], "这个代码已在其他区县登记")
        return
    if actor.scope == Scope.TERRITORY and found.township_id != actor.unit.territory_id:
        yield Problem(row.number, _TITLE["uscc"], "这个代码已登记在其他乡街，迁来的请由原乡街提出迁移")
        return
    if values.get("name") and values["name"] != found.unit.name:
        yield Problem(row.number, _TITLE["name"], f"这个代码登记的名称是“{found.unit.name}”；更名请在企业页面提出")
    if values.get("township") and values["township"].pk != found.township_id:
        yield Problem(row.number, _TITLE["township"], f"登记在{found.township}；迁移乡街请在企业页面提出")
    if values.get("operation") and values["operation"] != found.operation:
        yield Problem(row.number, _TITLE["operation"], f"登记为{found.get_operation_display()}；变更请在企业页面提出")
    department = values.get("enforcement_department", found.enforcement_department)
    if department != found.enforcement_department:
        current = found.enforcement_department or "待明确"
        yield Problem(row.number, _TITLE["enforcement_department"], f"登记为{current}；变更请在企业页面办理")
    elif department is not None and values.get("sector") and values["sector"].pk != found.sector_id:
        supervising = {unit.pk for unit in values["supervising"]}
        if department.pk not in supervising:
            yield Problem(
                row.number, _TITLE["sector"], f"现在的日常执法部门{department}不主管这个行业，请在企业页面一并调整"
            )


def _new(values: dict[str, Any], *, actor: Actor, at: datetime) -> tuple[Unit, Enterprise]:
    department = values.get("enforcement_department")
    unit = Unit(
        district_id=actor.district_id,
        kind=UnitKind.ENTERPRISE,
        name=values["name"],
        short_name=values.get("short_name") or "",
        sort_key=sort_key(values["name"]),
        territory=values["township"],
    )
    enterprise = Enterprise(
        township=values["township"],
        operation=values.get("operation") or Enterprise.Operation.RUNNING,
        enforcement_department=department,
        undetermined_since=None if department else local_date(at),
        **{name: values[name] for name in FACTS if values.get(name) not in (None, "")},
    )
    return unit, enterprise


def _changes(found: Enterprise, values: dict[str, Any]) -> list[str]:
    """Set on `found` what the file says otherwise; the names of what differs. Blank cells say nothing."""
    changed = []
    for name in (*FACTS, "short_name"):
        value = values.get(name)
        target = found.unit if name == "short_name" else found
        if value in (None, "") or getattr(target, name) == value:
            continue
        setattr(target, name, value)
        changed.append(name)
        if name == "uscc":
            found.no_uscc_reason = ""
    return changed


def _write(plan: _Plan) -> None:
    Unit.objects.bulk_create([unit for unit, _ in plan.created], batch_size=1000)
    for unit, enterprise in plan.created:
        enterprise.unit = unit
    Enterprise.objects.bulk_create([enterprise for _, enterprise in plan.created], batch_size=1000)
    changed = [enterprise for enterprise, _ in plan.updated]
    renamed = [enterprise.unit for enterprise, names in plan.updated if "short_name" in names]
    Unit.objects.bulk_update(renamed, ["short_name"], batch_size=1000)
    # One upsert instead of `bulk_update`: its CASE per row and column takes seconds on 5,000 rows.
    Enterprise.objects.bulk_create(
        changed, batch_size=1000, update_conflicts=True, unique_fields=["unit"], update_fields=list(FACTS)
    )
