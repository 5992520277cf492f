"""Whether addresses still answer, asked of real servers, and never of our own network."""

import socket
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from threading import Thread
from time import monotonic, sleep

import pytest
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.utils import timezone

from sahel import links
from sahel.links import Answer, ask, is_public
from sahel.management.commands import check_links as command
from sahel.models import LinkCheck, Source
from tests.factories import make_event, make_source
from tests.test_admin import paste


class Site(BaseHTTPRequestHandler):
    """A site whose paths say what they answer: /200, /301/200, /302/301/404."""

    asked: list[str] = []

    def do_GET(self):
        type(self).asked.append(self.path)
        status, _slash, rest = self.path.strip("/").partition("/")
        self.send_response(int(status) if status.isdigit() else 200)
        if status.startswith("3"):
            self.send_header("Location", rest if "//" in rest else f"/{rest}")
        self.end_headers()

    def log_message(self, *_args):
        pass


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def site() -> Iterator[int]:
    Site.asked = []
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Site)) as port:
        yield port


def ask_here(port: int, path: str, **options) -> Answer:
    options = {"allowed": lambda address: address == "127.0.0.1", "ports": {port}, **options}
    return ask(f"http://127.0.0.1:{port}/{path}", **options)


@pytest.mark.parametrize(
    ("path", "outcome", "status"),
    [
        ("200", "answers", 200),
        ("301/200", "moved", 200),
        ("308/301/200", "moved", 200),
        ("302/200", "answers", 200),
        ("301/302/200", "answers", 200),  # it will be somewhere else tomorrow
        ("404", "gone", 404),
        ("410", "gone", 410),
        ("301/404", "gone", 404),
        ("403", "refuses", 403),
        ("429", "refuses", 429),
        ("500", "fails", 500),
        ("301/301/301/301/301/200", "moved", 200),
        ("301/301/301/301/301/301/200", "fails", 301),
    ],
)
def test_what_an_address_answers(site, path, outcome, status):
    answer = ask_here(site, path)
    assert (answer.outcome, answer.status) == (outcome, status)
    assert len(Site.asked) <= 1 + links.MOST_REDIRECTS
    if outcome == "moved":
        assert answer.url == f"http://127.0.0.1:{site}/200"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),  # noqa: S104
        *("::1", "::", "fe80::1%eth0", "fc00::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1"),
        *("fec0::1", "::127.0.0.1", "::ffff:0:127.0.0.1", "5f00::1", "3fff::1", "168.63.129.16"),
        *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "2001::1"),
    ],
)
def test_no_address_of_anybodys_own_network_is_asked(address):
    assert not is_public(address)


def test_public_addresses_are_asked():
    assert all(map(is_public, ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")))


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::]/",
        "https://user:secret@93.184.216.34/",
        "https://user@93.184.216.34/",
        "http://93.184.216.34:22/",
        "http://93.184.216.34:8080/",
        "ftp://93.184.216.34/",
        "file:///etc/passwd",
        "gopher://93.184.216.34/",
        "javascript:alert(1)",
        "//93.184.216.34/",
    ],
)
def test_what_is_not_asked(url, monkeypatch):
    monkeypatch.setattr(links, "create_connection", pytest.fail)
    assert ask(url).outcome == "forbidden"


@pytest.mark.parametrize("url", ["http://", "http://[", "http://a:99999/", "http://" + "a" * 300])
def test_what_is_no_address_is_no_exception(url):
    assert ask(url).outcome in ("forbidden", "fails")


def test_a_redirect_into_our_network_is_not_followed(site):
    inside = "http://127.0.0.2"  # loopback as well, and not the one address allowed here
    answer = ask_here(site, f"302/{inside}:{site}/200")
    assert answer.outcome == "forbidden"
    assert answer.url.startswith(inside)
    assert "127.0.0.2" in answer.detail
    assert len(Site.asked) == 1
    assert ask_here(site, "302/file:///etc/passwd").outcome == "forbidden"


def test_no_answer_is_an_exception(site):
    assert ask_here(site, "302///[::1").outcome in ("fails", "forbidden")
    with serving(Server(("127.0.0.1", 0), Garbled)) as port:
        answer = ask_here(port, "")
    assert answer.outcome == "fails"
    assert "\0" not in answer.detail


def test_a_name_that_means_another_address_the_second_time_leads_nowhere(site, monkeypatch):
    """DNS rebinding: the address that was looked at is the one that is connected to."""
    answers = iter(["127.0.0.1", "127.0.0.9", "127.0.0.9"])
    asked = []

    def resolve(host, port, **_options):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(links, "getaddrinfo", resolve)
    allowed = lambda address: address == "127.0.0.1"  # noqa: E731
    answer = ask(f"http://rebinding.example:{site}/200", allowed=allowed, ports={site})
    assert (answer.outcome, asked) == ("answers", ["rebinding.example"])


