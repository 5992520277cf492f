"""Being told of news by e-mail: asked for, confirmed, sent, ended; and nothing known by it."""

import os
import re
import smtplib
import socketserver
import subprocess
import sys
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from threading import Thread

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from sahel import alerts
from sahel.models import Asking, Change, Event, Subscription, changes
from sahel.models.alerts import hashes
from sahel.requesters import requester
from tests.factories import CHECKED, make_actor, make_event, make_source

pytestmark = pytest.mark.django_db
HOST = {"host": "localhost"}
AMINA = "amina@example.org"


class Mailbox(EmailBackend):
    """Django's own, but for addresses and times at which a mail server says no."""

    refused: dict[str, int] = {}
    down = False

    def send_messages(self, messages):
        """Send, or say no as a mail server does."""
        if Mailbox.down:
            raise smtplib.SMTPConnectError(421, b"no service for amina@example.org")
        for message in messages:
            if code := Mailbox.refused.get(message.to[0]):
                said = {message.to[0]: (code, b"no such user: amina@example.org")}
                raise smtplib.SMTPRecipientsRefused(said)
        return super().send_messages(messages)


@pytest.fixture(autouse=True)
def _mail_is_set_up(settings):
    settings.ALERTS, settings.EMAIL_FROM = True, "Sahel timeline <news@example.org>"
    settings.MAILERS = {"default": {"BACKEND": "tests.test_alerts.Mailbox"}}
    Mailbox.refused, Mailbox.down = {}, False
    mail.outbox = []


def ask(client, query="", email=AMINA, **fields):
    """Fill in the form as it stands on its page, and send it."""
    page = client.get(f"/en/alerts/{query}", headers=HOST).text
    token = re.search('name="token" value="([^"]+)"', page)[1]
    sent = {"email": email, "frequency": "daily", "language": "en", "token": token, **fields}
    return client.post(f"/en/alerts/{query}", sent, headers=HOST)


def link(message, which):
    return re.search(rf"http://localhost(/\w\w/alerts/{which}/\S+)", message.body)[1]


def subscribe(client, query="", **fields):
    """Ask, follow the link of the mail and confirm."""
    assert ask(client, query, **fields).status_code == 200
    assert client.post(link(mail.outbox.pop(), "confirm")).status_code == 200
    return Subscription.objects.latest("confirmed_at")


def next_day():
    Subscription.objects.update(looked_on=timezone.now().date() - timedelta(days=1))


def send(capsys=None) -> list:
    """Run the command a day later, and give the mails that it sends."""
    next_day()
    mail.outbox.clear()
    call_command("send_alerts")
    return mail.outbox


def change(**columns):
    with changes(Change.Way.EDITOR, who="Awa", why="The day was wrong.", language="en"):
        for name, value in columns.items():
            Event.objects.filter(slug=name).update(**value)


def make(*args, **fields):
    with changes(Change.Way.EDITOR):
        return make_event(*args, **fields)


# Asking -------------------------------------------------------------------------------------------


def test_without_mail_nothing_of_it_shows_or_answers(client, admin_client, settings):
    settings.ALERTS = False
    assert "/subscription/" not in admin_client.get("/en/admin/").text
    make(slug="strike", actors=("France",))
    for page in ("/en/", "/en/actors/france/", "/en/sources/gazette/"):
        assert "/alerts/" not in client.get(page).text
    for page in ("alerts/", "alerts/confirm/x/", "alerts/leave/x/"):
        assert client.get(f"/en/{page}").status_code == 404
        assert client.post(f"/en/{page}").status_code == 404
    with pytest.raises(CommandError, match="EMAIL_URL"):
        call_command("send_alerts")


def test_a_reader_finds_it_on_the_pages_with_what_they_are_about(client):
    make(actors=("France",), places=("Mali",))
    for page, query in [
        ("?year=2021&order=newest", "?year=2021"),
        ("actors/france/", "?actor=france"),
        ("places/mali/?year=2021", "?year=2021&amp;place=mali"),
        ("sources/gazette/", "?source=gazette"),
    ]:
        assert f'href="/en/alerts/{query}"' in client.get(f"/en/{page}").text
    assert 'class="facet">Actor</span> France' in client.get("/en/alerts/?actor=france").text


