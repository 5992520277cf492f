"""Which database is asked, and what is said where none answers."""

import pytest
from django.db import OperationalError, connection
from django.test import override_settings

from sahel.databases import is_public
from tests.factories import make_event

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
        assert client.get("/fr/admin/").status_code in (302, 503)
    assert client.get("/en/").text == known
