"""A primary and a hot standby: readers read on, and nothing that was saved is lost."""

import http.client
import os
import subprocess
import sys
import time
from typing import Any

import psycopg
import pytest
from django.db import connection

from benchmarks.served import ROOT, Server, ours, serving
from tests.clusters import pair
from tests.factories import make_event
from tests.machine import postgres

pytestmark = [
    pytest.mark.django_db,  # not of the tests' database; pytest sets it up for who says so
    pytest.mark.skipif(
        connection.vendor != "postgresql" or not postgres(),
        reason="asked of PostgreSQL, where its programs are",
    ),
]
SESSION = """
from django.contrib.auth.models import User
from django.test import Client
from tests.signin import let_in
client = Client()
let_in(client, User.objects.create_superuser("fatou", password="a long pass phrase"))
print(client.cookies["sessionid"].value)
"""
RENAMED = """
from sahel.models import Change, Event, changes
with changes(Change.Way.EDITOR, who="Fatou", why="A test.", language="en"):
    Event.objects.filter(slug="bounti-strike").update(title_en="{title}")
"""
ADDRESS = "/en/events/bounti-strike/"


def test_readers_read_on_whichever_server_dies(tmp_path):
    with pair(postgres(), synchronous_standby_names="'*'") as (primary, standby, url):
        environment = {**os.environ, "DATABASE_URL": url, "DATA_DIR": str(tmp_path)}
        environment |= {"SECRET_KEY": "of a test", "LOG_LEVEL": "CRITICAL"}

        def manage(*arguments: str) -> str:
            command = [sys.executable, "manage.py", *arguments]
            done = subprocess.run(
                command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()

        manage("migrate", "--verbosity=0")
        manage("load", "--verbosity=0")
        manage("collectstatic", "--noinput", "--verbosity=0")
        session = {"Cookie": f"sessionid={manage('shell', '--verbosity=0', '-c', SESSION)}"}
        with serving(ours(), environment) as site:
            assert ready(site) == (200, "reads: yes\nwrites: yes\n")
            site.ask(ADDRESS)
            assert connections_to(standby) > 0
            assert connections_to(primary) == 0

            # A standby that is behind: an editor sees what was saved, a reader what was there.
            with psycopg.connect(host=str(standby.folder), dbname="postgres", user="sahel") as on:
                on.autocommit = True
                on.execute("SELECT pg_wal_replay_pause()")
                manage("shell", "--verbosity=0", "-c", RENAMED.format(title="Saved just now"))
                assert b"Saved just now" in site.ask(ADDRESS, **session).body
                answers = {site.ask(f"{ADDRESS}?{n}").status for n in range(20)}
                assert answers == {200}
                on.execute("SELECT pg_wal_replay_resume()")
            assert eventually(lambda: b"Saved just now" in site.ask(ADDRESS).body)

            # A standby that is gone: readers read on, and no save waits for it.
            standby.kill()
            assert {site.ask(f"{ADDRESS}?gone={n}").status for n in range(20)} == {200}
            assert ready(site) == (200, "reads: yes\nwrites: no\n")
            assert site.ask("/en/admin/", **session).status == 200
            line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=5)
            line.request("POST", "/en/admin/logout/", headers={"Host": "localhost", **session})
            assert line.getresponse().status == 503
            line.close()
            standby.start(synchronous_commit="on")
            assert eventually(lambda: ready(site) == (200, "reads: yes\nwrites: yes\n"))

            primary.kill()
            asked = [site.ask(f"/en/?year=2021&q=m{'ali'[: n % 4]}&{n}") for n in range(60)]
            assert {answer.status for answer in asked} == {200}
            assert site.ask("/en/admin/", **session).status == 503
            assert ready(site) == (200, "reads: yes\nwrites: no\n")

            standby.promote()
            assert eventually(lambda: ready(site) == (200, "reads: yes\nwrites: yes\n"), 5)
            assert site.ask(ADDRESS, **session).status == 200
            manage("shell", "--verbosity=0", "-c", RENAMED.format(title="Saved after that"))
            assert eventually(lambda: b"Saved after that" in site.ask(ADDRESS).body)

            assert all(site.ask(ADDRESS).status == 200 for _ in range(20))
            standby.kill()
            answer = site.ask("/fr/?year=2021&q=minusma")
            assert (answer.status, answer.headers["retry-after"]) == (503, "30")
            assert ready(site) == (503, "reads: no\nwrites: no\n")
            assert site.ask("/livez").status == 200
            assert site.ask("/fr/admin/", **session).status == 503
            # What was asked lately is still known.
            answers = [site.ask(ADDRESS) for _ in range(20)]  # by either of two processes
            assert {answer.status for answer in answers} <= {200, 503}
            assert any(b"Saved after that" in answer.body for answer in answers)


def ready(site: Server) -> tuple[int, str]:
    answer = site.ask("/readyz")
    return answer.status, answer.body.decode()


def connections_to(server: Any) -> int:
    """Count the site's connections to a server, but for those that only ask whether it is ready."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    with psycopg.connect(host=str(server.folder), dbname="postgres", user="sahel") as on:
        (number,) = on.execute(
            f"{asked} AND pid != pg_backend_pid() AND query NOT LIKE 'SHOW%'"
        ).fetchone()
    return number


def eventually(holds: Any, seconds: float = 10) -> bool:
    """Say whether something comes true within some seconds."""
    end = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


# One database, whose connections break ------------------------------------------------------------


class Breaks:
    """Has the database end its connection before the n-th question that it is asked."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            with connection._nodb_cursor() as other:
                other.execute("SELECT pg_terminate_backend(%s)", [pid()])
        return execute(sql, params, many, context)


def pid() -> int:
    return connection.connection.info.backend_pid


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(1, 7))
def test_a_connection_that_is_lost_in_the_middle_of_a_page_is_not_felt(client, number):
    make_event("Strike", slug="strike", actors=("France",))
    client.get("/en/")
    breaks = Breaks(number)
    with connection.execute_wrapper(breaks):
        page = client.get(f"/en/events/strike/?{number}")
    assert breaks.left < 1
    assert page.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_the_primary_no_more_is_left(admin_client):
    client = admin_client
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    before = pid()
    added = {"name_en": "Niger", "name_fr": "Niger", "slug": "niger", "kind": "state"}
    assert client.post("/en/admin/sahel/actor/add/", added).status_code == 503
    assert client.post("/en/admin/sahel/actor/add/", added).status_code == 302
    assert pid() != before


@pytest.mark.django_db(transaction=True)
def test_a_question_that_takes_too_long_is_ended_and_not_asked_again(client):
    make_event("Strike", slug="strike")
    client.get("/en/")
    client.raise_request_exception = False
    asked = []

    def slowly(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "sahel_event" in sql:
            asked.append(sql)
            sql, params = "SELECT pg_sleep(5)", None
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 200")
    began = time.monotonic()
    try:
        with connection.execute_wrapper(slowly):
            page = client.get("/fr/events/strike/?slowly")
    finally:
        connection.close()
    assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
    assert len(asked) == 1
    assert time.monotonic() - began < 3
