"""What all tests share: settings without side effects, and a database file as in real life."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from django.template import Context, Template
from django.test import Client, TransactionTestCase, override_settings
from django.utils import translation
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from sahel import caching, index
from tests.copies import Copies, PostgreSQLCopies, SQLiteCopies
from tests.factories import make_editor
from tests.signin import let_in

# How long one example may take says more of the machine than of us.
hypothesis_settings.register_profile("ours", deadline=None)
hypothesis_settings.load_profile("ours")


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
def _both_steps() -> None:
    """Let whoever is signed in by a test have given a code, too."""
    Client.force_login = let_in  # type: ignore[method-assign]


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
def copies(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Copies]:
    """Put the database back as the migrations left it after each test that commits.

    Django would empty all tables, which the history refuses, and leave them without the groups.
    """
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        kept = PostgreSQLCopies() if connection.vendor == "postgresql" else SQLiteCopies()
        kept.keep("migrated")
        patch.setattr(
            TransactionTestCase, "_fixture_teardown", lambda _case: kept.put_back("migrated")
        )
        yield kept
        kept.forget()


@pytest.fixture(scope="session", autouse=True)
def _less_ado(copies: Copies) -> Iterator[None]:
    """Keep no context of the pieces of forms, a thousand for a page, and look less for garbage."""
    noted = Template._render

    def render(template: Template, context: Context) -> str:
        if template.name and template.name.startswith("django/forms/"):
            return template.nodelist.render(context)
        return noted(template, context)

    gc.collect()
    gc.freeze()  # what is there by now stays
    gc.set_threshold(50_000, 20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", render)
        yield


@pytest.fixture(scope="module")
def article(copies: Copies, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Load the curated record, once for a module whose tests do not write."""
    with django_db_blocker.unblock():
        put_back_article(copies)
        yield
        copies.put_back("migrated")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that all who test beside each other in this run have in common."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def put_back_article(copies: Copies) -> None:
    """Add the curated record to what the migrations left; it is loaded only once."""
    if "article" in copies:
        copies.put_back("article")
    else:
        call_command("load", verbosity=0)
        copies.keep("article")


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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the browser's tests last, and leave out what was run on SQLite and is the same here.

    They empty the tables, and their driver leaves an event loop running in this thread: Django
    then refuses to query the database unless told that this is meant.
    """
    browser = Path(__file__).parent / "browser"
    items.sort(key=lambda item: browser in item.path.parents)
    if connection.vendor == "postgresql":
        known = [item for item in items if item.get_closest_marker("one_database")]
        config.hook.pytest_deselected(items=known)
        items[:] = [item for item in items if item not in set(known)]
