"""Whatever is asked or sent, by a stranger or an editor, is answered and is no error of ours.

The drill (`make drill-fuzz`) asks the same 20,000 times: FUZZ says how many questions are made.
"""

# ruff: noqa: E501, SIM905 - words are read more easily in lines

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
    @settings(ours, max_examples=MANY - EDITORS)
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