def test_a_reader_asks_confirms_and_is_told_of_what_is_new(client):
    make("Known already", actors=("France",))
    sent = ask(client, "?actor=france")
    assert f"A mail is on its way to {AMINA}" in sent.text
    assert not sent.cookies
    asked = mail.outbox.pop()
    assert asked.to == [AMINA]
    page = link(asked, "confirm")
    assert "Yes, send them" in client.get(page).text
    assert send() == []  # a mail scanner followed the link
    assert "You will be told of news" in client.post(page).text
    make("Air strike", "2021-01~", actors=("France",), words="killed 19 people")
    make("Elsewhere", actors=("Mali",))
    [news] = send()
    assert news.subject == "Sahel timeline: news of 1 event – France"
    for words in ("Air strike", "About January 2021", "“killed 19 people”", "the source itself"):
        assert words in news.body
    assert "Elsewhere" not in news.body
    assert "Known already" not in news.body
    assert send() == []


def test_the_page_speaks_the_readers_language_and_the_mails_the_chosen_one(client):
    page = client.get("/fr/alerts/", headers=HOST).text
    assert '<option value="fr" lang="fr" selected>' in page
    subscribe(client, language="fr")
    make("Strike", title_fr="Frappe", date="2021-01-03")
    [news] = send()
    assert "Frappe" in news.body
    assert "3 janvier 2021" in news.body
    assert "http://localhost/fr/events/" in news.body


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": "amina@"}, "Enter a valid email address."),
        ({"email": ""}, "This field is required."),
        ({"frequency": "hourly"}, "not one of the available choices"),
        ({"language": "xx"}, "not one of the available choices"),
        ({"token": "stale"}, "This page was open for a long time."),
    ],
)
def test_bad_input_is_said_and_nothing_typed_is_lost(client, wrong, said):
    answer = ask(client, **{"email": "awa+sahel@example.org", **wrong})
    assert answer.status_code == 400
    assert said in answer.text
    assert f'value="{wrong.get("email", "awa+sahel@example.org")}"' in answer.text
    assert mail.outbox == []


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}]
)
def test_a_form_on_another_site_asks_for_nothing(client, headers):
    page = client.get("/en/alerts/", headers=HOST).text
    token = re.search('name="token" value="([^"]+)"', page)[1]
    sent = {"email": AMINA, "frequency": "daily", "language": "en", "token": token}
    answer = client.post("/en/alerts/", sent, headers={**HOST, **headers})
    assert (answer.status_code, len(mail.outbox)) == (403, 0)
    assert f'value="{AMINA}"' in answer.text
    ours = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
    assert client.post("/en/alerts/", sent, headers={**HOST, **ours}).status_code == 200


def test_the_form_needs_no_cookie():
    client = Client(enforce_csrf_checks=True)
    assert ask(client).status_code == 200
    assert not client.cookies
    assert "no-store" in client.get("/en/alerts/")["Cache-Control"]


def test_nobody_learns_whether_an_address_is_known_to_us_or_to_its_server(client):
    subscribe(client)
    Mailbox.refused = {"nobody@example.org": 550}
    known, unknown, nobody = (
        re.sub(r"\w+@example.org|[\w-]+:[\w-]+:[\w-]+", "", ask(client, email=email).text)
        for email in (AMINA, "awa@example.org", "nobody@example.org")
    )
    assert known == unknown == nobody
    assert [message.to for message in mail.outbox] == [[AMINA], ["awa@example.org"]]


def test_a_third_party_is_not_bombed_with_mails(client):
    for email in ["amina@example.org", "Amina@Example.org", "a.mina+1@example.org"] * 2:
        assert ask(client, email=email).status_code == 200
    assert len(mail.outbox) == 3
    assert Subscription.objects.count() == 3


@pytest.mark.parametrize(
    "email",
    ["amina@example.org", "AMINA@EXAMPLE.ORG", '"amina"@example.org', r'"a\mina"@example.org',
     "am.in.a+x@example.org", "\uff41mina@example.org", "amina@example\uff0eorg"],
)  # fmt: skip
def test_one_mailbox_is_one_however_it_is_written(email):
    assert alerts._person(email) == "amina@example.org"


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("[2001:db8:1:2ff::7]:443", "2001:db8:1:200::/56"),
        ("2001:db8:1:2ff::7", "2001:db8:1:200::/56"),
        ("unknown", "unknown"),
    ],
)
def test_one_connection_is_one_however_it_is_told(rf, settings, told, known):
    settings.HTTPS = True
    request = rf.get("/", headers={"x-forwarded-for": f"203.0.113.9, {told}"})
    assert requester(request) == known