def test_one_private_address_among_public_ones_is_enough(monkeypatch):
    both = [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(links, "getaddrinfo", lambda *_args, **_options: both)
    monkeypatch.setattr(links, "create_connection", pytest.fail)
    assert ask("http://both.example/").outcome == "forbidden"


class Dripping(socketserver.BaseRequestHandler):
    """Sends a byte of a header now and then, for as long as somebody listens."""

    def handle(self):
        try:
            self.request.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while True:
                self.request.sendall(b"x")
                sleep(0.05)
        except OSError:
            pass


class Continuing(Dripping):
    """Says "100 Continue" without end."""

    def handle(self):
        try:
            while True:
                self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        except OSError:
            pass


class Garbled(Dripping):
    """Answers in no known protocol."""

    def handle(self):
        self.request.recv(1000)
        self.request.sendall(b"HTTP/\0 200 OK\r\n\r\n")


class Silent(Dripping):
    """Says nothing."""

    def handle(self):
        sleep(3)


class Flooding(Dripping):
    """Sends headers without end."""

    def handle(self):
        try:
            self.request.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                self.request.sendall(b"X: " + b"x" * 60_000 + b"\r\n")
        except OSError:
            pass


class Endless(Dripping):
    """Sends a page without end, of which nothing is read."""

    def handle(self):
        try:
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                self.request.sendall(b"x" * 60_000)
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@pytest.mark.parametrize(
    ("handler", "outcome"),
    [
        (Dripping, "answers"),  # it had said so before we hung up
        (Continuing, "fails"),
        (Silent, "fails"),
        (Flooding, "fails"),
        (Endless, "answers"),
    ],
)
def test_no_server_holds_us_up(handler, outcome):
    with serving(Server(("127.0.0.1", 0), handler)) as port:
        start = monotonic()
        assert ask_here(port, "", seconds=0.6).outcome == outcome
        assert monotonic() - start < 2


def test_what_is_not_there_fails_with_a_reason():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    answer = ask_here(port, "")
    assert answer.outcome == "fails"
    assert "refused" in answer.detail.lower()


def test_an_address_with_letters_of_its_own_is_asked_as_it_is_meant(site):
    ask_here(site, "200/café?q=Gao&x=%C3%A9#part")
    assert Site.asked == ["/200/caf%C3%A9?q=Gao&x=%C3%A9"]


def check_links(**options) -> str:
    out = StringIO()
    call_command("check_links", stdout=out, **options)
    return out.getvalue()


@pytest.mark.django_db
def test_nobody_is_asked_unless_that_is_meant(monkeypatch):
    make_source()
    monkeypatch.setattr(command, "ask", pytest.fail)
    with pytest.raises(CommandError, match="Set LINK_CHECK=1"):
        check_links()


@pytest.fixture
def _asking_here(site, settings, monkeypatch):
    """Let the command ask the site on this machine, which it would refuse."""
    settings.LINK_CHECK = True
    here = partial(ask, allowed=lambda address: address == "127.0.0.1", ports={site})
    monkeypatch.setattr(command, "ask", here)
    monkeypatch.setattr(command, "PAUSE", 0)


@pytest.mark.django_db
@pytest.mark.usefixtures("_asking_here")
def test_editors_find_the_sources_at_risk(site, admin_client):
    home = f"http://127.0.0.1:{site}"
    make_source("well", url=f"{home}/200", archived_url=f"{home}/200")
    make_source("lost", url=f"{home}/404", archived_url=f"{home}/200")
    make_source("lost-copy", url=f"{home}/200", archived_url=f"{home}/500")
    make_source("moved", url=f"{home}/301/200")
    make_source("inside", url="http://10.0.0.1/")
    make_source("paper", url="")
    said = check_links()
    assert f"{home}/404 is gone" in said
    assert "4  answers" in said
    assert len(Site.asked) == 8  # seven addresses, one of which leads on
    assert listed(admin_client, "lost") == {"lost", "lost-copy", "inside"}
    assert listed(admin_client, "moved") == {"moved"}
    assert listed(admin_client, "uncopied") == {"moved", "inside"}
    assert listed(admin_client, "unasked") == set()
    # What was asked lately is not asked again, until the source has another address.
    assert check_links() == ""
    Source.objects.filter(slug="lost").update(url=f"{home}/302/200")
    assert listed(admin_client, "lost") == {"lost-copy", "inside"}
    assert "1  answers" in check_links()
    assert LinkCheck.objects.filter(source__slug="lost").count() == 2
    assert check_links(days=0, limit=1).count("\n") == 1


def listed(client, risk: str) -> set[str]:
    page = client.get(f"/en/admin/sahel/source/?todo={risk}")
    assert page.status_code == 200
    return {source.slug for source in page.context["cl"].result_list}


@pytest.mark.django_db
@pytest.mark.usefixtures("_asking_here")
def test_what_readers_see_stays_the_same(site, client):
    make_event(source=make_source(url=f"http://127.0.0.1:{site}/404"))
    before = client.get("/en/")["ETag"]
    check_links()
    assert client.get("/en/")["ETag"] == before
    assert "is gone" not in client.get("/en/sources/gazette/").text


@pytest.mark.django_db
def test_an_editor_is_asked_for_the_copy_and_the_day(admin_client):
    page = admin_client.get("/en/admin/sahel/source/add/").text
    assert f'value="{timezone.now().date():%Y-%m-%d}"' in page
    make_source()
    answer = paste(admin_client, "Words.")
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert any("https://web.archive.org/save/https://example.org/gazette" in s for s in said)
    assert "Say on which day the source was read." in said
