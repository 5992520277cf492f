"""A passkey is a second step, of one account, site and question, and never the only step."""

import json
import logging
from time import time

import pytest
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sahel.models import Passkey
from sahel.passkeys import ASKED, LONGEST
from tests.authenticator import PRESENT, Authenticator
from tests.factories import make_editor
from tests.signin import code_for, let_in, with_a_password_alone
from tests.test_signin import STEP, YOURS, a_while_later, confirm, gets_in, password

pytestmark = pytest.mark.django_db


@pytest.fixture
def fatou():
    return make_editor("fatou")


def make(client, key, name="A key", account="fatou"):
    """Make a passkey on the page that is for it, by somebody who gave a code once more."""
    confirm(client, account)
    answer = key.answer(client.get(YOURS).text)
    return client.post(YOURS, {"new_passkey": answer, "name": name}, follow=True)


@pytest.fixture
def key(fatou):
    """Give fatou's passkey, beside the app that she has."""
    client, key = Client(), Authenticator()
    let_in(client, fatou)
    assert "The passkey is kept." in make(client, key).text
    return key


def use(client, key, **other):
    """Answer what the second step asks, after the password; give what was sent."""
    answer = key.answer(client.get(STEP).text, **other)
    return answer, client.post(STEP, {"passkey": answer})


def half_way(user):
    client = Client()
    with_a_password_alone(client, user)
    return client


def test_an_editor_signs_in_with_a_password_and_a_passkey(client, fatou, key):
    password(client)
    assert not gets_in(client)
    before = client.cookies["sessionid"].value
    _answer, response = use(client, key)
    assert response["Location"] == "/en/admin/"
    assert gets_in(client)
    assert client.cookies["sessionid"].value != before
    kept = Passkey.objects.get()
    assert (kept.name, kept.sign_count) == ("A key", 2)
    assert kept.used_at


def test_a_code_still_opens_the_door_for_whoever_has_passkeys(client, fatou, key):
    password(client)
    client.post(STEP, {"code": code_for("fatou")})
    assert gets_in(client)


def test_an_editor_who_has_nothing_yet_makes_a_passkey_and_gets_recovery_codes(client, fatou):
    password(client)
    key = Authenticator()
    answer = key.answer(client.get(STEP).text)
    page = client.post(STEP, {"new_passkey": answer, "name": "My phone"}).text
    assert page.count("<li><code>") == 10
    assert gets_in(client)
    client.post("/en/admin/logout/")
    password(client)
    assert "Set up" not in client.get(STEP).text
    client.post(STEP, {"code": page.split("<li><code>")[1].split("<")[0]})
    assert gets_in(client)


def test_a_key_that_was_stolen_opens_nothing_without_the_password(client, fatou, key):
    asked = half_way(fatou).get(STEP).text
    assert client.post(STEP, {"passkey": key.answer(asked)})["Location"] == "/en/admin/"
    assert not gets_in(client)
    assert client.get(STEP).status_code == 302


def test_an_answer_is_taken_once(fatou, key):
    client = half_way(fatou)
    answer, _response = use(client, key)
    assert gets_in(client)
    again = half_way(fatou)
    again.get(STEP)
    assert "does not open" in again.post(STEP, {"passkey": answer}).text
    confirming = client.post(YOURS, {"passkey": answer})
    assert "five minutes" in confirming.text
    assert not gets_in(again)


def test_the_question_is_put_anew_each_time(fatou, key):
    client = half_way(fatou)
    first = key.answer(client.get(STEP).text)
    client.get(STEP)
    assert "does not open" in client.post(STEP, {"passkey": first}).text
    assert not gets_in(client)


def test_a_question_is_good_for_five_minutes(fatou, key):
    for age, opens in ((290, True), (301, False)):
        client = half_way(fatou)
        answer = key.answer(client.get(STEP).text)
        session = client.session
        session[ASKED] = session[ASKED] | {"at": time() - age}
        session.save()
        client.post(STEP, {"passkey": answer})
        assert gets_in(client) == opens


def test_another_accounts_key_opens_nothing(fatou, key):
    awa, hers = make_editor("awa"), Authenticator()
    client = Client()
    let_in(client, awa)
    make(client, hers, account="awa")
    other = half_way(awa)
    _answer, response = use(other, key)
    assert "does not open" in response.text
    key.id = hers.id  # as if it were hers
    use(other, key)
    assert not gets_in(other)
    use(other, hers)
    assert gets_in(other)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://testserver"},
        {"origin": "http://testserver:8000"},
        {"origin": "http://evil.example"},
        {"origin": "http://evil.testserver"},
        {"type": "webauthn.create"},
        {"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=str,
)
def test_what_was_signed_for_something_else_opens_nothing(fatou, key, wrong):
    client = half_way(fatou)
    _answer, response = use(client, key, **wrong)
    assert "does not open" in response.text
    assert not gets_in(client)


def test_what_was_signed_for_another_site_or_by_nobody_opens_nothing(fatou, key):
    client = half_way(fatou)
    key.site = "evil.example"
    use(client, key)
    key.site, key.flags = "testserver", 0
    use(client, key)
    assert not gets_in(client)
    key.flags = PRESENT  # a key without a PIN: the password is the other step
    use(client, key)
    assert gets_in(client)


