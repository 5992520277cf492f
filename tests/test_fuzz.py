"""Whatever is asked or sent, by a stranger or an editor, is answered and is no error of ours.

The drill (`make drill-fuzz`) asks the same 20,000 times: FUZZ says how many questions are made.
"""

# ruff: noqa: E501, SIM905 - words are read more easily in lines

import json
import os
from urllib.parse import quote_from_bytes

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from sahel.encoding import ReadAsUTF8
from tests.factories import make_editor

MANY = int(os.environ.get("FUZZ", "500"))
EDITORS = MANY // 5  # the admin's pages take ten times as long
ours = settings(
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

WORDS = (
    "actor year from to place kind status source q find order after before rows theme url lang"
    " what event format maxwidth maxheight fields limit next date day page p o e _popup _to_field all"
    " pk__in id__exact publication__exact action select_across _changelist_filters app_label"
    " model_name field_name term index why width height"
).split()
NASTY = [
    b"",
    b"\x00",
    b"a\x00b",
    b"\xed\xa0\x80",  # half of a surrogate pair
    b"\xff\xfe",
    b"9" * 30,
    b"-" + b"9" * 30,
    "٣٤".encode(),
    "²".encode(),
    "१९९९".encode(),
    "\u202eabc\u2066".encode(),
    b"0000",
    b"2021-02-30",
    b"2021-13",
    b"-0001",
    b"NaN",
    b"1e999",
    b"../../etc/passwd",
    b"%s%n%x",
    b"{{7*7}}",
    b"' OR 1=1 --",
    b"<script>",
    b"\r\nSet-Cookie: x=1",
    b"bounti-strike",
    b"france",
    b"-france",
    b"a" * 3000,
    "ΐ".encode(),
    "İ".encode(),
    b"[",
    b"http://[",
    b"//[",
    b"true",
]
PIECES = (
    "en fr admin api v1 events actors places sources quotations events.csv events.json events.ics"
    " events.atom events.jsonl events.geojson events.bib card.png histogram.svg map.png lanes.png"
    " dossier.html data cite record 2022-02-16 changes changes.atom embed make alerts confirm"
    " leave preview about offline oembed sitemap.xml sitemap-events.xml robots.txt sw.js favicon.ico"
    " dumps static sahel.css bounti-strike bounti-strike.jsonld france mali openapi.json 1 0 sahel event"
    " add change delete history autocomplete jsi18n login logout password_change r guide"
).split()

# What takes a form besides the admin's lists and forms, and what takes none.
RECEIVING = (
    "/en/alerts/ /fr/alerts/confirm/x/ /en/alerts/leave/x/ /en/admin/logout/ /en/admin/second-step/"
    " /en/admin/second-step/another/ /en/admin/password_change/ /en/admin/guide/ /en/ /en/events.csv"
    " /api/v1/events /oembed /metrics /dumps/x /static/sahel.css /en/preview/x/ /en/embed/"
).split()

# Half of the questions are of pages that there are.
PAGES = (
    "/ /en/ /fr/ /en/events.csv /en/events.excel.csv /en/events.json /en/events.jsonl /en/events.ics"
    " /en/events.geojson /en/events.timelinejs.json /en/events.atom /en/events.feed.json"
    " /en/quotations.csv /en/actors.json /en/places.geojson /en/sources.jsonl /en/card.png"
    " /en/histogram/ /en/histogram.svg /en/lanes/ /en/lanes.svg /en/map/ /en/map.png"
    " /en/dossier.html /en/events/bounti-strike/ /en/events/bounti-strike.json /en/actors/"
    " /en/actors/france/ /en/places/ /en/places/mali/ /fr/sources/ /fr/data/ /en/api/ /en/cite/"
    " /en/events.bib /en/sources.ris /en/record/ /en/record/2022-02-16/ /en/changes/"
    " /en/changes.atom /en/embed/ /en/embed/make/ /en/embed/events/bounti-strike/ /oembed"
    " /api/v1/events /api/v1/quotations /api/v1/actors /api/v1/places /api/v1/sources"
    " /api/v1/events/bounti-strike /en/alerts/ /en/admin/login/ /sitemap.xml /sitemap-events.xml"
).split()

values = (
    st.sampled_from(NASTY)
    | st.binary(max_size=12)
    | st.text(max_size=12).map(lambda text: text.encode(errors="surrogatepass"))
)
names = st.sampled_from(WORDS).map(str.encode) | st.binary(max_size=6)
queries = st.lists(st.tuples(names, values), max_size=5).map(
    lambda pairs: "&".join(f"{quote_from_bytes(a)}={quote_from_bytes(b)}" for a, b in pairs)
) | st.sampled_from(
    ["&" * 9000, "q=a&" * 10_000, "&".join(f"a{n}=" for n in range(2000)), "%", "%zz=%"]
)
paths = st.lists(
    st.sampled_from(PIECES).map(str.encode) | values.map(lambda raw: raw[:300]), max_size=5
).map(lambda parts: "/" + "/".join(map(quote_from_bytes, parts)))
inside = st.sampled_from(PAGES) | st.builds("{}{}".format, paths, st.sampled_from(["", "/"]))
header_names = (
    "accept accept-language accept-encoding cookie if-none-match if-modified-since range"
    " referer origin content-type x-forwarded-for hx-request user-agent x-csrftoken"
).split()
headers = st.dictionaries(
    st.sampled_from(header_names),
    values.map(lambda raw: raw.decode("latin-1")),
    max_size=2,
)
methods = st.sampled_from(["GET"] * 8 + ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "X"])


