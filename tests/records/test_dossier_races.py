"""X10: two askings at once make one row, and two workers compile one dossier at a time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from records.models import DossierRequest
from records.services.dossiers import compile_waiting, request_dossier
from tests.factories import at, make_actor, make_enterprise

pytestmark = pytest.mark.usefixtures("cloned_db")
NOW = at("2026-10-12 09:00")


def test_x10_four_askings_at_once_are_one_request(django_db_blocker):
    with django_db_blocker.unblock():
        enterprise, actor = make_enterprise(), make_actor("bureau_handler")
        gate = Barrier(4)

        def ask() -> int:
            gate.wait()
            try:
                return request_dossier(of=enterprise, form="pdf", actor=actor, at=NOW).pk
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            made = {future.result() for future in [pool.submit(ask) for _ in range(4)]}
        assert made == {DossierRequest.objects.get(enterprise=enterprise).pk}


def test_x10_a_second_worker_leaves_the_first_its_turn(django_db_blocker, monkeypatch):
    """A large volume takes a minute: two at once would hold every process of a worker, and with it the reminders."""
    with django_db_blocker.unblock():
        request_dossier(of=make_enterprise(), form="pdf", actor=make_actor("bureau_handler"), at=NOW)

        def other() -> tuple[int, int]:
            try:
                return compile_waiting(at=NOW)
            finally:
                connection.close()

        def meanwhile(waiting: DossierRequest, *, at: object) -> None:
            with ThreadPoolExecutor(1) as pool:
                seen.append(pool.submit(other).result())

        seen: list[tuple[int, int]] = []
        monkeypatch.setattr("records.services.dossiers._compile", meanwhile)
        assert compile_waiting(at=NOW, limit=1) == (1, 1)
        assert seen == [(0, 0)]
