"""Which database is asked, and what is said where none answers."""

import os
import subprocess
import sys
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import override_settings

from sahel.databases import is_public
from sahel.models import Actor
from tests.factories import make_event
from tests.forms import sent

pytestmark = pytest.mark.django_db


class Fallen:
    """A database that answers nothing any more."""

    def __call__(self, execute, sql, params, many, context):
        raise OperationalError("the server is gone")


@pytest.mark.parametrize(
    ("method", "path", "session", "public"),
    [
        ("get", "/en/", "", True),
        ("head", "/fr/events.csv", "", True),
        ("get", "/api/v1/events", "", True),
        ("get", "/en/", "one", False),
        ("post", "/en/alerts/", "", False),
        ("get", "/en/alerts/confirm/token/", "", False),
        ("get", "/fr/admin/", "", False),
        ("get", "/admin/", "", False),
        ("get", "/en/preview/token/", "", False),
        ("options", "/en/", "", False),
    ],
)
def test_a_standby_is_asked_for_readers_alone(rf, method, path, session, public):
    request = getattr(rf, method)(path)
    if session:
        request.COOKIES["sessionid"] = session
    assert is_public(request) is public


@override_settings(HTTPS=True, SECURE_SSL_REDIRECT=True)
def test_what_watches_the_site_asks_without_tls(client):
    assert client.get("/livez").text == "ok\n"
    assert client.get("/readyz").text == "reads: yes\nwrites: yes\n"


def test_where_no_database_answers_that_is_said(client):
    make_event("Strike", slug="strike")
    client.raise_request_exception = False
    known = client.get("/en/").text
    with connection.execute_wrapper(Fallen()):
        assert client.get("/livez").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.text) == (503, "reads: no\nwrites: no\n")
        gone = client.get("/en/events/strike/")
        assert (gone.status_code, gone["Retry-After"]) == (503, "30")
        assert gone["Cache-Control"] == "no-store"
        assert "La base de données ne répond pas" in client.get("/fr/events/strike/").text
        assert client.get("/fr/admin/").status_code in (302, 503)
    assert client.get("/en/").text == known


ACTOR = {"name_en": "", "name_fr": "Le “<b>Front</b>” de libération", "slug": "front"}
ADD = "/fr/admin/sahel/actor/add/"


def test_what_an_editor_typed_is_given_back_to_be_sent_again(admin_client):
    admin_client.raise_request_exception = False
    typed = {**ACTOR, "kind": "state", "csrfmiddlewaretoken": "token", "password": "secret"}
    with connection.execute_wrapper(Fallen()):
        answer = admin_client.post(ADD, typed)
        elsewhere = {"sec-fetch-site": "cross-site"}  # whose words are not ours to show
        assert "Front" not in admin_client.post(ADD, typed, headers=elsewhere).text
    assert answer.status_code == 503
    assert "Rien n’a été enregistré" in answer.text
    assert '<form method="post" id="again">' in answer.text
    form = sent(answer.text, "again")
    assert form == {name: [value] for name, value in typed.items() if name != "password"}
    assert admin_client.post(ADD, form).status_code == 302
    assert Actor.objects.get().name_fr == ACTOR["name_fr"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a file can be given no room to grow")
@pytest.mark.django_db(transaction=True)
def test_where_the_disk_is_full_readers_read_on_and_a_save_says_why(admin_client, client):
    make_event("Strike", slug="strike")
    admin_client.raise_request_exception = False
    long = {**ACTOR, "kind": "state", "description_fr": "Un texte. " * 20_000}
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
        answer = admin_client.post(ADD, long)
        assert answer.status_code == 503
        assert "Le disque du serveur est plein" in answer.text
        assert client.get("/en/events/strike/").status_code == 200
        cursor.execute("PRAGMA max_page_count = 1073741823")
        assert not Actor.objects.exists()
        assert admin_client.post(ADD, sent(answer.text, "again")).status_code == 302
        cursor.execute("PRAGMA integrity_check")
        assert cursor.fetchone() == ("ok",)
    assert Actor.objects.get().description_fr == long["description_fr"].strip()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is always in Unicode")
@pytest.mark.django_db(transaction=True)
def test_a_database_that_counts_bytes_is_refused_with_what_to_do():
    of_bytes = f"{connection.settings_dict['NAME']}_of_bytes"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE DATABASE {of_bytes} ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'"
        )
        try:
            host = {**connection.settings_dict["OPTIONS"], **connection.settings_dict}
            address = urlencode({"host": host["host"] or host["HOST"]})
            url = f"postgres://{host['USER']}@/{of_bytes}?{address}"
            done = subprocess.run(
                [sys.executable, "manage.py", "migrate"], cwd=settings.BASE_DIR, check=False,
                env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True,
            )  # fmt: skip
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS {of_bytes}")
    assert done.returncode
    assert "SQL_ASCII" in done.stderr
    assert "createdb --encoding=UTF8" in done.stderr
