"""Nobody gets in with a password alone, nor by trying; and nobody is locked out by others."""

import logging
import re
from binascii import unhexlify

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.factories import make_editor, make_event
from tests.signin import code_for, device_of, let_in, with_a_password_alone

pytestmark = pytest.mark.django_db
LOGIN, STEP = "/en/admin/login/", "/en/admin/second-step/"
PASSWORD = "a long pass phrase"
NEXT = "/en/admin/sahel/event/"


@pytest.fixture
def fatou():
    return make_editor("fatou")


def password(client, name="fatou", password=PASSWORD, **headers):
    sent = {"username": name, "password": password, "next": NEXT}
    return client.post(LOGIN, sent, headers=headers)


def code(client, code, **headers):
    return client.post(STEP, {"code": code, "next": NEXT}, headers=headers)


def now(user):
    """Give the code that the user's device shows."""
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(unhexlify(device.key)):06}"


def gets_in(client):
    return client.get(NEXT).status_code == 200


def test_an_editor_sets_up_the_second_step_and_uses_it(client, fatou):
    assert password(client).status_code == 302
    page = client.get(NEXT, follow=True)
    assert page.redirect_chain[-1][0].startswith(STEP)
    key = re.search(r'<p class="key"><code>([A-Z2-7 ]+)</code>', page.text)[1]
    assert "otpauth://totp/" in page.text
    assert len(key.replace(" ", "")) == 32
    assert "This is not the code" in code(client, "000000").text
    TOTPDevice.objects.update(throttling_failure_count=0)
    page = code(client, now(fatou))
    codes = re.findall(r"<li><code>([^<]+)</code>", page.text)
    assert len(set(codes)) == 10
    assert gets_in(client)
    assert "Recovery codes" not in client.get(STEP, follow=True).text

    client.post("/en/admin/logout/")
    assert not gets_in(client)
    password(client)
    assert "Set up" not in client.get(STEP).text
    assert code(client, now(fatou)).status_code == 200  # it was given once already
    assert not gets_in(client)
    StaticDevice.objects.update(throttling_failure_count=0)  # a second later
    assert code(client, codes[0].upper())["Location"] == NEXT
    assert gets_in(client)
    other = Client()
    password(other)
    code(other, codes[0])
    assert not gets_in(other)
    StaticDevice.objects.update(throttling_failure_count=0)
    code(other, codes[1])
    assert gets_in(other)


def test_nobody_who_reads_the_database_can_use_a_recovery_code(client, fatou):
    password(client)
    client.get(STEP)
    page = code(client, now(fatou)).text
    shown = re.findall(r"<li><code>([^<]+)</code>", page)
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == 10
    assert not kept & {each.replace(" ", "") for each in shown}


def addresses():
    """Give each address of the admin, with numbers and names that may be there."""

    def walk(patterns, before=""):
        for each in patterns:
            here = before + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, here)
            elif isinstance(each, URLPattern):
                yield here

    ours = [r for r in get_resolver().url_patterns if isinstance(r.pattern, LocalePrefixPattern)]
    for path in walk(ours[0].url_patterns, "en/"):
        if path.startswith("en/admin/"):
            yield "/" + re.sub(r"<[^>]+>", "1", path).replace("^", "").replace("$", "")


OPEN = {"/en/admin/login/", "/en/admin/logout/", "/en/admin/second-step/", "/en/admin/jsi18n/"}


@pytest.mark.parametrize("step", ["nobody", "password", "former device"])
def test_there_is_no_side_door(client, step):
    user = User.objects.create_superuser("root", password=PASSWORD)
    make_event("Strike")
    if step == "password":
        with_a_password_alone(client, user)
    elif step == "former device":
        let_in(client, user)
        call_command("editor", "root", forget_device=True, verbosity=0)
        device_of(user)
    found = sorted(set(addresses()))
    assert len(found) > 60
    for path in found:
        for answer in (client.get(path), client.post(path)):
            led = answer.get("Location", "")
            inside = answer.status_code == 200 or (led and "/login/" not in led and STEP not in led)
            assert not inside or path in OPEN, (path, answer.status_code, led)


def test_a_session_is_another_one_after_each_step_and_ends_with_the_password(client, fatou):
    client.get(LOGIN)
    password(client)
    first = client.cookies["sessionid"].value
    device_of(fatou)
    code(client, code_for("fatou"))
    assert client.cookies["sessionid"].value != first
    assert gets_in(client)
    old = Client()
    old.cookies["sessionid"] = first
    assert not gets_in(old)
    fatou.set_password("another long phrase")
    fatou.save()
    assert not gets_in(client)


@override_settings(HTTPS=True)
def test_who_tries_too_often_waits_and_nobody_else_does(client, fatou):
    here, elsewhere = ({"x-forwarded-for": f"198.51.100.{n}"} for n in (1, 2))
    for _ in range(5):
        assert password(client, password="wrong", **here).status_code == 200
    answer = password(client, **here)
    assert (answer.status_code, answer["Retry-After"]) == (429, "1800")
    assert "Too many attempts" in answer.text
    forged = {"x-forwarded-for": "203.0.113.77, 198.51.100.1"}
    assert password(client, **forged).status_code == 429
    assert password(client, **elsewhere).status_code == 302  # the newsroom
    make_editor("awa")
    assert password(Client(), "awa", **here).status_code == 302  # a colleague


@override_settings(HTTPS=True)
def test_many_names_from_one_address_are_one_attempt_each(client):
    here = {"x-forwarded-for": "198.51.100.1"}
    for number in range(20):
        assert password(client, f"name{number}", **here).status_code == 200
    assert password(client, "name20", **here).status_code == 429


def test_codes_cannot_be_guessed(client, fatou):
    device_of(fatou)
    password(client)
    statuses = [code(client, f"{number:06}").status_code for number in range(8)]
    assert statuses[:5] == [200] * 5
    assert set(statuses[5:]) == {429}


def test_whoever_runs_the_site_takes_a_lost_device_away(client, fatou, capsys):
    let_in(client, fatou)
    assert gets_in(client)
    call_command("editor", "fatou", forget_device=True)
    assert "anew" in capsys.readouterr().out
    assert not gets_in(client)
    assert "Set up the second step" in client.get(STEP).text
    with pytest.raises(CommandError, match="no account"):
        call_command("editor", "nobody", forget_device=True)


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example/", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere(client, fatou, to):
    password(client)
    device_of(fatou)
    answer = client.post(STEP, {"code": code_for("fatou"), "next": to})
    assert answer["Location"] == "/en/admin/"


def test_what_happens_at_the_door_is_on_record(client, fatou, caplog):
    caplog.set_level(logging.INFO, "sahel.security")
    password(client, "a\r\nFAKE", "wrong")
    password(client)
    client.get(STEP)
    code(client, "000000")
    TOTPDevice.objects.update(throttling_failure_count=0)
    code(client, now(fatou))
    client.post("/en/admin/logout/")
    ours = [record for record in caplog.records if hasattr(record, "user")]
    said = [(record.getMessage(), record.user) for record in ours]
    assert said == [
        ("password refused", "a\r\nFAKE"),
        ("password given", "fatou"),
        ("second factor refused", "fatou"),
        ("second factor given", "fatou"),
        ("second factor set up", "fatou"),
        ("signed out", "fatou"),
    ]
    assert PASSWORD not in caplog.text