# What no form of ours would send.
TYPES = [
    "application/json",
    "application/json; charset=utf-16",
    "application/ld+json",
    "application/xml",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-7",
    "application/x-www-form-urlencoded; charset=rot13",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=a",
    'multipart/form-data; boundary="a"; charset=undefined',
    f"multipart/form-data; boundary={'a' * 300}",
    "multipart/mixed; boundary=a",
    "text/plain",
    "text/plain; charset*=undefined''x",
    "text/csv; header=present",
    f"text/plain; x={'a' * 20_000}",
    "é/ü; charset=€",
    "; ; =",
    "",
]
PARTS = [
    b'--a\r\nContent-Disposition: form-data; name="username"\r\n\r\n\xff\r\n',
    b'--a\r\nContent-Disposition: form-data; name="file"; filename="\x00../x"\r\n\r\nx\r\n',
    b"--a\r\nContent-Disposition: form-data; name*=undefined''x; filename*=rot13''y\r\n\r\n\r\n",
    b"--a\r\nContent-Type: text/plain; charset=rot13\r\n\r\nx\r\n",
    b'--a\r\nContent-Disposition: form-data; name="why"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n!\r\n",
    b"--a\r\nContent-Disposition: form-data\r\n",
    b"--a\r\n" + b"x" * 20_000,
    b"--a--\r\n",
    b"--a",
]
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
bodies = (
    anything.map(lambda value: json.dumps(value).encode())
    | st.lists(st.sampled_from(PARTS), max_size=6).map(b"".join)
    | queries.map(str.encode)
    | st.binary(max_size=40)
    | st.sampled_from(
        [
            b"[" * 100_000,
            b'{"a":' * 50_000,
            b"9" * 100_000,
            b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
            b"\xff\xfe<\x00x\x00>\x00",
        ]
    )
)
lengths = st.sampled_from(["", "", "", "0", "-1", "x"])  # what is longer never comes


def ask(client: Client, method: str, path: str, query: str, **options: object) -> None:
    """Ask, read the whole answer, and fail with the question where it is an error of ours."""
    with transaction.atomic():
        answer = client.generic(method, path, QUERY_STRING=query, **options)
        if answer.streaming:
            answer.getvalue()
        transaction.set_rollback(True)
    # What we refuse for a while is no error.
    if (path, answer.status_code) != ("/oembed", 501):  # what its standard wants of formats
        assert answer.status_code < 500, (method, path, query[:300], options, answer.status_code)


@pytest.fixture(scope="module")
def _module(article):
    """Keep the curated record for the module."""


@pytest.mark.django_db
@pytest.mark.usefixtures("_module")
class TestAnything:
    """What nobody would ask."""

    @seed(2022)
    @settings(ours, max_examples=MANY - 2 * EDITORS)
    @given(methods, inside, queries, headers)
    def test_a_stranger_gets_an_answer(self, method, path, query, given_headers):
        ask(Client(), method, path, query, headers=given_headers)

    @seed(2022)
    @settings(ours, max_examples=EDITORS)
    @given(st.data())
    def test_an_editor_gets_an_answer(self, data):
        with transaction.atomic():
            client = Client()
            client.force_login(make_editor())
            path, fields = data.draw(st.sampled_from(_forms()))
            query = data.draw(queries)
            if data.draw(st.booleans()):
                sent = data.draw(st.dictionaries(st.sampled_from(fields), values, max_size=8))
                file = {"file": SimpleUploadedFile("\x00../é.csv", data.draw(values), "a/b")}
                body = {name: value.decode(errors="replace") for name, value in sent.items()}
                answer = client.post(f"{path}?{query}", {**body, **file})
            else:
                answer = client.generic("GET", path, QUERY_STRING=query)
            transaction.set_rollback(True)
        assert answer.status_code < 500, (path, query[:300])

    @seed(2022)
    @settings(ours, max_examples=EDITORS)
    @given(st.data(), bodies, st.sampled_from(TYPES), lengths, st.booleans())
    def test_a_body_of_any_kind_gets_an_answer(self, data, body, kind, length, signed_in):
        with transaction.atomic():
            client = Client()
            if signed_in:
                client.force_login(make_editor())
            client.handler = ReadAsUTF8(client.handler)
            path = data.draw(st.sampled_from([*RECEIVING, *(page for page, _fields in _forms())]))
            told = {"CONTENT_LENGTH": length} if length else {}
            ask(client, "POST", path, "", data=body, content_type=kind, **told)
            transaction.set_rollback(True)


def _forms() -> list[tuple[str, list[str]]]:
    """List the admin's addresses, each with the fields that its form may send."""
    found = [
        (reverse("admin:index"), ["why"]),
        (reverse("admin:autocomplete"), ["term"]),
        (reverse("admin:login"), ["username", "password", "next"]),
    ]
    lists = ["action", "_selected_action", "select_across", "index", "why", "_save", "post"]
    for model, desk in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        fields = [field.name for field in model._meta.get_fields()] + ["_save", "why", "version"]
        for formset in ("quotations", "involvements", "references"):
            fields += [f"{formset}-{end}" for end in ("TOTAL_FORMS", "INITIAL_FORMS", "0-id")]
        found.append((reverse(f"{name}_changelist"), lists))
        found.append((reverse(f"{name}_add"), fields))
        first = model._default_manager.first()
        found += [
            (reverse(f"{name}_{what}", args=[key]), fields)
            for key in (getattr(first, "pk", 1), "9" * 30, "x")
            for what in ("change", "delete", "history")
        ]
        found += [
            (
                f"{reverse(f'{name}_changelist')}{pattern.pattern}".replace(
                    "<path:object_id>", "1"
                ),
                lists,
            )
            for pattern in desk.urls
            if "<" not in str(pattern.pattern) and "^" not in str(pattern.pattern)
        ]
    return found