def test_a_copy_of_a_passkey_is_not_taken(client, fatou, key, caplog):
    key.count = 0  # the copy signs for the second time, as the key did
    Passkey.objects.update(sign_count=9)
    client = half_way(fatou)
    with caplog.at_level(logging.INFO, "sahel.security"):
        _answer, response = use(client, key)
    assert "seems to be a copy" in response.text
    assert "passkey counts backwards" in caplog.text
    assert not gets_in(client)


def test_passkeys_that_do_not_count_are_taken(fatou, key):
    Passkey.objects.update(sign_count=0)
    key.count = key.counts = 0
    for _ in range(2):
        client = half_way(fatou)
        use(client, key)
        assert gets_in(client)


def test_wrong_answers_count_like_wrong_codes(fatou, key):
    client = half_way(fatou)
    statuses = [use(client, key, origin="http://evil.example")[1].status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert use(client, key)[1].status_code == 429
    assert not gets_in(client)


def test_a_passkey_that_is_removed_opens_nothing_and_ends_its_sessions(fatou, key):
    client, other = half_way(fatou), half_way(fatou)
    use(client, key)
    use(other, key)
    assert gets_in(other)
    confirm(client)
    client.post(YOURS, {"passkey-to-remove": Passkey.objects.get().pk})
    assert (gets_in(client), gets_in(other)) == (True, False)
    assert "data-passkey" not in half_way(fatou).get(STEP).text


def test_the_only_way_in_is_not_removed(client, fatou):
    password(client)
    answer = Authenticator().answer(client.get(STEP).text)
    client.post(STEP, {"new_passkey": answer, "name": "My phone"})
    code = code_for("fatou")
    fatou.totpdevice_set.all().delete()
    client.post(YOURS, {"code": code})
    only = Passkey.objects.get().pk
    assert 'name="passkey-to-remove"' not in client.get(YOURS).text
    page = client.post(YOURS, {"passkey-to-remove": only}, follow=True)
    assert "It is your only way in" in page.text
    assert gets_in(client)


def test_nobody_removes_somebody_elses_passkey(client, fatou, key):
    let_in(client, make_editor("awa"))
    confirm(client, "awa")
    for forged in (Passkey.objects.get().pk, "x", "٣", "99999999999999999999"):
        assert client.post(YOURS, {"passkey-to-remove": forged}).status_code == 302
    assert Passkey.objects.count() == 1


def test_nothing_is_added_or_removed_without_the_second_step_once_more(client, fatou, key):
    let_in(client, fatou)
    page = client.get(YOURS).text
    client.post(YOURS, {"new_passkey": Authenticator().answer(page), "name": "A thief's"})
    client.post(YOURS, {"passkey-to-remove": Passkey.objects.get().pk})
    assert [each.name for each in Passkey.objects.all()] == ["A key"]
    client.post(YOURS, {"passkey": key.answer(client.get(YOURS).text)})
    client.post(YOURS, {"passkey-to-remove": Passkey.objects.get().pk})
    assert not Passkey.objects.exists()


def test_a_device_holds_one_passkey_of_an_account_and_one_is_of_one_account(client, fatou, key):
    let_in(client, fatou)
    assert "cannot be used here" in make(client, key).text
    let_in(client, make_editor("awa"))
    confirm(client, "awa")
    answer = key.answer(client.get(YOURS).text)
    assert "cannot be used here" in client.post(YOURS, {"new_passkey": answer, "name": "x"}).text


def test_whoever_runs_the_site_takes_lost_passkeys_away(fatou, key):
    client = half_way(fatou)
    use(client, key)
    call_command("editor", "fatou", forget_device=True, verbosity=0)
    assert not gets_in(client)
    assert "Set up the second step" in client.get(STEP).text


def test_passkeys_are_not_offered_at_an_address_in_figures(client, fatou, key, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "[::1]", "testserver"]
    client = half_way(fatou)
    assert "data-passkey" in client.get(STEP).text
    for host in ("127.0.0.1:8000", "[::1]:8000"):
        page = client.get(STEP, headers={"host": host}).text
        assert "data-passkey" not in page
        assert 'name="code"' in page


def test_the_door_is_on_record(client, fatou, caplog):
    let_in(client, fatou)
    key = Authenticator()
    with caplog.at_level(logging.INFO, "sahel.security"):
        make(client, key)
        client = half_way(fatou)
        use(client, key, origin="http://evil.example")
        use(client, key)
        client.post(YOURS, {"passkey": key.answer(client.get(YOURS).text)})
        client.post(YOURS, {"passkey-to-remove": Passkey.objects.get().pk})
    said = [each.getMessage() for each in caplog.records if each.name == "sahel.security"]
    assert [each for each in said if each not in ("recovery code used", "password given")] == [
        *("passkey added", "second factor refused", "passkey used", "signed in", "passkey used"),
        *("passkey removed", "session ended"),
    ]


ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "signature"]),
            part,
        )
    ),
)


@pytest.mark.one_database
def test_whatever_is_sent_in_place_of_an_answer_is_refused_in_words(fatou, key):
    client = half_way(fatou)

    @given(ANSWERS.map(json.dumps) | st.text(max_size=40))
    def refused(answer):
        client.get(STEP)
        response = client.post(STEP, {"passkey": answer})
        assert response.status_code in (200, 429)
        a_while_later()

    refused()
    assert client.post(STEP, {"passkey": "x" * (LONGEST + 1)}).status_code == 200
    assert not gets_in(client)