def test_nobody_can_have_us_write_their_own_words_to_others(client):
    ask(client, "?q=win+money+at+evil.example&actor=buy-this")
    assert "evil" not in mail.outbox[0].body + mail.outbox[0].subject
    assert "buy" not in mail.outbox[0].body
    assert "evil.example" in client.get(link(mail.outbox[0], "confirm")).text


def test_one_connection_cannot_ask_for_ever(client, settings):
    settings.HTTPS = True
    for number in range(10):
        ask(client, email=f"reader{number}@example.org")
    page = client.get("/en/alerts/", headers=HOST).text
    token = re.search('name="token" value="([^"]+)"', page)[1]
    sent = {"email": AMINA, "frequency": "daily", "language": "en", "token": token}
    assert client.post("/en/alerts/", sent, headers=HOST).status_code == 429
    for number, status in enumerate([200] * 10 + [429]):  # another network of the IPv6 internet
        sent["email"] = f"other{number}@example.org"
        other = {"x-forwarded-for": f"192.0.2.7, 2001:db8::{number + 1:x}"}
        answer = client.post("/en/alerts/", sent, headers={**HOST, **other})
        assert answer.status_code == status
    Asking.objects.update(day=timezone.now().date() - timedelta(days=1))
    assert client.post("/en/alerts/", sent, headers=HOST).status_code == 200


def test_nobody_can_make_us_send_mails_without_end(client, monkeypatch):
    monkeypatch.setattr("sahel.alerts.IN_ALL", 2)
    statuses = [ask(client, email=f"reader{n}@example.org").status_code for n in range(3)]
    assert statuses == [200, 200, 503]


def test_a_mail_server_that_is_down_is_said_and_nothing_kept(client, caplog):
    Mailbox.down = True
    answer = ask(client)
    assert answer.status_code == 503
    assert "Please try again later" in answer.text
    assert f'value="{AMINA}"' in answer.text
    assert not Subscription.objects.exists()
    assert "SMTPConnectError" in caplog.text
    assert AMINA not in caplog.text


# Keeping ------------------------------------------------------------------------------------------


def test_no_address_stands_in_the_database_in_clear(client, capsys):
    subscribe(client, email="Amina@example.org")
    rows = [*Subscription.objects.values(), *Asking.objects.values()]
    assert "amina" not in str(rows).lower()
    assert "127.0.0.1" not in str(rows)
    assert Subscription.objects.of("amina@EXAMPLE.org").get().email == "Amina@example.org"
    call_command("dumpdata", "sahel")
    assert "subscription" not in capsys.readouterr().out


def test_a_new_secret_key_takes_over_what_the_former_one_kept(client, settings):
    subscription = subscribe(client)
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [old]
    make()
    [news] = send()
    assert news.to == [AMINA]
    settings.SECRET_KEY_FALLBACKS = []
    subscription.refresh_from_db()
    assert subscription.email == AMINA
    assert subscription.address_hash == hashes(AMINA)[0]
    assert client.post(link(news, "leave")).status_code == 200
    assert not Subscription.objects.exists()


def test_addresses_that_no_key_opens_stop_nobody_elses_digest(client, settings):
    for number in range(3):
        subscribe(client, email=f"reader{number}@example.org")
    settings.SECRET_KEY = "another one"
    last = subscribe(client, email="awa@example.org")
    make()
    next_day()
    Subscription.objects.exclude(pk=last.pk).update(looked_on="2022-02-16")  # their turn is first
    with pytest.raises(CommandError, match="3 could not be sent"):
        call_command("send_alerts")
    assert [message.to for message in mail.outbox] == [["awa@example.org"]]
    assert Subscription.objects.count() == 4


