"""A database that the first release made comes along: its rows, its addresses, its editors.

`upgrade/first.sql` is what that release made of its own fixtures, with an account.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Any:
    """Give what a process found that migrated such a database and visited the site on it."""
    folder = tmp_path_factory.mktemp("first")
    name = f"{connection.settings_dict['NAME']}_first"
    if connection.vendor == "sqlite":
        return visited(f"sqlite:///{folder / 'first.sqlite3'}", folder)
    with django_db_blocker.unblock():
        tell(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        tell(f'CREATE DATABASE "{name}"')
        try:
            url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
            return visited(url, folder)
        finally:
            tell(f'DROP DATABASE "{name}" WITH (FORCE)')


def tell(statement: str) -> None:
    """Tell the server something about its databases."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def visited(url: str, folder: Path) -> dict[str, Any]:
    """Give what the process printed."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.upgrade.visit"],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {"DATABASE_URL": url, "DATA_DIR": str(folder)}
        | {"DJANGO_SETTINGS_MODULE": "sahel.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_every_row_of_the_first_release_is_there(found):
    assert found["before"]["event"] == 50
    assert found["before"] == found["after"]


def test_every_address_of_the_first_release_still_leads_to_its_page(found):
    assert len(found["statuses"]) > 250
    assert {path for path, status in found["statuses"].items() if status != 200} == set()


def test_an_editor_of_the_first_release_goes_on_editing(found):
    assert found["edited"] == 302
    assert found["title"]
    assert found["entries"][-1] == "corrected"
