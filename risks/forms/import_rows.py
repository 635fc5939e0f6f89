"""The rows of an uploaded sheet against the rules of the register's own form: good points, and what is wrong where."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from django.utils.datastructures import MultiValueDict

from audit.clock import local_date
from organisations.actors import Actor
from organisations.models import Enterprise, Sector, Territory, Unit
from organisations.roles import Scope, UnitKind
from organisations.services import uscc
from records.models import Case
from risks.accident_types import parted
from risks.forms.register import RiskForm
from risks.grading import GradingError, Method, grade
from risks.models import ControlMeasure, RiskPoint
from risks.selectors.responsible import SITE_KINDS, townships_of_sites
from risks.services.importing import ImportedPoint
from risks.services.importing.columns import BY_KEY, FACTORS, Fault
from risks.services.register import may_register_for
from risks.workflow import KIND

_CHOICES: dict[str, dict[str, str]] = {
    "category": {label: value for value, label in RiskPoint.Category.choices},
    "control_level": {label: value for value, label in RiskPoint.Level.choices},
    "check_frequency": {label: value for value, label in RiskPoint.Frequency.choices},
}
_METHODS = {
    "LEC": (Method.LEC, ("likelihood", "exposure", "consequence")),
    "LS": (Method.LS, ("likelihood", "severity")),
}
# The export says beside a measure how far it is.
_STATUS = re.compile(f"（({'|'.join(ControlMeasure.Status.labels)})）$")
_MEASURES = tuple(f"measure_{kind}" for kind in ControlMeasure.Kind.values)
_TYPED = tuple(name for name in RiskForm.base_fields if name not in {"sector", "township", "photos"}) + _MEASURES
Rows = Sequence[tuple[int, dict[str, str]]]


@dataclass(frozen=True)
class Known:
    """A row that the register has already: by its number, or by unit, name and place."""

    row: int
    title: str
    number: str
    pk: int


@dataclass
class Checked:
    points: list[ImportedPoint] = field(default_factory=list)
    doubles: list[tuple[ImportedPoint, Known]] = field(default_factory=list)
    numbered: list[Known] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def bad_rows(self) -> int:
        return len({fault.row for fault in self.faults})


@dataclass(frozen=True)
class Directory:
    """What the rows name, read once for the whole file."""

    actor: Actor
    form: RiskForm  # the register's own, filled anew for each row: building one takes longer than its check
    ls_variant: str
    sectors: dict[str, Sector]
    areas: dict[str, Territory]
    by_code: dict[str, Unit]
    by_name: dict[str, list[Unit]]
    numbers: dict[str, int]

    @classmethod
    def of(cls, rows: Rows, actor: Actor, *, at: datetime) -> "Directory":
        today = local_date(at)
        codes = {uscc.normalise(cells["uscc"]) for _, cells in rows if "uscc" in cells}
        names = {cells["unit"] for _, cells in rows if "unit" in cells}
        found = Unit.objects.for_actor(actor).valid_on(today).select_related(*_UNIT)
        found = found.filter(Q(enterprise__uscc__in=codes) | Q(name__in=names) | Q(pk=actor.unit_id))
        # Of those that the post may register for alone: whether another exists is not told.
        units = [u for u in found if u.kind in (*SITE_KINDS, UnitKind.ENTERPRISE) and may_register_for(actor, u)]
        by_name: dict[str, list[Unit]] = {}
        for unit in units:
            by_name.setdefault(unit.name, []).append(unit)
        numbers = [cells["number"] for _, cells in rows if "number" in cells]
        seen = Case.objects.for_actor(actor).filter(kind=KIND, number__in=numbers)
        return cls(
            actor=actor,
            form=RiskForm(MultiValueDict(), on=today),
            ls_variant=actor.unit.district.profile.get("grading", {}).get("ls_variant", "A"),
            sectors={sector.name: sector for sector in Sector.objects.filter(district_id=actor.district_id)},
            areas={area.name: area for area in townships_of_sites(actor.district_id)},
            by_code={e.uscc: u for u in units if (e := enterprise_of(u)) and e.uscc},
            by_name=by_name,
            numbers=dict(seen.values_list("number", "pk")),
        )


_UNIT = ("territory", "enterprise__sector", "enterprise__township", "enterprise__enforcement_department")


def enterprise_of(unit: Unit) -> Enterprise | None:
    return getattr(unit, "enterprise", None)


def check(rows: Rows, letters: dict[str, str], *, actor: Actor, at: datetime) -> Checked:
    """Every row by itself, then against each other and the register. A fixed number of queries for any number of rows."""
    known, checked = Directory.of(rows, actor, at=at), Checked()
    points = []
    for number, cells in rows:
        row = _Row(number, cells, letters, known)
        if "number" not in cells:
            point = row.point()
            points += [point] if point else []
        elif cells["number"] in known.numbers:
            told = (cells.get("title", ""), cells["number"], known.numbers[cells["number"]])
            checked.numbered.append(Known(number, *told))
        else:
            row.fault("number", "台账里没有这个编号，或不在您的权限范围内", "新登记的请留空，编号由平台编列")
        checked.faults += row.faults
    checked.faults += _twice(points, letters)
    _sort_out(points, checked, actor)
    checked.faults.sort(key=lambda fault: fault.place)
    return checked


def _twice(points: list[ImportedPoint], letters: dict[str, str]) -> Iterator[Fault]:
    """The same unit, name and place twice in one file: the later row names the earlier."""
    first: dict[tuple[int, str, str], int] = {}
    for point in points:
        earlier = first.setdefault(_place(point), point.row)
        if earlier != point.row:
            cell = f"{letters['title']}{point.row}"
            wrong = f"和第 {earlier} 行重复：责任单位、名称、具体位置都相同"
            yield Fault(point.row, BY_KEY["title"].title, wrong, "删去一行，或写明不同的位置", cell, point.title)


def _place(point: ImportedPoint) -> tuple[int, str, str]:
    return point.unit.pk, point.title, point.details["location"]


def _sort_out(points: list[ImportedPoint], checked: Checked, actor: Actor) -> None:
    """New points, and those of which an open one stands in the register."""
    open_ = RiskPoint.objects.for_actor(actor).filter(case__closed_on=None)
    same = open_.filter(
        case__responsible_unit__in={p.unit.pk for p in points}, case__title__in={p.title for p in points}
    )
    fields = ("case__responsible_unit", "case__title", "location", "case__number", "pk")
    registered = {(unit, title, place): (number, pk) for unit, title, place, number, pk in same.values_list(*fields)}
    for point in points:
        if found := registered.get(_place(point)):
            checked.doubles.append((point, Known(point.row, point.title, *found)))
        else:
            checked.points.append(point)


class _Row:
    def __init__(self, number: int, cells: dict[str, str], letters: dict[str, str], known: Directory) -> None:
        self.number, self.cells, self.letters, self.known = number, cells, letters, known
        self.faults: list[Fault] = []
        self._bad: set[str] = set()

    def fault(self, key: str, wrong: str, right: str = "") -> None:
        """One per cell: the first thing that is wrong with it."""
        if key in self._bad:
            return
        self._bad.add(key)
        column, letters = BY_KEY[key], self.letters.get(key, "")
        cell = f"{letters}{self.number}" if letters else ""
        found = self.cells.get(key, "")
        self.faults.append(Fault(self.number, column.title, wrong, right or column.hint, cell, found))

    def point(self) -> ImportedPoint | None:
        unit = self._unit()
        sector, township = self._sector(unit), self._township(unit)
        if unit is not None and sector is not None:
            self._in_sight(unit, sector)
        form = self._form()
        method, inputs = self._self_grading(unit)
        if self.faults or unit is None or sector is None or township is None:
            return None
        return ImportedPoint(
            row=self.number,
            title=form.cleaned_data["title"],
            unit=unit,
            sector=sector,
            township=township,
            details=form.details(),
            measures=form.measures(),
            method=method,
            inputs=inputs,
        )

    def _unit(self) -> Unit | None:
        """By code, else by exact name; an enterprise's own clerk need not say."""
        code, name = self.cells.get("uscc", ""), self.cells.get("unit", "")
        actor = self.known.actor
        if not code and not name:
            if actor.scope == Scope.OWN:
                return self._open(next(iter(self.known.by_name.get(actor.unit.name, ())), None), "unit")
            self.fault("unit", "没有填责任单位", "填登记的全称，或填统一社会信用代码")
            return None
        if code:
            errors, _ = uscc.validate(code)
            unit = self.known.by_code.get(uscc.normalise(code))
            if errors:
                self.fault("uscc", errors[0])
            elif unit is None:
                self.fault("uscc", "没有这个代码的企业，或不在您的登记范围内", self._who_may())
            elif name and name != unit.name:
                self.fault("unit", f"与代码不一致：这个代码登记的是“{unit.name}”", "改正其中一个，或只留代码")
            return self._open(unit, "uscc")
        named = self.known.by_name.get(name, [])
        if len(named) > 1:
            self.fault("unit", f"叫这个名称的有 {len(named)} 家，分不清是哪一家", "填上统一社会信用代码")
            return None
        if not named:
            self.fault("unit", "没有这个名称的责任单位，或不在您的登记范围内", self._who_may())
        return self._open(named[0] if named else None, "unit")

    def _who_may(self) -> str:
        if self.known.actor.scope == Scope.OWN:
            return f"只能登记本单位的，填“{self.known.actor.unit.name}”或留空"
        return "填登记的全称或统一社会信用代码；还没有登记的企业，先在“企业”中登记"

    def _open(self, unit: Unit | None, key: str) -> Unit | None:
        enterprise = enterprise_of(unit) if unit else None
        if enterprise is not None and enterprise.operation == Enterprise.Operation.CLOSED:
            self.fault(key, f"{unit}已关闭，不能再登记风险点", "删去这一行")
        return unit

    def _sector(self, unit: Unit | None) -> Sector | None:
        text = self.cells.get("sector", "")
        if text:
            found = self.known.sectors.get(text)
            if found is None:
                self.fault("sector", "不在可填内容里", f"填{'、'.join(self.known.sectors)}之一")
            return found
        enterprise = enterprise_of(unit) if unit else None
        if enterprise is not None:
            return enterprise.sector
        if unit is not None:
            self.fault("sector", "没有填：责任单位不是企业，须写明行业", f"填{'、'.join(self.known.sectors)}之一")
        return None

    def _township(self, unit: Unit | None) -> Territory | None:
        text = self.cells.get("township", "")
        if unit is None:
            return None
        enterprise = enterprise_of(unit)
        own = enterprise.township if enterprise else unit.territory
        if own is not None:
            if text not in ("", own.name):
                self.fault("township", f"责任单位在{own.name}", f"改成“{own.name}”，或留空")
            return own
        if text not in self.known.areas:
            wrong = "不在可填内容里" if text else "没有填：责任单位是部门，须写明所在乡街"
            self.fault("township", wrong, f"填{'、'.join(self.known.areas)}之一")
        return self.known.areas.get(text)

    def _in_sight(self, unit: Unit, sector: Sector) -> None:
        """As `register_risk` asks afterwards: a department does not register what it could then not see."""
        actor, enterprise = self.known.actor, enterprise_of(unit)
        if actor.scope != Scope.SUPERVISED or sector.pk in actor.supervised_sectors or unit.pk == actor.unit_id:
            return
        if enterprise is None or enterprise.enforcement_department_id != actor.unit_id:
            wrong = "按这个行业登记后不在您的权限范围内"
            self.fault("sector", wrong, "填本单位主管的行业，或由主管这个行业的部门登记")

    def _form(self) -> RiskForm:
        typed: dict[str, list[str]] = {}
        for name in _TYPED:
            text = self.cells.get(name, "")
            if name in _CHOICES and text:
                if text not in _CHOICES[name]:
                    self.fault(name, "不在可填内容里")
                text = _CHOICES[name].get(text, "")
            elif name == "responsible_phone" and "*" in text:
                self.fault(name, "电话的中间几位被隐去了", "填完整的号码")
            elif name in _MEASURES:
                text = _STATUS.sub("", text)
            typed[name] = parted(text) if name == "accident_types" else [text]
        typed["source"] = [self.cells.get("source", "日常查找")]
        form = self.known.form
        form.data = MultiValueDict(typed)
        form.full_clean()
        for name, errors in form.errors.items():
            key = str(name)
            missing = BY_KEY[key].required and not self.cells.get(key)
            self.fault(key, "没有填" if missing else str(errors[0]))
        return form

    def _self_grading(self, unit: Unit | None) -> tuple[str, dict[str, str]]:
        """("", {}) without any of the columns; else the method and its factors, which `self_grade` will take."""
        method = self.cells.get("method", "")
        factors = {key: self.cells[key] for key in FACTORS if key in self.cells}
        if not method and not factors:
            return "", {}
        if unit is not None and unit.pk != self.known.actor.unit_id:
            first = "method" if method else next(iter(factors))
            self.fault(first, "自评由责任单位提交", "评估各列都留空；登记后由交办单位研判")
            return "", {}
        if method.upper() not in _METHODS:
            wrong = "不在可填内容里" if method else "填了取值，没有填评估方法"
            self.fault("method", wrong, "填 LEC 或 LS；不自评的，评估各列都留空")
            return "", {}
        chosen, wanted = _METHODS[method.upper()]
        for key in [key for key in factors if key not in wanted]:
            self.fault(key, f"{method.upper()} 不用这一列", "留空")
        inputs = {key: text for key, text in factors.items() if key in wanted}
        try:
            grade(chosen, inputs, ls_variant=self.known.ls_variant)
        except GradingError as error:
            self.fault(error.field, "没有填" if error.field not in factors else "取值不在评分表里", str(error))
        return chosen, inputs
