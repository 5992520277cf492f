"""“Your sign-in”: an editor sees what lets them in and where they are, and ends what they want."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from tests.factories import make_editor
from tests.signin import code_for, device_of, let_in, with_a_password_alone
from tests.test_signin import PASSWORD, STEP, YOURS, a_while_later, confirm, gets_in, password

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/146.0.0.0 Safari/537.36"
)


@pytest.fixture
def fatou():
    return make_editor("fatou")


def signed_in(agent):
    """Give the browser of fatou, who is signed in there."""
    client = Client(headers={"user-agent": agent})
    password(client)
    client.post(STEP, {"code": code_for("fatou")})
    assert gets_in(client)
    return client


def rows(client):
    """Give what the page says of each session."""
    table = client.get(YOURS).text.rpartition("<tbody>")[2]
    return [" ".join(re.sub("<[^>]+>", " ", row).split()) for row in table.split("</tr>")[:-1]]


def press(client, pattern):
    """Press the button of that name and value."""
    name, value = re.search(f'name="({pattern})" value="([^"]+)"', client.get(YOURS).text).groups()
    return client.post(YOURS, {name: value}, follow=True)


def test_an_editor_sees_where_they_are_signed_in_and_ends_one(fatou):
    device_of(fatou)
    here, there = signed_in(FIREFOX), signed_in(CHROME)
    with_a_password_alone(Client(headers={"user-agent": ""}), fatou)
    let_in(Client(headers={"user-agent": FIREFOX}), make_editor("awa"))
    seen = rows(here)
    assert len(seen) == 3
    assert seen[0].startswith("Firefox, Linux (this one)")
    assert any(row.startswith("Chrome, Windows 2") for row in seen)
    assert any("(only the password was given)" in row for row in seen)
    assert 'name="session"' not in here.get(YOURS).text
    confirm(here)
    page = here.get(YOURS).text
    assert there.cookies["sessionid"].value not in page
    theirs = re.search(r'Chrome, Windows.*?name="session" value="(\w+)"', page, re.S)[1]
    assert "signed out" in here.post(YOURS, {"session": theirs}, follow=True).text
    assert (gets_in(here), gets_in(there)) == (True, False)
    assert len(rows(here)) == 2


def test_an_editor_signs_out_everywhere_else(fatou):
    device_of(fatou)
    here, *others = signed_in(FIREFOX), signed_in(CHROME), signed_in(FIREFOX)
    let_in(awa := Client(), make_editor("awa"))
    confirm(here)
    press(here, "others")
    assert gets_in(here)
    assert not any(map(gets_in, others))
    assert gets_in(awa)
    assert Session.objects.count() == 2


def test_nobody_ends_a_session_without_the_second_step_once_more(fatou):
    device_of(fatou)
    here, there = signed_in(FIREFOX), signed_in(CHROME)
    page = here.post(YOURS, {"others": "1"}, follow=True).text
    assert "Nothing was changed" in page
    assert gets_in(there)
    confirm(here)
    session = here.session
    session["confirmed"] -= 601  # ten minutes ago
    session.save()
    here.post(YOURS, {"others": "1"})
    assert gets_in(there)


def test_nobody_ends_somebody_elses_session(client, fatou):
    device_of(fatou)
    there = signed_in(CHROME)
    confirm(there)
    theirs = re.search(r"session-(\w+)", there.get(YOURS).text)[1]
    let_in(client, make_editor("awa"))
    confirm(client, "awa")
    for forged in (theirs, there.cookies["sessionid"].value, "", "\x00"):
        client.post(YOURS, {"session": forged})
    assert gets_in(there)


def test_what_is_no_session_any_more_is_not_listed(fatou):
    device_of(fatou)
    here, there = signed_in(FIREFOX), signed_in(CHROME)
    session = there.session
    session["begun"] -= 25 * 60 * 60
    session.save()
    assert len(rows(here)) == 1
    signed_in(CHROME)
    new = {"new_password1": "another long phrase", "new_password2": "another long phrase"}
    here.post("/en/admin/password_change/", {"old_password": PASSWORD, **new})
    assert len(rows(here)) == 1


def test_an_editor_makes_new_recovery_codes(client, fatou):
    let_in(client, fatou)
    former = code_for("fatou")
    confirm(client)
    assert "Recovery codes that are left: 1" in client.get(YOURS).text
    page = client.post(YOURS, {"codes": "1"}).text
    codes = re.findall(r"<li><code>([^<]+)</code>", page)
    assert len(codes) == 10
    assert "Recovery codes that are left: 10" in client.get(YOURS).text
    client.post("/en/admin/logout/")
    password(client)
    assert "This is not the code" in client.post(STEP, {"code": former}).text
    a_while_later()
    client.post(STEP, {"code": codes[0]})
    assert gets_in(client)


def test_a_wrong_code_changes_nothing_and_is_said(client, fatou):
    let_in(client, fatou)
    page = client.post(YOURS, {"code": "nonsense"}).text
    assert "This is not the code" in page
    assert "<title>Error:" in page
    assert 'name="codes"' not in client.get(YOURS).text
