"""What the log has of the door: who got in, who did not, who may do what, what readers see."""

import io
import json
import logging

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client

from sahel.logs import JSONFormatter, PlainFormatter
from sahel.models import Step
from tests.factories import make_editor, make_event, make_place, make_source
from tests.importing import confirm as imported
from tests.importing import tried, undo
from tests.signin import code_for, device_of, let_in
from tests.test_signin import (
    ANOTHER,
    PASSWORD,
    a_while_later,
    code,
    confirm,
    key_of,
    password,
    set_up,
    shown,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(caplog, django_capture_on_commit_callbacks):
    """Give a function that does something, and gives what the log has of it."""

    def of(what):
        caplog.clear()
        with (
            caplog.at_level(logging.INFO, "sahel.security"),
            django_capture_on_commit_callbacks(execute=True),
        ):
            what()
        found = [each for each in caplog.records if each.name == "sahel.security"]
        return [(each.getMessage(), each.user, each) for each in found]

    return of


def said(found):
    return [(message, user) for message, user, _record in found]


def test_an_editors_first_sign_in(client, log):
    make_editor()
    assert said(log(lambda: password(client, password="wrong"))) == [("password refused", "fatou")]
    assert said(log(lambda: password(client))) == [("password given", "fatou")]
    assert said(log(lambda: code(client, "000000"))) == [("second factor refused", "fatou")]
    assert said(log(lambda: set_up(client))) == [
        ("second factor set up", "fatou"),
        ("signed in", "fatou"),
    ]
    assert said(log(lambda: client.post("/en/admin/logout/"))) == [("signed out", "fatou")]


def test_a_recovery_code_and_how_many_are_left(client, log):
    make_editor()
    password(client)
    found = log(lambda: code(client, code_for("fatou")))
    assert said(found) == [("recovery code used", "fatou"), ("signed in", "fatou")]
    assert found[0][2].left == 0


def test_who_is_let_wait(client, log):
    device_of(make_editor())
    password(client)
    for _ in range(5):
        code(client, "000000")
        a_while_later()
    assert said(log(lambda: code(client, "000000"))) == [("locked out", "fatou")]
    assert said(log(lambda: password(Client()))) == [("locked out", "fatou")]


def test_a_device_that_is_replaced(client, log):
    let_in(client, make_editor())
    confirm(client)
    found = log(lambda: client.post(ANOTHER, {"code": shown(key_of(client, ANOTHER))}))
    assert said(found) == [("second factor set up", "fatou")]


def test_a_device_that_is_taken_away(log):
    make_editor()
    found = log(lambda: call_command("editor", "fatou", forget_device=True, stdout=io.StringIO()))
    assert said(found) == [("second factor taken away", "")]
    assert found[0][2].account == "fatou"


def test_an_account_that_is_made_and_its_role(log, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    found = log(lambda: call_command("editor", "awa", role="editor", stdout=io.StringIO()))
    assert [each.account for _said, _user, each in found] == ["awa", "awa"]
    assert said(found) == [("account made", ""), ("rights changed", "")]
    assert (found[1][2].how, found[1][2].which) == ("add", "Editor")


def test_a_password_and_what_an_account_or_a_role_may(admin_client, log):
    fatou = make_editor()
    new = {"password1": "another long phrase", "password2": "another long phrase"}
    page = f"/en/admin/auth/user/{fatou.pk}/password/"
    found = log(lambda: admin_client.post(page, {**new, "usable_password": "true"}))
    assert said(found) == [("password changed", "admin")]
    assert found[0][2].account == "fatou"
    fatou.is_superuser = True
    assert log(fatou.save)[0][2].is_superuser is True
    assert log(fatou.save) == []
    group, may = Group.objects.get(name="Contributor"), Permission.objects.first()
    assert log(lambda: group.permissions.add(may))[0][2].role == "Contributor"
    assert said(log(fatou.delete))[-1] == ("account deleted", "")


def test_what_somebody_may_not_do(client, log):
    let_in(client, make_editor("awa", "Contributor"))
    found = log(lambda: client.get("/en/admin/auth/user/"))
    assert said(found) == [("not allowed", "awa")]
    assert (found[0][2].method, found[0][2].path) == ("GET", "/en/admin/auth/user/")


def test_what_readers_see_and_see_no_more(log):
    fatou, event = make_editor(), make_event(slug="strike")
    event.withdrawal_en = "It was a mistake."
    found = log(lambda: event.take(Step.WITHDRAW, fatou))
    assert said(found) == [("withdrawn", "fatou")]
    assert found[0][2].event == "strike"
    assert said(log(lambda: event.take(Step.PUBLISH, fatou))) == [("published", "fatou")]


def test_a_file_that_is_imported_and_taken_back(editor, log):
    make_source("gazette"), make_place("Mali")
    columns = "slug,title_en,kind,date,places,source,quotation"
    row = "a-meeting,A meeting,diplomacy,June 2021,Mali,gazette,They met."
    batch = tried(editor, f"{columns}\n{row}")
    ((message, user, record),) = log(lambda: imported(editor, batch))
    assert (message, user, record.drafts) == ("imported", "fatou", 1)
    assert record.file == "events.csv"
    assert said(log(lambda: undo(editor, batch))) == [("import undone", "fatou")]


def test_nothing_secret_is_in_it(client, log):
    make_editor()
    given = code_for("fatou")
    secrets = [PASSWORD, "wrong one", given, given.replace("-", "")]
    found = log(
        lambda: [password(client, password="wrong one"), password(client), code(client, given)]
    )
    lines = "".join(JSONFormatter().format(record) for _said, _user, record in found)
    assert len(found) == 4
    assert not [each for each in (*secrets, client.session.session_key) if each in lines]


@pytest.mark.parametrize("formatter", [JSONFormatter(), PlainFormatter()])
def test_no_name_writes_a_line_of_its_own(client, log, formatter):
    ((message, _user, record),) = log(lambda: password(client, "a\r\nFAKE\u2028x", "wrong"))
    line = formatter.format(record)
    assert message == "password refused"
    assert len(line.splitlines()) == 1
    if isinstance(formatter, JSONFormatter):
        assert json.loads(line)["user"] == "a\r\nFAKE\u2028x"


@pytest.mark.parametrize(("kept", "address"), [(True, "198.51.100.0"), (False, None)])
def test_addresses_are_as_whoever_runs_the_site_chooses(client, log, settings, kept, address):
    settings.LOG_ADDRESSES, settings.HTTPS = kept, True
    ((_said, _user, record),) = log(
        lambda: password(client, "awa", "wrong", **{"x-forwarded-for": "198.51.100.7"})
    )
    assert json.loads(JSONFormatter().format(record)).get("address") == address


def test_the_default_settings_let_it_be_known_who_got_in(settings):
    assert settings.LOGGING["loggers"]["sahel.security"]["level"] == "INFO"
    assert logging.getLogger("sahel.security").isEnabledFor(logging.INFO)
