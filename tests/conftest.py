"""What all tests share: settings without side effects, and a database file as in real life."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, override_settings
from django.utils import translation
from pytest_django import DjangoDbBlocker

from sahel import caching, index
from tests.factories import make_editor

REFUSED = import_module("sahel.migrations.0011_history").REFUSED


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Give each worker a database of its own, and keep SQLite's in a file.

    In memory, the threads of the live server would share one connection and trip over each other;
    in a file each has its own, in WAL mode, as for a reader.
    """
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        name = tmp_path_factory.mktemp("database") / "sahel.sqlite3"
        database.setdefault("TEST", {})["NAME"] = str(name)


@pytest.fixture(scope="session", autouse=True)
def plain_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Serve static files as they are (hashed names need collectstatic), and hash passwords fast."""
    storages = dict(django_settings.STORAGES)
    storages["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
    }
    with override_settings(
        STORAGES=storages,
        STATIC_ROOT=tmp_path_factory.mktemp("static"),
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def _history_can_be_emptied(django_db_setup: None) -> None:
    """Let the tests that empty all tables empty the history, too, which refuses it otherwise."""
    operations = type(connection.ops)  # the browser's tests have a connection of their own
    flush = operations.sql_flush
    stand_down, stand_up = [], []
    if connection.vendor == "postgresql":
        stand_down = ["ALTER TABLE sahel_change DISABLE TRIGGER sahel_change_not_emptied"]
        stand_up = ["ALTER TABLE sahel_change ENABLE TRIGGER sahel_change_not_emptied"]
    else:
        for action in ("update", "delete"):
            stand_down.append(f"DROP TRIGGER sahel_change_kept_{action}")
            stand_up.append(
                f"CREATE TRIGGER sahel_change_kept_{action} BEFORE {action} ON sahel_change "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )

    def sql_flush(*args: Any, **options: Any) -> list[str]:
        return [*stand_down, *flush(*args, **options), *stand_up]

    operations.sql_flush = sql_flush  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def article(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Load the curated record, once for a module whose tests do not write."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("load", verbosity=0)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def editor(client: Client) -> Client:
    """Be signed in as a member of the group Publisher, no superuser."""
    client.force_login(make_editor())
    return client


@pytest.fixture(autouse=True)
def _nothing_of_another_test() -> None:
    """Forget index and pages: a rollback takes the record's version back, as nothing else does.

    And the language of the page that was asked for last, which stays active in this thread.
    """
    index.forget()
    caching.forget()
    translation.activate("en")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser's tests last.

    They empty the tables, and their driver leaves an event loop running in this thread: Django
    then refuses to query the database unless told that this is meant.
    """
    browser = Path(__file__).parent / "browser"
    items.sort(key=lambda item: browser in item.path.parents)