def test_editors_see_how_many_there_are_and_no_address(client, admin_client):
    subscribe(client, "?actor=france")
    assert "/subscription/" in admin_client.get("/en/admin/").text
    page = admin_client.get("/en/admin/sahel/subscription/").text
    assert "?actor=france" in page
    assert "example.org" not in page
    assert admin_client.get("/en/admin/sahel/subscription/add/").status_code == 403


# Confirming and ending ----------------------------------------------------------------------------


def test_what_is_not_confirmed_in_two_days_is_forgotten(client, monkeypatch):
    ask(client)
    page = link(mail.outbox[0], "confirm")
    Subscription.objects.update(asked_at=timezone.now() - timedelta(hours=49))
    send()
    assert not Subscription.objects.exists()
    assert client.get(page).status_code == 410
    later = timezone.now().timestamp() + 49 * 60 * 60
    monkeypatch.setattr("time.time", lambda: later)
    assert "This link is no longer good" in client.post(page).text


@pytest.mark.parametrize("which", ["confirm", "leave"])
def test_a_forged_link_leads_nowhere(client, which):
    subscribe(client)
    assert client.post(f"/en/alerts/{which}/x:y:z/").status_code == 404
    assert Subscription.objects.get().confirmed_at


def test_one_click_in_a_mail_program_ends_it_for_good():
    client = Client(enforce_csrf_checks=True)
    subscribe(client)
    make()
    [news] = send()
    assert news.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    page = news.extra_headers["List-Unsubscribe"].strip("<>").removeprefix("http://localhost")
    assert "Yes, send no more of them" in client.get(page).text
    assert Subscription.objects.exists()  # a scanner followed the link
    for _ in range(2):
        answer = client.post(page, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "You get no more of these mails" in answer.text
    assert not Subscription.objects.exists()
    assert answer["Referrer-Policy"] == "no-referrer"


def test_the_confirming_mail_too_lets_one_end_it(client):
    ask(client)
    page = link(mail.outbox[0], "leave")
    assert f"<http://localhost{page}>" == mail.outbox[0].extra_headers["List-Unsubscribe"]
    client.post(page)
    assert not Subscription.objects.exists()


def test_asked_again_the_last_confirmed_choice_counts(client):
    subscribe(client, "?actor=france", frequency="daily")
    subscribe(client, "?actor=mali", frequency="daily")
    ask(client, "?actor=france", frequency="weekly")
    assert Subscription.objects.confirmed().filter(frequency="daily").count() == 2
    client.post(link(mail.outbox.pop(), "confirm"))
    kept = Subscription.objects.order_by("query").values_list("query", "frequency")
    assert list(kept) == [("?actor=france", "weekly"), ("?actor=mali", "daily")]


# What is told -------------------------------------------------------------------------------------


def test_a_correction_is_told_with_its_reason(client):
    make("Air strike", slug="strike")
    subscribe(client)
    change(strike={"date": "2021-01-04"})
    [news] = send()
    new, _corrected, corrected = news.body.partition("== Corrected ==")
    assert "Air strike" not in new
    assert "4 January 2021" in corrected
    assert "by Awa: The day was wrong." in corrected
    assert "by Awa: <span" in news.alternatives[0].content


def test_what_was_withdrawn_or_left_is_told_without_its_contents(client):
    make("Secret words", slug="first", kind="coup")
    make("Secret words", slug="second", kind="coup")
    make("Secret words", slug="third")
    subscribe(client, "?kind=coup")
    withdrawn = {"publication": "withdrawn", "withdrawal_en": "Secret words."}
    change(first=withdrawn, third=withdrawn, second={"kind": "statement"})
    [news] = send()
    assert "Secret" not in news.body + news.alternatives[0].content
    assert "An event of this selection: withdrawn, " in news.body
    assert "http://localhost/en/changes/?event=first" in news.body
    assert "An event of this selection: corrected, " in news.body
    assert "third" not in news.body


def test_what_came_and_went_in_between_is_not_told(client):
    subscribe(client)
    make(slug="strike")
    change(strike={"publication": "withdrawn", "withdrawal_en": "An error."})
    assert send() == []


def test_what_is_corrected_into_a_selection_is_new_in_it(client):
    make("Air strike", slug="strike")
    subscribe(client, "?kind=coup")
    change(strike={"kind": "coup"})
    [news] = send()
    assert "== New in this selection ==" in news.body
    assert "Air strike" in news.body


def test_a_digest_is_bounded(client):
    subscribe(client)
    with changes(Change.Way.EDITOR):
        for number in range(53):
            make_event(f"Number {number}")
    [news] = send()
    assert news.body.count("/en/events/") == 50
    assert "And 3 more: http://localhost/en/changes/" in news.body
    assert "53 events" in news.subject


def test_a_weekly_digest_comes_each_seventh_day(client):
    subscribe(client, frequency="weekly")
    make()
    assert send() == []
    Subscription.objects.update(looked_on=timezone.now().date() - timedelta(days=7))
    call_command("send_alerts")
    assert len(mail.outbox) == 1


def test_a_renamed_actor_is_still_the_one_that_was_asked_for(client):
    france = make_actor("France")
    make(actors=(france,))
    subscribe(client, "?actor=france")
    france.slug = "republic-of-france"
    france.save()
    make("Air strike", actors=(france,))
    [news] = send()
    assert "Air strike" in news.body


def test_whatever_is_typed_arrives_as_text_and_in_one_line(client):
    nasty = "<b>Strike</b> & “more”"
    subscribe(client)
    make(nasty, words=f"{nasty}\nsecond line", actors=(make_actor("a", name_en="A\r\nBcc: x"),))
    [news] = send()
    assert nasty in news.body
    assert "&lt;b&gt;Strike&lt;/b&gt; &amp; “more”" in news.alternatives[0].content
    subscribe(client, "?actor=a")
    make(actors=("a",))
    assert all("\n" not in message.subject for message in send())


def test_a_mail_loads_nothing_and_follows_nobody(client):
    subscribe(client)
    make()
    [news] = send()
    html = news.alternatives[0].content
    assert not re.search(r"<(img|link|style|script|iframe)|style=|src=", html)
    links = set(re.findall(r'href="([^"]+)"', html))
    assert all(each.startswith("http://localhost/en/") and "?" not in each for each in links)


def test_both_sides_of_what_is_disputed_are_told(client):
    subscribe(client)
    event = make("Air strike", status="disputed", words="It was a wedding.")
    denial = {"stance": "denies", "exact": "There was none.", "language": "en"}
    where = {**CHECKED, "start": 20, "end": 35}
    event.quotations.create(source=make_source(), order=1, **denial, **where)
    [news] = send()
    assert "· Disputed" in news.body
    assert news.body.index("“It was a wedding.”") < news.body.index("“There was none.”")
    assert "There was none." in news.alternatives[0].content


# Failing ------------------------------------------------------------------------------------------


def test_a_mail_server_that_is_down_loses_no_news(client, caplog):
    for name in ("a", "b", "c", "d", "e"):
        subscribe(client, email=f"{name}@example.org")
    make()
    Mailbox.down = True
    with pytest.raises(CommandError, match="3 could not be sent: they are due next time"):
        send()
    assert "SMTPConnectError 421" in caplog.text
    assert "example.org" not in caplog.text
    Mailbox.down = False
    assert len(send()) == 5


def test_a_refusal_for_now_is_tried_again_and_others_are_served(client):
    subscribe(client)
    subscribe(client, email="awa@example.org")
    make()
    Mailbox.refused = {AMINA: 451}
    with pytest.raises(CommandError):
        send()
    assert [message.to for message in mail.outbox] == [["awa@example.org"]]
    Mailbox.refused = {}
    mail.outbox.clear()
    call_command("send_alerts")  # on the same day
    assert [message.to for message in mail.outbox] == [[AMINA]]


def test_an_address_that_is_refused_for_good_is_forgotten_in_the_end(client):
    subscribe(client)
    make()
    Mailbox.refused = {AMINA: 550}
    for left in (1, 1, 0):
        send()
        assert Subscription.objects.count() == left


def test_a_crash_in_the_middle_neither_loses_a_digest_nor_sends_one_twice(client, monkeypatch):
    for name in ("a", "b", "c"):
        subscribe(client, email=f"{name}@example.org")
    make()
    next_day()
    sending = Mailbox.send_messages

    def power_cut(self, messages):
        if mail.outbox:
            raise SystemExit
        return sending(self, messages)

    monkeypatch.setattr(Mailbox, "send_messages", power_cut)
    with pytest.raises(SystemExit):
        call_command("send_alerts")
    monkeypatch.undo()
    call_command("send_alerts")
    assert len({message.to[0] for message in mail.outbox}) == len(mail.outbox) == 3


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_what_another_sender_has_in_hand_is_not_sent_twice(client):
    subscribe(client)
    make()
    next_day()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT id FROM sahel_subscription FOR UPDATE")
        call_command("send_alerts")
        assert mail.outbox == []
    other.close()
    call_command("send_alerts")
    assert len(mail.outbox) == 1


class Server(socketserver.StreamRequestHandler):
    """As much of a mail server as a mail needs (RFC 5321); it knows no Nobody."""

    def handle(self):
        """Answer line by line, and keep each mail as it came."""
        self.wfile.write(b"220 localhost\r\n")
        for line in self.rfile:
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
            no = verb == b"RCPT" and b"nobody" in line
            self.wfile.write(b"550 no such user\r\n" if no else b"250 yes\r\n")
            if verb == b"QUIT":
                return


@pytest.fixture
def server(settings):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server) as server:
        server.mails = []
        Thread(target=server.serve_forever, daemon=True).start()
        options = {"host": "127.0.0.1", "port": server.server_address[1], "timeout": 5}
        smtp = "django.core.mail.backends.smtp.EmailBackend"
        settings.MAILERS = {"default": {"BACKEND": smtp, "OPTIONS": options}}
        yield server
        server.shutdown()


