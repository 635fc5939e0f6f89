"""Opening a case on the spine: its number and its row."""

from datetime import datetime

from django.db import connection, transaction

from audit.clock import local_date
from organisations.models import District, Sector, Territory, Unit
from records.models import Case

# The row stays locked until the end: who comes second waits, and gets this number if the first one fails.
_NEXT = """
INSERT INTO records_casecounter AS counter (district_id, kind, prefix, year, last) VALUES (%s, %s, %s, %s, 1)
ON CONFLICT (district_id, kind, prefix, year) DO UPDATE SET last = counter.last + 1 RETURNING last
"""


@transaction.atomic
def open_case(
    *,
    district: District,
    kind: str,
    title: str,
    state: str,
    township: Territory,
    sector: Sector | None,
    responsible_unit: Unit,
    lead_unit: Unit,
    at: datetime,
    entered_at: datetime | None = None,
) -> Case:
    """Take the next number (乡街代码-年份-序号) and write the spine row. The caller records the opening event.

    `entered_at`: the case is a past one, opened at `at` on paper and entered only then.
    """
    year = local_date(at).year
    seq = _next_number(district, kind, township.code, year)
    return Case.objects.create(
        district=district,
        kind=kind,
        number=f"{township.code}-{year}-{seq:04d}",
        title=title,
        state=state,
        township=township,
        sector=sector,
        responsible_unit=responsible_unit,
        lead_unit=lead_unit,
        opened_on=local_date(at),
        is_retroactive=entered_at is not None,
        entered_at=entered_at,
    )


def _next_number(district: District, kind: str, prefix: str, year: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [district.pk, kind, prefix, year])
        return int(cursor.fetchone()[0])
