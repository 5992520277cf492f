"""A session ends by itself, with the password and with the device; nothing of it is kept."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client, override_settings
from django.utils import timezone

from tests.factories import make_editor
from tests.signin import code_for, let_in

pytestmark = pytest.mark.django_db
PAGE = "/en/admin/sahel/event/"
PASSWORD = "a long pass phrase"


def gets_in(client):
    return client.get(PAGE).status_code == 200


def later(client, **time):
    """Let the session be one that began, and was used last, so long ago."""
    past, session = timedelta(**time).total_seconds(), client.session
    session["begun"] -= past
    session["used"] -= past
    session.save()


def ends_in():
    """Give how long the only session is still good, in hours."""
    return (Session.objects.get().expire_date - timezone.now()) / timedelta(hours=1)


def test_a_session_that_is_used_lasts_a_day(editor):
    later(editor, hours=23)
    Session.objects.update(expire_date=timezone.now() + timedelta(hours=1))
    assert gets_in(editor)
    assert 7.9 < ends_in() <= 8
    later(editor, hours=2)
    assert not gets_in(editor)
    assert not Session.objects.exists()


def test_a_session_that_is_not_used_ends_after_eight_hours(editor):
    assert 7.9 < ends_in() <= 8
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not gets_in(editor)


def test_not_every_page_writes_to_the_session(editor):
    before = ends_in()
    editor.get("/en/admin/guide/")
    assert ends_in() < before


def test_another_password_ends_all_other_sessions(editor):
    other = Client()
    other.force_login(editor.get(PAGE).context["user"])
    new = {"new_password1": "another long phrase", "new_password2": "another long phrase"}
    answer = editor.post("/en/admin/password_change/", {"old_password": PASSWORD, **new})
    assert answer.status_code == 302
    assert (gets_in(editor), gets_in(other)) == (True, False)


def test_both_steps_give_the_session_and_the_forms_other_keys(client):
    make_editor()
    keys = []
    for path, sent in (
        ("/en/admin/login/", {}),
        ("/en/admin/login/", {"username": "fatou", "password": PASSWORD}),
        ("/en/admin/second-step/", {"code": code_for("fatou")}),
    ):
        client.post(path, sent) if sent else client.get(path)
        names = settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME
        keys.append([client.cookies[name].value for name in names if name in client.cookies])
    (first,), (session, second), (other, third) = keys
    assert len({first, second, third}) == 3
    assert session != other


@pytest.mark.parametrize("path", ["", "login/", "password_change/", "sahel/event/", "nothing/"])
def test_no_page_of_the_admin_is_kept(editor, path):
    assert "no-store" in editor.get(f"/en/admin/{path}")["Cache-Control"]


def test_readers_get_no_cookie_and_no_session(client, editor):
    reader = Client()
    for path in ("/en/", "/fr/sources/", "/en/data/"):
        assert not reader.get(path).cookies
    assert "Cookie" not in reader.get("/en/").get("Vary", "")


HOST = {
    "SESSION_COOKIE_NAME": "__Host-sessionid",
    "CSRF_COOKIE_NAME": "__Host-csrftoken",
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
}


@pytest.mark.one_database
def test_behind_tls_the_cookies_are_those_of_this_host_alone(tmp_path):
    environment = {
        **os.environ,
        "HTTPS": "1",
        "ALLOWED_HOSTS": "example.org",
        "SECRET_KEY": "between fifty and sixty characters, of which some differ",
        "DATA_DIR": str(tmp_path),
    }
    asked = [sys.executable, "manage.py", "diffsettings"]
    told = subprocess.run(asked, env=environment, check=True, capture_output=True, text=True).stdout
    for name, value in HOST.items():
        assert f"{name} = {value!r}" in told


@override_settings(**HOST)
def test_behind_tls_an_editor_signs_in_and_out(client):
    make_editor()
    client.get("/en/admin/login/", secure=True)
    who = {"username": "fatou", "password": PASSWORD}
    client.post("/en/admin/login/", who, secure=True)
    client.post("/en/admin/second-step/", {"code": code_for("fatou")}, secure=True)
    assert client.get(PAGE, secure=True).status_code == 200
    assert set(client.cookies) == {"__Host-sessionid", "__Host-csrftoken"}
    for cookie in client.cookies.values():
        assert (cookie["path"], cookie["domain"], cookie["samesite"]) == ("/", "", "Lax")
        assert cookie["secure"]
        assert cookie["httponly"]
    client.post("/en/admin/logout/", secure=True)
    assert client.cookies["__Host-sessionid"]["secure"]  # or a browser would not let it go
    assert client.cookies["__Host-sessionid"]["max-age"] == 0


def test_who_lost_the_device_is_out_everywhere(editor):
    user = editor.get(PAGE).context["user"]
    other = Client()
    let_in(other, user)
    assert gets_in(other)
    user.totpdevice_set.all().delete()
    assert (gets_in(editor), gets_in(other)) == (False, False)
