"""Nobody gets in with a password alone, nor by trying; and nobody is locked out by others."""

import re
from base64 import b32decode
from datetime import timedelta
from importlib import import_module
from io import StringIO
from time import process_time

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from sahel.attempts import attempt, take_back
from sahel.models import AuthenticatorApp, RecoveryCode
from sahel.models.codes import keyed, sealed
from tests.factories import make_editor, make_event
from tests.signin import code_for, device_of, let_in, with_a_password_alone

pytestmark = pytest.mark.django_db
LOGIN, STEP = "/en/admin/login/", "/en/admin/second-step/"
YOURS, ANOTHER = "/en/admin/sign-in/", "/en/admin/sign-in/app/"
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


def key_of(client, page=STEP):
    """Give the key that is to be added to the app."""
    return re.search(r'<p class="key"><code>([A-Z2-7 ]+)</code>', client.get(page).text)[1]


def shown(key):
    """Give the code that an app shows which has that key."""
    return f"{totp(b32decode(key.replace(' ', ''))):06}"


def set_up(client):
    """Set the second step up, as far as that goes; give the page that follows."""
    return code(client, shown(key_of(client)))


def confirm(client, name="fatou"):
    """Give the second step once more, to change something."""
    return client.post(YOURS, {"code": code_for(name)})


def a_while_later():
    TOTPDevice.objects.update(throttling_failure_timestamp=None)


def at(number):
    return {"x-forwarded-for": f"198.51.100.{number}"}


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
    page = code(client, shown(key))
    codes = re.findall(r"<li><code>([^<]+)</code>", page.text)
    assert len(set(codes)) == 10
    assert gets_in(client)
    assert "Recovery codes" not in client.get(STEP, follow=True).text

    client.post("/en/admin/logout/")
    assert not gets_in(client)
    password(client)
    assert "Set up" not in client.get(STEP).text
    assert code(client, shown(key)).status_code == 200  # it was given once already
    assert not gets_in(client)
    assert code(client, codes[0].upper())["Location"] == NEXT
    assert gets_in(client)
    other = Client()
    password(other)
    code(other, codes[0])
    assert not gets_in(other)
    a_while_later()
    code(other, codes[1])
    assert gets_in(other)


def test_nobody_who_reads_the_database_can_use_a_recovery_code(client, fatou):
    password(client)
    codes = re.findall(r"<li><code>([^<]+)</code>", set_up(client).text)
    kept = RecoveryCode.objects.values_list("salt", "rounds", "kept")
    (salt,), (_rounds,), hashes = map(set, zip(*kept, strict=True))
    assert len(salt) == 32  # 128 random bits
    assert len(hashes) == 10
    assert not {each for code in codes for each in (code, keyed(code))} & hashes


def test_ten_recovery_codes_are_checked_at_once_and_each_is_taken_once(client, fatou):
    codes = RecoveryCode.make(fatou)
    assert not RecoveryCode.take(fatou, "nonsense")
    assert not RecoveryCode.take(make_editor("awa"), codes[3])
    assert [RecoveryCode.take(fatou, codes[3]) for _ in range(2)] == [True, False]
    assert fatou.recovery_codes.count() == 9


def test_nobody_who_reads_the_database_can_make_codes_of_an_app(client, fatou):
    password(client)
    key = b32decode(key_of(client).replace(" ", ""))
    code(client, f"{totp(key):06}")
    kept = AuthenticatorApp.objects.get()
    assert len(kept.key) == 64
    assert key.hex() not in kept.key
    assert kept.bin_key == key
    kept.user = make_editor("awa")  # a row that was given to somebody else
    with pytest.raises(ValueError, match="opens the key"):
        _ = kept.bin_key


def test_apps_outlive_the_secret_key_that_is_a_former_one(client, fatou, settings):
    key = b"k" * 20
    former = sealed(key, fatou.pk)
    AuthenticatorApp.objects.create(user=fatou, key=former)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [settings.SECRET_KEY]
    password(client)
    assert code(client, f"{totp(key):06}").status_code == 302
    settings.SECRET_KEY_FALLBACKS = []  # a week later
    assert AuthenticatorApp.objects.get().bin_key == key


def test_an_app_whose_key_nobody_can_read_any_more_is_said_so(client, fatou, settings):
    device_of(fatou)
    settings.SECRET_KEY = "another one"
    password(client)
    page = code(client, "000000")
    assert (page.status_code, gets_in(client)) == (200, False)
    assert "cannot be checked any more. Whoever runs the site can help" in page.text


