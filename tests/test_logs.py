"""What is logged: one line a record, with the request's id, without secrets or readers."""

import json
import logging
import re
import sys

import pytest
from django.db import connection
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from sahel import logs
from sahel.logs import JSONFormatter, PlainFormatter, request_id, shortened

PLAIN, AS_JSON = PlainFormatter(), JSONFormatter()


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "sahel.test", "levelno": 30, "levelname": "WARNING"})
    made.msg, made.args = message, args
    vars(made).update(extra)
    return made


@given(st.text(), st.text())
def test_no_name_or_message_can_break_a_line_or_hide_in_one(message, name):
    line = AS_JSON.format(record("%s", message, account=name))
    assert re.fullmatch(r"[ -~]*", line)
    told = json.loads(line)
    assert (told["level"], told["logger"]) == ("WARNING", "sahel.test")
    plain = PLAIN.format(record("%s", message, account=name))
    assert len(plain.splitlines()) == 1
    assert "\x1b" not in plain


def test_a_line_says_when_in_utc_and_what_failed():
    try:
        raise ValueError("odd")
    except ValueError:
        told = json.loads(AS_JSON.format(record("Oh", exc_info=sys.exc_info(), number=3)))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}\+00:00", told["time"])
    assert told["exception"].endswith("ValueError: odd")
    assert (told["message"], told["number"]) == ("Oh", 3)


@pytest.mark.parametrize("formatter", [PLAIN, AS_JSON], ids=["plain", "json"])
def test_no_secret_is_logged(formatter):
    secret = "top" + "-secret-\"'\\é-words"
    with override_settings(SECRET_KEY=secret, METRICS_TOKEN="a token of ours"):
        logs._secrets.cache_clear()
        try:
            raise ValueError(f"postgres://sahel:passw0rd!@host/sahel {secret}")
        except ValueError:
            line = formatter.format(record("%s", secret, exc_info=sys.exc_info(), key=secret))
            line += formatter.format(record("Bearer a token of ours"))
    logs._secrets.cache_clear()
    assert "passw0rd" not in line
    assert "words" not in line
    assert "a token of ours" not in line
    assert "postgres://sahel:***@host" in line


@pytest.mark.parametrize("formatter", [PLAIN, AS_JSON], ids=["plain", "json"])
def test_no_address_of_a_reader_is_logged_unless_it_is_wanted(formatter, settings):
    assert "198.51" not in formatter.format(record("Refused", address="198.51.100.7"))
    settings.LOG_ADDRESSES = True
    line = formatter.format(record("Refused", address="198.51.100.7"))
    assert "198.51.100.0" in line
    assert "198.51.100.7" not in line


def test_of_an_address_only_the_network_is_told():
    assert shortened("198.51.100.7") == "198.51.100.0"
    assert shortened("2001:db8:1:2:3::4") == "2001:db8:1::"
    assert shortened("nobody") == ""


@pytest.mark.django_db
def test_a_page_is_the_same_for_all_and_an_error_has_a_number(client):
    page, error = client.get("/en/"), client.get("/en/nothing/")
    assert "X-Request-ID" not in page
    assert re.fullmatch("[0-9a-f]{32}", error["X-Request-ID"])


@pytest.mark.django_db
def test_an_editor_is_told_the_number_of_each_answer(editor):
    assert re.fullmatch("[0-9a-f]{32}", editor.get("/en/admin/")["X-Request-ID"])


@pytest.mark.parametrize(
    ("told", "known"), [("proxy-1", True), ("x" * 65, False), ("a b", False), ("a\nb", False)]
)
@pytest.mark.django_db
def test_the_number_of_a_proxy_is_taken_if_it_is_one(client, settings, told, known):
    settings.HTTPS = True
    answer = client.get("/en/nothing/", headers={"x-request-id": told})
    assert (answer["X-Request-ID"] == told) is known
    settings.HTTPS = False  # nobody stands in front: whoever asks could name any number
    assert client.get("/en/nothing/", headers={"x-request-id": told})["X-Request-ID"] != told


@pytest.mark.django_db
def test_what_is_logged_for_a_request_has_its_number(client, caplog):
    caplog.handler.setFormatter(AS_JSON)
    answer = client.get("/en/nothing/", REMOTE_ADDR="198.51.100.7")
    told = json.loads(caplog.text.splitlines()[-1])
    assert told["request"] == answer["X-Request-ID"] == request_id.get()
    assert told["message"] == "Not Found: /en/nothing/"
    assert "198.51" not in caplog.text


@pytest.mark.django_db
def test_a_slow_query_is_logged_without_what_was_asked_for(caplog, settings):
    settings.SLOW_QUERY_MS = 0.0001
    logs.watch_queries(connection)
    logs.watch_queries(connection)
    assert connection.execute_wrappers.count(logs.timed) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM sahel_record WHERE head <> %s", ["a reader's word"])
    assert "SELECT version FROM sahel_record WHERE head <> %s" in caplog.text
    assert "a reader's word" not in caplog.text
    caplog.clear()
    settings.SLOW_QUERY_MS = 60_000
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM sahel_record")
    assert not caplog.text