def test_a_real_mail_server_gets_mails_that_end_at_one_click(client, server):
    make("Frappe aérienne à Bounti", words="« Plusieurs » " * 200)
    assert ask(client).status_code == 200
    assert ask(client, email="nobody@example.org").status_code == 200
    confirming = message_from_bytes(server.mails.pop(), policy=default)
    page = re.search(r"http://localhost(/en/alerts/confirm/\S+)", confirming.get_content())[1]
    client.post(page)
    Subscription.objects.update(told=0, held=b"")
    next_day()
    call_command("send_alerts")
    [raw] = server.mails
    assert max(map(len, raw.split(b"\r\n"))) <= 998  # RFC 5321
    assert re.search(
        rb"^List-Unsubscribe:\s+<http://localhost/en/alerts/leave/[^>\s]+>\r\n", raw, re.M
    )
    news = message_from_bytes(raw, policy=default)
    assert news["To"] == AMINA
    assert news["Auto-Submitted"] == "auto-generated"
    assert "Frappe aérienne à Bounti" in news.get_body("plain").get_content()
    assert "Frappe aérienne à Bounti" in news.get_body("html").get_content()
    client.post(news["List-Unsubscribe"].strip("<>").removeprefix("http://localhost"))
    assert not Subscription.objects.exists()


