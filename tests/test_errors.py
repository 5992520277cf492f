"""What a reader sees when something fails: in their language, without the database, no stack."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from sahel import errors, views

REQUEST = RequestFactory()


@contextmanager
def no_database():
    """Let every query fail as where no database answers."""

    def gone(*_query):
        raise OperationalError("connection refused to host db.example with password hunter22")

    with connection.execute_wrapper(gone):
        yield


@pytest.mark.parametrize("status", errors.PAGES)
@pytest.mark.parametrize(
    ("language", "words"), [("en", "The whole timeline"), ("fr", "chronologie")]
)
@pytest.mark.django_db
def test_each_status_has_a_page_that_asks_no_database(status, language, words):
    with no_database():
        answer = errors.page(REQUEST.get(f"/{language}/"), status)
    assert answer.status_code == status
    assert f'<html lang="{language}"' in answer.text
    assert 'rel="stylesheet"' in answer.text
    assert len(re.findall("<h1>", answer.text)) == 1
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_page_without_a_language_in_its_address_is_in_the_browsers():
    answer = errors.page(REQUEST.get("/metrics", headers={"accept-language": "fr-ML"}), 500)
    assert '<html lang="fr"' in answer.text


@pytest.mark.parametrize("path", ["/en/", "/fr/events/strike/", "/en/nothing/", "/en/admin/login/"])
@pytest.mark.django_db
def test_readers_are_told_to_come_back_where_no_database_answers(path):
    client = Client(raise_request_exception=False)
    with no_database():
        answer = (
            client.get(path)
            if "admin" not in path
            else client.post(path, {"username": "a", "password": "b"})
        )
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert answer["X-Request-ID"] in answer.text
    assert "hunter22" not in answer.text
    assert "Content-Security-Policy" in answer


@pytest.mark.django_db
def test_a_fault_of_ours_shows_no_stack_and_a_number_to_quote(monkeypatch, caplog):
    def fault(request):
        raise RuntimeError("what only we may know")

    monkeypatch.setattr(views, "record_for", fault)
    answer = Client(raise_request_exception=False).get("/fr/actors/")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "only we may know" not in answer.text
    assert answer["X-Request-ID"] in answer.text
    assert "only we may know" in caplog.text


@pytest.mark.django_db
def test_where_no_page_can_be_drawn_both_languages_are_shown(monkeypatch):
    monkeypatch.setattr(errors, "render_to_string", None)
    answer = errors.page(REQUEST.get("/en/"), 503)
    assert answer.text.startswith("<!DOCTYPE html>")
    assert 'lang="fr"' in answer.text
    assert answer.status_code == 503


@pytest.mark.django_db
def test_a_file_that_is_read_only_says_so_where_something_is_sent_to_it(client):
    answer = client.post("/fr/events.csv")
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"
    assert '<html lang="fr"' in answer.text


@pytest.mark.django_db
def test_an_unknown_host_is_refused_without_being_named(client):
    answer = client.get("/en/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.text


@pytest.mark.django_db
def test_too_large_a_form_is_a_413(editor, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = editor.post("/en/admin/sahel/actor/add/", {"name_en": "much too long a name"})
    assert answer.status_code == 413


@pytest.mark.django_db
def test_an_editor_whose_form_was_too_old_gets_back_what_was_typed(editor):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = editor.cookies
    typed = {"summary_en": "Nineteen people <died> at the wedding.", "password1": "a" * 30}
    answer = strict.post(
        "/en/admin/sahel/event/add/", typed, headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.status_code == 403
    assert "Nineteen people &lt;died&gt; at the wedding." in answer.text
    assert "a" * 30 not in answer.text
    elsewhere = strict.post(
        "/fr/admin/sahel/event/add/", typed, headers={"sec-fetch-site": "cross-site"}
    )
    assert "Nineteen" not in elsewhere.text
    assert '<html lang="fr"' in elsewhere.text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"HTTPS": "1", "SECRET_KEY": ""}, "SECRET_KEY of at least 50 characters"),
        ({"HTTPS": "1", "SECRET_KEY": "a" * 60}, "SECRET_KEY of at least 50 characters"),
        ({"HTTPS": "1", "DEBUG": "1"}, "DEBUG shows readers our code"),
        ({"HTTPS": "1", "ALLOWED_HOSTS": "*"}, "the names readers use"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT is plain or json, not xml"),
    ],
)
@pytest.mark.one_database
def test_production_does_not_start_unsafely_and_says_what_to_do(given, said, tmp_path):
    key = "a proper secret key of more than fifty characters, 1 of them"
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "SECRET_KEY": key}
    run = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=django_settings.BASE_DIR,
        env=environment | given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert said in run.stderr
    assert key not in run.stderr
