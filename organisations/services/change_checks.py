"""What a dated change says was and will be, and why it cannot be proposed."""

from datetime import date

from organisations.models import Enterprise, EnterpriseChange, Territory, Unit
from organisations.roles import UnitKind
from organisations.services.enterprises import RegistryRefused

Kind = EnterpriseChange.Kind


def township_text(township: Territory) -> str:
    """With the statistics code, so that the record says which area was meant even after the area itself is renamed."""
    return f"{township.name}（{township.code}）"


def before_and_after(
    enterprise: Enterprise,
    kind: str,
    *,
    name: str,
    to_unit: Unit | None,
    to_township: Territory | None,
    to_operation: str,
    effective_on: date,
) -> tuple[str, str]:
    """The words of the change. Raises RegistryRefused, at the field, when it would change nothing or cannot be."""
    unit = enterprise.unit
    match kind:
        case Kind.RENAME:
            if not name or name == unit.name:
                raise RegistryRefused("请填新的名称", "name")
            return unit.name, name
        case Kind.MERGE:
            check_successor(enterprise, to_unit, effective_on)
            assert to_unit is not None
            return unit.name, f"并入{to_unit.name}"
        case Kind.STATUS:
            if to_operation not in Enterprise.Operation.values or to_operation == enterprise.operation:
                raise RegistryRefused("请选择变更后的经营状态", "to_operation")
            return enterprise.get_operation_display(), Enterprise.Operation(to_operation).label
        case Kind.MOVE:
            if (
                to_township is None
                or to_township.pk == enterprise.township_id
                or to_township.district_id != unit.district_id
            ):
                raise RegistryRefused("请选择迁入的乡街", "to_township")
            if not Unit.objects.filter(kind=UnitKind.TOWNSHIP, territory=to_township, valid_to=None).exists():
                raise RegistryRefused(f"{to_township}在平台里没有可以确认的单位", "to_township")
            return township_text(enterprise.township), township_text(to_township)
        case _:
            if enterprise.is_higher_managed:
                return "上级直管", "本区监管"
            return "本区监管", f"上级直管（{to_unit.name}）" if to_unit else "上级直管"


def check_successor(enterprise: Enterprise, successor: Unit | None, effective_on: date) -> None:
    """Asked when the merger is proposed and again when it is confirmed: the successor may have closed meanwhile."""
    if (
        successor is None
        or successor.kind != UnitKind.ENTERPRISE
        or successor.district_id != enterprise.unit.district_id
    ):
        raise RegistryRefused("请填本区已登记的承接企业", "to_unit")
    if successor.pk == enterprise.pk:
        raise RegistryRefused("承接企业不能是它自己", "to_unit")
    if successor.succeeded_by_id or successor.enterprise.operation == Enterprise.Operation.CLOSED:
        raise RegistryRefused(f"{successor}已关闭或已并入其他企业，不能承接", "to_unit")
    if enterprise.unit.valid_from and effective_on < enterprise.unit.valid_from:
        raise RegistryRefused(f"生效日期不能早于成立日期 {enterprise.unit.valid_from:%Y-%m-%d}", "effective_on")
