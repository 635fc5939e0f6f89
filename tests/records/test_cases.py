"""The spine: numbers without gaps, also when many register at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from records.models import Case, CaseCounter
from tests.factories import at, make_district
from tests.risks.builders import make_cast, registered


@pytest.mark.django_db
def test_x1_number_is_of_township_and_shanghai_year():
    cast = make_cast()
    # 16:30 UTC on 31 December is already the next year in Shanghai.
    first = registered(cast=cast, at=at("2026-12-31 23:59"))
    second = registered(cast=cast, at=at("2027-01-01 00:30"))
    third = registered(cast=cast, at=at("2027-01-01 00:31"))
    assert [scene.case.number for scene in (first, second, third)] == [
        "340303200-2026-0001",
        "340303200-2027-0001",
        "340303200-2027-0002",
    ]
    assert first.case.opened_on.isoformat() == "2026-12-31"


@pytest.mark.django_db
def test_x1_refused_registration_takes_no_number():
    cast = make_cast()
    registered(cast=cast)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        registered(cast=cast)
        _ = 1 / 0
    assert registered(cast=cast).case.number == "340303200-2026-0002"


def test_x1_numbers_have_no_gap_when_eight_register_at_once(cloned_db):
    make_district()
    cast = make_cast()
    start = Barrier(8)

    def work(_: int) -> list[str]:
        start.wait()
        try:
            return [registered(cast=cast, at=at("2025-03-03 10:00")).case.number for _ in range(3)]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(number for some in pool.map(work, range(8)) for number in some)
    assert numbers == [f"340303200-2025-{seq:04d}" for seq in range(1, 25)]
    assert CaseCounter.objects.get(year=2025).last == 24
    assert Case.objects.count() == 24
