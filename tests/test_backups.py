"""Whoever runs the site loses nothing: backups come back, and a database moves to another."""

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from benchmarks.served import ROOT
from sahel import backups, caching
from sahel.backups import BackupError
from sahel.models import Change, Event, ImportBatch, SourceText, changes
from tests.clusters import pair
from tests.factories import make_actor, make_editor, make_event
from tests.machine import postgres

pytestmark = pytest.mark.django_db(transaction=True)
PATHS = "/en/", "/fr/events/strike/", "/en/actors/france/", "/en/events.json", "/fr/?q=something"
LOOK_AROUND = """
import hashlib, json
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client, override_settings
from sahel.models import Actor, Change, Event, changes

plain = {{"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
override_settings(STORAGES={{"staticfiles": plain}}).enable()  # as here
client = Client()
def digest(path):
    answer = client.get(path)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return hashlib.sha256(body).hexdigest()
pages = [digest(path) for path in {paths!r}]
call_command("verify_history", verbosity=0)

# It can be edited: numbers go on where they stood, and what is held is held.
with changes(Change.Way.EDITOR, who="Fatou", why="A test.", language="en"):
    Event.objects.filter(slug="strike").update(title_en="Corrected")
Actor.objects.create(slug="niger", name_en="Niger", name_fr="Niger", kind="state")
assert Change.objects.last().what == "corrected"
assert b"Corrected" in client.get("/en/events/strike/").content
try:
    Change.objects.update(who="Nobody")
except DatabaseError:
    print(json.dumps(pages))
"""

NEW_EVENT = """
from sahel.models import Event
made = Event.objects.create(slug="new", title_en="New", date="2021", kind="statement",
                            date_basis="stated")
print(made.pk)
"""
PAGE = """
from django.test import Client, override_settings
from sahel.models import Change, Event, changes
plain = {{"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
override_settings(STORAGES={{"staticfiles": plain}}).enable()
with changes(Change.Way.EDITOR, who="Fatou", why="A test.", language="en"):
    Event.objects.filter(slug="strike").update(title_en={title!r})
answer = Client().get("/en/", headers={{"If-None-Match": {seen!r}}})
print(answer.status_code, answer["ETag"])
"""
REORDERED = """
from django.db import connection
told = '{"title_fr": 0, "date": 1}'
connection.cursor().execute("UPDATE sahel_importbatch SET mapping = %s", [told])
"""


@pytest.fixture
def record():
    """Give what a site holds: what is public, a draft, an account, a text, the history."""
    event = make_event("Strike", slug="strike", actors=("France",), places=("Mali",))
    make_event("Draft", slug="draft", publication="draft")
    SourceText.objects.create(source=event.quotations.get().source, text="Something happened.\n")
    make_editor("fatou")
    with changes(Change.Way.EDITOR, who="Fatou", why="É’\u202f“test”.", language="en"):
        Event.objects.filter(slug="strike").update(title_en="Air strike", date="2021-01-03~")