def test_a_digest_that_is_sent_again_is_the_same_mail_to_a_mailbox(client):
    subscribe(client)
    make()
    before = Subscription.objects.values("told", "held").get()
    [first] = send()
    Subscription.objects.update(**before)  # as if the power had failed before it was noted
    make()
    [again] = send()
    assert first.extra_headers["Message-ID"] == again.extra_headers["Message-ID"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"EMAIL_URL": "smtp+ssl://us:secret@mail.example:465"}, "'use_ssl': True"),
        ({"EMAIL_URL": "smtp+tls://us:secret@mail.example"}, "'use_tls': True"),
        ({"EMAIL_URL": "smtp://mail.example:25", "EMAIL_FROM": ""}, "EMAIL_URL needs EMAIL_FROM"),
        ({"EMAIL_URL": "smtp://mail.example:25", "ALLOWED_HOSTS": "*"}, "by name in ALLOWED_HOSTS"),
        (
            {"EMAIL_URL": "smtp://mail.example:25", "ALLOWED_HOSTS": ".example.org"},
            "by name in ALLOWED_HOSTS",
        ),
        ({}, "False"),
    ],
)
def test_whoever_runs_the_site_says_how_mail_is_sent(tmp_path, given, said):
    code = "from sahel import settings; print(settings.ALERTS and settings.MAILERS)"
    environment = {"DATA_DIR": str(tmp_path), "EMAIL_FROM": "news@example.org", **given}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in done.stdout + done.stderr