def test_what_editors_had_before_goes_on_working(client, fatou):
    key = b"k" * 20
    TOTPDevice.objects.create(user=fatou, key=key.hex())
    former = StaticDevice.objects.create(user=fatou, name="recovery")
    for each in ("abcd2345efgh", "jkmn6789pqrs"):
        StaticToken.objects.create(device=former, token=keyed(each))
    takes_over = import_module("sahel.migrations.0027_codes_that_there_are").keep_better
    for _ in range(2):  # the first was cut off
        takes_over(apps, None)
    assert not StaticToken.objects.exists()
    assert TOTPDevice.objects.get().key != key.hex()
    for given in (f"{totp(key):06}", "abcd 2345 efgh", "JKMN-6789-PQRS"):
        password(client)
        assert code(client, given).status_code == 302
        client.post("/en/admin/logout/")


def test_what_lets_an_editor_in_is_not_in_a_dump(client, fatou):
    client.force_login(fatou)
    code_for("fatou")
    out = StringIO()
    call_command("dumpdata", stdout=out)
    secret = [device_of(fatou).key, fatou.recovery_codes.get().kept, client.session.session_key]
    assert "fatou" in out.getvalue()
    assert not [each for each in secret if each in out.getvalue()]


def test_an_editor_may_scan_the_key_instead_of_typing_it(client, fatou):
    password(client)
    page = client.get(STEP).text
    drawn = re.search(r'<div class="qr" role="img" aria-label="[^"]+">(<svg.+?</svg>)</div>', page)
    assert "style" not in drawn[1]
    assert 'fill="#fff"' in drawn[1]  # its margin, four modules wide, is white on a dark page, too
    assert "M4 4.5h7" in drawn[1]


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


OPEN = {LOGIN, "/en/admin/logout/", STEP}


@pytest.mark.one_database
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
        if path == "/en/admin/logout/" and step != "nobody":
            with_a_password_alone(client, user)


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
    here, elsewhere = at(1), at(2)
    for name in ("fatou", " fatou", "FATOU", "ｆatou", "fatou "):
        assert password(client, name, "wrong", **here).status_code == 200
    answer = password(client, **here)
    assert answer.status_code == 429
    assert 15 * 60 < int(answer["Retry-After"]) <= 30 * 60
    assert re.search("Too many .* were wrong. Try again in (1[5-9]|2[0-9]|30) minutes", answer.text)
    forged = {"x-forwarded-for": "203.0.113.77, 198.51.100.1"}
    assert password(client, **forged).status_code == 429
    assert password(client, "ｆatou", **here).status_code == 429
    assert password(client, **elsewhere).status_code == 302  # the newsroom
    make_editor("awa")
    assert password(Client(), "awa", **here).status_code == 302  # a colleague


