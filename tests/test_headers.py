"""Whatever is asked for, the answer says what a browser may do with it, and what others may not."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client, override_settings

from sahel import caching
from sahel.encoding import ReadAsUTF8
from tests.downloads import get
from tests.factories import make_event
from tests.strange import HEADERS, TYPES

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

# For anybody's pages to show or read, and for ours alone.
OPEN = [
    "/en/events/strike/card.png",
    "/en/embed/",
    "/en/embed/events/strike/",
    "/en/embed/events/nowhere/",
    "/en/events.csv",
    "/en/events.atom",
    "/en/events/strike.jsonld",
    "/api/v1/events",
    "/api/v1/nothing",
    "/api/v1/openapi.json",
    "/oembed?url=http://testserver/en/",
    "/static/sahel.css",
]
OURS = [
    "/",
    "/en/",
    "/en/?q=%00",
    "/en/events/strike/",
    "/en/events/",
    "/en/dossier.html",
    "/en/embed/make/?url=/en/",
    "/en/nowhere/",
    "/en/changes.atom",
    "/en/admin/",
    "/en/admin/login/",
    "/en/admin/?%00",
    "/robots.txt",
    "/sitemap.xml",
    "/sw.js",
    "/favicon.ico",
]


@pytest.fixture(autouse=True)
def _strike(settings, tmp_path):
    make_event("Strike", slug="strike", actors=("France",))
    (tmp_path / "sahel.css").write_text("body {}")
    settings.STATIC_ROOT = tmp_path


@pytest.mark.parametrize("path", OPEN + OURS)
def test_every_answer_says_what_a_browser_may_do_with_it(path):
    client = Client(raise_request_exception=False)  # one that starts here finds the files
    answers = [get(client, path), client.post(path), client.get(path, headers={"host": "x.y"})]
    for answer in answers:
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "base-uri 'none'" in policy
        assert not re.search(r"unsafe-|http:|script-src[^;]*\*", policy)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] in ("same-origin", "no-referrer")
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        framed = answer.get("X-Frame-Options") != "DENY"
        assert framed == ("frame-ancestors *" in policy)
        assert not framed or path.startswith("/en/embed/")
        caching.let_go(answer)  # a static file stays open otherwise


@pytest.mark.parametrize(("paths", "whose"), [(OPEN, "cross-origin"), (OURS, "same-origin")])
def test_only_what_is_made_for_other_sites_is_shown_by_them(paths, whose):
    client = Client(raise_request_exception=False)
    for path in paths:
        answer = get(client, path)
        assert (path, answer["Cross-Origin-Resource-Policy"]) == (path, whose)
        caching.let_go(answer)


@override_settings(HTTPS=True, SECURE_SSL_REDIRECT=True)
def test_the_way_to_https_carries_the_policy_too(client):
    answer = client.get("/en/")
    assert answer.status_code == 301
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", ["/en/", "/fr/events/strike/", "/en/embed/make/"])
def test_a_browser_runs_a_script_only_as_it_was_written(client, path):
    page = client.get(path).text
    found = re.findall(r'<script src="/static/([^"]+)" integrity="sha384-([^"]+)"', page)
    assert len(found) == page.count("<script src=")
    for name, digest in found:
        written = Path(finders.find(name)).read_bytes()
        assert base64.b64decode(digest) == hashlib.sha384(written).digest()


def test_a_page_varies_with_nothing_but_its_compression(client):
    """Static files are WhiteNoise's, and what `/oembed` says may follow the reader's language."""
    for path in OPEN + OURS:
        answer = get(client, path)
        if "public" in answer.get("Cache-Control", "") and not path.startswith(
            ("/static/", "/oembed")
        ):
            assert (path, answer["Vary"]) == (path, "Accept-Encoding")
            assert not answer.cookies
        caching.let_go(answer)


# What a stranger may send with a question --------------------------------------------------------

# What caches keep; the page of an error has a number of its own.
PAGES = [
    "/en/",
    "/fr/events/strike/",
    "/en/events.json",
    "/en/embed/",
    "/api/v1/events",
]


@pytest.mark.parametrize("path", PAGES)
def test_no_header_of_a_request_changes_what_others_are_shown(client, path):
    def asked(**headers: str) -> tuple[int, bytes, dict[str, str]]:
        answer = client.get(path, headers=headers)
        return answer.status_code, answer.getvalue(), dict(answer.headers)

    expected = asked()
    for name, value in HEADERS.items():
        caching.forget()
        got = asked(**{name: value})
        assert (name, got[2]) == (name, expected[2])
        assert (name, got) == (name, expected)


@pytest.mark.parametrize("path", ["/en/?q=grève", "/oembed?url=http://testserver/en/"])
def test_what_is_asked_is_the_same_in_every_charset(client, path):
    expected = client.get(path).content
    client.handler = ReadAsUTF8(client.handler)
    for kind in TYPES:
        caching.forget()
        answer = client.get(path, CONTENT_TYPE=kind)
        assert (kind, answer.content) == (kind, expected)


def test_a_form_is_read_as_it_is_cut_and_in_utf8(client):
    client.handler = ReadAsUTF8(client.handler)
    sent = {"email": "é@example.org"}
    kinds = ["application/x-www-form-urlencoded; charset=utf-16", "Multipart/Form-Data; boundary=é"]
    typed = [client.post("/en/alerts/", sent).wsgi_request.POST.get("email")]
    for kind in kinds:
        body = "email=%C3%A9@example.org"
        answer = client.generic("POST", "/en/alerts/", body, content_type=kind)
        typed.append(answer.wsgi_request.POST.get("email"))
    assert typed == ["é@example.org", "é@example.org", None]


BAD_NEXT = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    " //evil.example",
    "\x00//evil.example",
    "\x08//evil.example",
    "http://evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "http:\\\\evil.example",
    "https://testserver@evil.example/",
    "https://testserver:x@evil.example/",
    "https://testserver.evil.example/",
    "https://evil.example#testserver",
    "https://evil.example?testserver",
    "ftp://testserver/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "//[::1]evil.example",
    "http://[evil",
    "///testserver@evil.example",
    "https://evil。example",
]


@pytest.mark.parametrize("next_", BAD_NEXT)
def test_whoever_signs_in_is_led_nowhere_else(editor, next_):
    answers = [
        Client().post(
            "/en/admin/login/",
            {"username": "fatou", "password": "a long pass phrase", "next": next_},
        ),
        editor.get("/en/admin/login/", {"next": next_}),
        editor.post("/en/admin/logout/", {"next": next_}),
    ]
    for answer in answers:
        assert answer.status_code < 500
        assert "evil" not in answer.headers.get("Location", "")
        assert not re.match(r"(?![/?])|/[/\\]", answer.headers.get("Location", "/"))


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/en",
        "//evil.example",
        "/\\evil.example/en",
        "/%5Cevil.example",
        "/%2F%2Fevil.example",
        "///evil.example/..",
        "/en//evil.example",
        "/%0d%0aLocation:%20//evil.example",
        "/%09/evil.example",
        "/.evil.example",
        "/@evil.example",
        "/en/events/?next=//evil.example",
        "/dumps/%2Fevil.example",
        "/api/v1/?//evil.example",
    ],
)
def test_no_address_of_ours_leads_to_another_host(client, path):
    answer = client.generic("GET", path)
    place = answer.headers.get("Location", "/")
    assert answer.status_code < 500
    assert not re.match(r"(?!/)|/[/\\]", place), place
