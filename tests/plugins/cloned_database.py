"""A throw-away copy of the test database, for tests that need committed transactions.

`django_db(transaction=True)` empties every table afterwards, which the evidence tables refuse; and threads see only
what was committed. So such a module gets a database of its own, copied from the migrated test database in a moment and
dropped afterwards; its tests make rows of their own and leave them.
"""

import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from django.db import connections
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker

_serial = count(1)


def run_on_server(settings: dict[str, Any], statement: str) -> None:
    """Run one statement outside any transaction, connected to the server's own database."""
    import psycopg2

    options = {
        "host": settings["HOST"],
        "port": settings["PORT"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
    }
    link = psycopg2.connect(dbname="postgres", **{key: value for key, value in options.items() if value})
    try:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(statement)
    finally:
        link.close()


@pytest.fixture(scope="session")
def test_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Any]]:
    """pytest-django makes the test database only when some test of the run is marked for it; tests on a copy cannot be.

    Without this a run of such tests alone would copy the developer's own database.
    """
    settings = connections.settings["default"]
    if settings["NAME"].startswith("test_"):
        yield settings
        return
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
        assert settings["NAME"].startswith("test_")
        yield settings
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="module")
def cloned_db(test_database: dict[str, Any], django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Points Django's default connection, in every thread, at a copy of the test database. Never beside `django_db`."""
    settings = test_database
    original = settings["NAME"]
    clone = f"{original}_clone_{os.getpid()}_{next(_serial)}"
    with django_db_blocker.unblock():
        # A template may have no other connection while it is copied.
        connections["default"].close()
        run_on_server(settings, f'CREATE DATABASE "{clone}" TEMPLATE "{original}"')
        settings["NAME"] = connections["default"].settings_dict["NAME"] = clone
        try:
            yield clone
        finally:
            connections["default"].close()
            settings["NAME"] = connections["default"].settings_dict["NAME"] = original
            run_on_server(settings, f'DROP DATABASE "{clone}" WITH (FORCE)')