@pytest.fixture
def empty(tmp_path):
    """Give the function that makes the address of an empty database of SQLite or PostgreSQL."""
    made, numbers = [], count()

    def address(vendor=connection.vendor):
        if vendor == "sqlite":
            return f"sqlite:///{tmp_path}/empty-{next(numbers)}.sqlite3"
        name = f"{connection.settings_dict['NAME']}_{len(made)}"
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}"')
        made.append(name)
        head, _, tail = os.environ["DATABASE_URL"].partition("?")
        return f"{head.rpartition('/')[0]}/{name}?{tail}"

    yield address
    for name in made:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def on(url, *arguments):
    """Run a command of manage.py on another database."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**os.environ, "DATABASE_URL": url, "ALLOWED_HOSTS": "testserver"},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def digests(client):
    caching.forget()
    found = []
    for path in PATHS:
        answer = client.get(path)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        found.append(hashlib.sha256(body).hexdigest())
    return found


def same_site(client, url):
    """Say whether another database gives the same pages, holds its history, and can be edited."""
    script = LOOK_AROUND.format(paths=PATHS)
    return json.loads(on(url, "shell", "-v0", "-c", script).splitlines()[-1]) == digests(client)


def test_a_backup_comes_back_as_it_was(client, record, empty, tmp_path):
    path = backups.write(tmp_path / "50% of #1?")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    url = empty()
    assert "each as it was written" in on(url, "restore", str(path))
    with pytest.raises(AssertionError, match="into an empty"):
        on(url, "restore", str(path))
    assert same_site(client, url)


def test_any_byte_that_was_changed_is_found(record, tmp_path):
    path = backups.write(tmp_path)
    whole, draw = path.read_bytes(), random.Random(7)  # noqa: S311 - no secret
    for _ in range(100):
        at = draw.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << draw.randrange(8)]) + whole[at + 1 :])
        with pytest.raises(BackupError, match="not what was written"):
            backups.verify(path)
    path.write_bytes(whole[:-1])
    with pytest.raises(CommandError, match="not what was written"):
        call_command("backup", verify=str(path))
    path.write_bytes(whole)
    assert backups.verify(path)["file"] == path.name
    backups.manifest(path).write_text("{}")
    with pytest.raises(CommandError, match="no manifest"):
        call_command("restore", str(path))
    backups.manifest(path).unlink()
    with pytest.raises(CommandError, match="two files"):
        call_command("restore", str(path))


def test_a_backup_whose_rows_are_others_is_not_put_back(record, empty, tmp_path):
    path = backups.write(tmp_path)
    told = json.loads(backups.manifest(path).read_text())
    told["tables"]["sahel_event"][0] += 1
    backups.manifest(path).write_text(json.dumps(told))
    url = empty()
    with pytest.raises(AssertionError, match=r"rows are others than were written.*sahel_event"):
        on(url, "restore", str(path))


def test_only_old_backups_are_removed(record, tmp_path):
    for day in range(1, 5):
        for end in ("sqlite3", "sqlite3.json"):
            (tmp_path / f"sahel-2026010{day}T000000Z.{end}").touch()
    (tmp_path / "notes.txt").touch()
    call_command("backup", str(tmp_path), keep=2, verbosity=0)
    left = sorted(path.name for path in tmp_path.iterdir())
    kept = "sahel-20260104T000000Z.sqlite3"
    assert left[:3] == ["notes.txt", kept, f"{kept}.json"]
    assert len(left) == 5
    assert backups.newest(tmp_path) is not None
    with pytest.raises(CommandError, match="at least one"):
        call_command("backup", str(tmp_path), keep=0)


def test_a_database_moves_and_is_the_same(client, record, empty, tmp_path):
    ImportBatch.objects.create(
        file_name="a.csv", sha256="0" * 64, layout="own", header=["Titre", "Date"],
        content=b"\x00\xff",
    )  # fmt: skip
    with changes(Change.Way.EDITOR):
        gone = make_event("Error", slug="error", publication="draft")
    key = gone.pk
    gone.delete()
    here, there, back = empty(), empty("sqlite"), empty()
    on(here, "restore", str(backups.write(tmp_path)))
    assert "each as it is here" in on(here, "move_database", there)
    on(there, "shell", "-v0", "-c", REORDERED)  # PostgreSQL keeps no order of names
    assert "each as it is here" in on(there, "move_database", back)
    with pytest.raises(AssertionError, match="move into an empty one"):
        on(here, "move_database", there)
    for url in (there, back):
        assert same_site(client, url)
        assert int(on(url, "shell", "-v0", "-c", NEW_EVENT)) > key  # none is given again


def test_no_page_of_before_is_taken_for_one_of_after(record, empty, tmp_path):
    path, lost, found = backups.write(tmp_path), empty(), empty()
    for url in (lost, found):
        on(url, "restore", str(path))
    seen = on(lost, "shell", "-v0", "-c", PAGE.format(title="Lost", seen="")).split()[1]
    after = on(found, "shell", "-v0", "-c", PAGE.format(title="Found", seen=seen))
    assert after.startswith("200 ")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="files beside the database")
def test_nothing_of_another_database_gets_into_a_restored_one(record, empty, tmp_path):
    path = backups.write(tmp_path)
    url = empty()
    Path(f"{url.removeprefix('sqlite:///')}-journal").touch()
    with pytest.raises(AssertionError, match="empty place"):
        on(url, "restore", str(path))


def test_a_backup_of_a_newer_release_is_not_put_back(record, empty, tmp_path):
    path = backups.write(tmp_path)
    told = json.loads(backups.manifest(path).read_text())
    told["migrations"].append("sahel.9999_of_tomorrow")
    backups.manifest(path).write_text(json.dumps(told))
    with pytest.raises(AssertionError, match="newer release"):
        on(empty(), "restore", str(path))


def test_one_backup_at_a_time_is_written_and_clears_up_after_a_killed_one(record, tmp_path):
    (tmp_path / ".unfinished-backup-of-old").mkdir()
    with backups._alone_in(tmp_path), pytest.raises(CommandError, match="Another backup"):
        call_command("backup", str(tmp_path))
    path = backups.write(tmp_path)
    assert sorted(tmp_path.iterdir()) == [path, backups.manifest(path)]


def test_what_was_acknowledged_before_a_backup_is_in_it(record, empty, tmp_path):
    acknowledged, stop = [], threading.Event()

    def write():
        for number in count():
            if stop.is_set():
                break
            acknowledged.append(make_actor(f"Actor {number}").slug)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(acknowledged) < 20:
            time.sleep(0.01)
        before = set(acknowledged)
        path = backups.write(tmp_path)
    finally:
        stop.set()
        writer.join()
    url = empty()
    on(url, "restore", str(path))
    slugs = "from sahel.models import Actor; print(*Actor.objects.values_list('slug', flat=True))"
    assert before <= set(on(url, "shell", "-v0", "-c", slugs).split())
    assert len(acknowledged) > len(before)  # it went on meanwhile


@pytest.mark.skipif(
    connection.vendor != "postgresql" or not postgres(),
    reason="asked of PostgreSQL, where its programs are",
)
def test_a_backup_is_taken_from_a_standby_or_without_one(empty, tmp_path):
    with pair(postgres(), synchronous_standby_names="'*'") as (_primary, standby, url):
        on(url, "migrate", "-v0")
        on(url, "load", "-v0")
        on(url, "backup", str(tmp_path / "both"))
        standby.kill()
        on(url, "backup", str(tmp_path / "alone"))
    for path in tmp_path.glob("*/*.pgdump"):
        assert "each as it was written" in on(empty(), "restore", str(path))