@override_settings(HTTPS=True)
def test_an_editor_whose_name_is_tried_from_everywhere_gets_in(client, fatou):
    for number in range(10):
        for _ in range(5):
            password(client, password="wrong", **at(number))
    statuses = [password(client, password="wrong", **at(77)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]  # a robot's next address may try twice
    assert password(client, **at(78)).status_code == 302


@override_settings(HTTPS=True)
def test_what_an_editor_mistyped_is_forgotten_once_they_are_in(client, fatou):
    device_of(fatou)
    for _ in range(2):
        for _ in range(4):
            password(client, password="wrong", **at(1))
        password(client, **at(1))
        assert code(client, code_for("fatou"), **at(1)).status_code == 302
        client.post("/en/admin/logout/")


@override_settings(HTTPS=True)
def test_nobody_is_let_wait_who_has_an_address_for_a_name(client):
    for number in range(20):
        password(client, "198.51.100.99", "wrong", **at(number))
    make_editor("fatou")
    assert password(client, **at(99)).status_code == 302


@pytest.mark.one_database
def test_an_unknown_name_takes_as_long_as_a_known_one(client, fatou, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    fatou.set_password(PASSWORD)
    fatou.save()
    took = {}
    for name in ("fatou", "nobody"):
        started = process_time()
        for number in range(3):
            password(client, name, f"wrong {number}")
        took[name] = process_time() - started
    assert 0.5 < took["fatou"] / took["nobody"] < 2


def test_the_answer_is_the_same_whether_or_not_there_is_such_a_name(client, fatou):
    pages = [
        re.sub(r'csrfmiddlewaretoken" value="\w+"|value="(fatou|awa)"', "", page.text)
        for page in (password(client, "fatou", "wrong"), password(client, "awa", "wrong"))
    ]
    assert pages[0] == pages[1]


def test_many_attempts_at_once_are_no_more_than_one_by_one(rf, client):
    """Each is counted before the one before it has failed."""
    request = rf.post(LOGIN)
    tried = [not attempt(request, "fatou") for _ in range(40)]
    assert tried == [True] * 5 + [False] * 35
    for _ in range(5):
        take_back(request, "fatou")
    assert not attempt(request, "fatou")


@override_settings(HTTPS=True)
def test_a_right_password_is_no_refusal(client, fatou):
    for _ in range(25):
        assert password(Client(), **at(1)).status_code == 302


@override_settings(HTTPS=True)
def test_many_names_from_one_address_are_one_attempt_each(client):
    for number in range(20):
        assert password(client, f"name{number}", **at(1)).status_code == 200
    assert password(client, "name20", **at(1)).status_code == 429


def test_codes_cannot_be_guessed(client, fatou):
    device_of(fatou)
    password(client)
    statuses = []
    for number in range(7):
        statuses.append(code(client, f"{number:06}").status_code)
        a_while_later()
    assert statuses == [200] * 5 + [429] * 2
    assert "Too many codes were wrong. Try again in" in code(client, "000000").text


def test_a_code_too_soon_after_a_wrong_one_is_not_held_against_anybody(client, fatou):
    device_of(fatou)
    password(client)
    code(client, "000000")
    just_now = {"throttling_failure_count": 6, "throttling_failure_timestamp": timezone.now()}
    TOTPDevice.objects.update(**just_now)
    for _ in range(8):
        assert re.search(r"Wait (3[012]|[12]\d) seconds, then give", code(client, "000000").text)
    a_while_later()
    assert code(client, code_for("fatou")).status_code == 302


@pytest.mark.parametrize("number", [11, 5000])
def test_an_owner_whose_codes_are_guessed_waits_a_quarter_of_an_hour_at_most(client, fatou, number):
    device_of(fatou)
    guessed = {"throttling_failure_count": number}
    now = timezone.now()
    TOTPDevice.objects.update(throttling_failure_timestamp=now - timedelta(minutes=10), **guessed)
    password(client)
    assert re.search("Wait (29|30)[0-9] seconds", code(client, "000000").text)
    key = device_of(fatou).bin_key
    TOTPDevice.objects.update(throttling_failure_timestamp=now - timedelta(minutes=15), **guessed)
    assert code(client, f"{totp(key):06}").status_code == 302


def test_a_recovery_code_is_taken_while_somebody_guesses_those_of_the_app(client, fatou):
    device_of(fatou)
    now = timezone.now()
    TOTPDevice.objects.update(throttling_failure_timestamp=now, throttling_failure_count=11)
    password(client)
    assert code(client, code_for("fatou")).status_code == 302


def test_a_key_is_shown_to_the_session_alone_that_sets_it_up(client, fatou):
    password(client)
    thief = Client()
    password(thief)
    assert key_of(client) == key_of(client) != key_of(thief)
    theirs = key_of(thief)
    assert set_up(client).status_code == 200
    assert code(thief, shown(theirs)).status_code == 200
    assert not gets_in(thief)


def test_who_gave_a_password_alone_may_sign_out(client, fatou):
    password(client)
    assert client.get("/en/admin/logout/").status_code == 405
    assert "Log out" in client.get(STEP).text
    client.post("/en/admin/logout/")
    assert client.get(STEP)["Location"] == "/en/admin/"
    assert client.get("/en/admin/")["Location"].startswith(LOGIN)


def test_an_editor_sets_the_second_step_up_anew(client, fatou):
    other = Client()
    let_in(other, fatou)
    password(client)
    code(client, code_for("fatou"))
    assert YOURS in client.get("/en/admin/").text
    assert client.get(ANOTHER)["Location"] == YOURS
    assert gets_in(other)
    assert client.post(YOURS, {"code": "nonsense"}).status_code == 200
    a_while_later()
    confirm(client)
    key = key_of(client, ANOTHER)
    assert gets_in(other)  # until the new device has shown a code
    page = client.post(ANOTHER, {"code": shown(key)}).text
    assert len(re.findall(r"<li><code>", page)) == 10
    assert (gets_in(client), gets_in(other)) == (True, False)
    assert fatou.recovery_codes.count() == 10
    assert not RecoveryCode.take(fatou, "code0")


def test_recovery_codes_outlive_the_secret_key_that_is_a_former_one(client, fatou, settings):
    device_of(fatou)
    given = code_for("fatou")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [settings.SECRET_KEY]
    password(client)
    assert code(client, given).status_code == 302


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


def test_who_was_setting_up_an_app_when_the_site_was_brought_up_to_date_goes_on(client):
    with_a_password_alone(client, make_editor())
    session = client.session
    session["secret"] = "ab" * 20  # as keys were kept in sessions before they were encrypted
    session.save()
    assert client.get(STEP).context["key"]
