"""X5: two ticks at once make each filing once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from deadlines.models import Deadline, Filing
from deadlines.services.expected import expect
from records.models import CaseCounter
from tests.deadlines.recurring_world import MONTHLY, QUARTERLY, declared
from tests.factories import at, make_enterprise

pytestmark = pytest.mark.usefixtures("cloned_db")


def test_x5_two_connections_at_once(django_db_blocker):
    with django_db_blocker.unblock(), declared(MONTHLY, QUARTERLY):
        for _ in range(20):
            make_enterprise()
        gate = Barrier(4)

        def one() -> int:
            gate.wait()
            try:
                return expect(at=at("2026-09-10 09:00")).made
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            made = sorted(future.result() for future in [pool.submit(one) for _ in range(4)])
        assert sum(made) == Filing.objects.count() == Deadline.objects.count() == 23
        assert CaseCounter.objects.get(kind="filing").last == 23
