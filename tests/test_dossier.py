"""The dossier: a selection as one page that needs nothing but itself."""

import base64
import gzip
import hashlib
import re
import subprocess
from datetime import date
from html import unescape

import pytest

from sahel import dossier, index
from sahel.models import Estimate, Event, Quotation, Record, Reference
from tests.factories import make_actor, make_event, make_source
from tests.machine import checker

pytestmark = pytest.mark.django_db


def read(client, address: str = "/en/dossier.html") -> str:
    return b"".join(client.get(address).streaming_content).decode()


def words_of(page: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page.partition("<body>")[2]).split()))


def strike(**fields) -> Event:
    source = make_source(
        "wire", archived_url="https://archive.example/wire", date_read=date(2022, 2, 16)
    )
    return make_event(
        "Air strike",
        **{
            "slug": "strike",
            "date": "2021-01~",
            "date_basis": "inferred",
            "date_words": "last year",
            "date_note_en": "Counted back.",
            "note_en": "Two meanings.",
            "status": "disputed",
            "actors": ("France",),
            "places": ("Mali",),
            "source": source,
            "words": "killed 19 people",
            "speaker": make_actor("United Nations"),
            **fields,
        },
    )


def test_a_reader_finds_all_that_is_known_of_an_event(client):
    event = strike()
    quotation = event.quotations.get()
    Estimate.objects.create(quotation=quotation, words="19 people", measure="killed", best=19)
    other = make_source("gazette", url="https://example.org/gazette")
    Reference.objects.create(event=event, source=other, supports="date", note_en="Says Sunday.")
    page = words_of(read(client))
    for words in [
        "About January 2021 Air strike",
        "Disputed · Statement · Mali",
        "Inferred from the source 2021-01~ . The source’s words : last year . Counted back.",
        "France (carried it out)",
        "Killed",
        "19 19 people – reported by: United Nations",
        "Reported by: United Nations · [1] Wire",
        "Verbatim , held on 16 February 2022",
        "https://example.org/wire",
        "https://archive.example/wire",
        f"http://testserver/en/quotations/{quotation.key}/",
        "http://testserver/en/events/strike/",
        "Two meanings.",
        "[2] Gazette",
        "for the date: Says Sunday.",
    ]:
        assert words.replace(" :", ":") in page.replace(" :", ":"), words


def test_it_needs_nothing_but_itself(client):
    strike()
    answer = client.get("/en/dossier.html")
    page = b"".join(answer.streaming_content).decode()
    style = re.search("<style>(.*?)</style>", page, re.S)[1]
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{hashed}';")
    assert not re.search(r"<(script|link|img|iframe|object)\b|\bstyle=|url\(|@import", page)
    assert answer["Content-Disposition"].startswith("inline; filename=")


def test_whatever_is_typed_arrives_as_text(client):
    nasty = "<script>alert('1' & \"2\")</script></style>"
    strike(title_en=nasty, words=nasty, date_words=nasty, speaker=make_actor("x", name_en=nasty))
    page = read(client, "/en/dossier.html?actor=x&q=%3Cscript%3E")
    assert "<script" not in page
    assert page.count("</style>") == 1


def test_drafts_stay_out(client):
    strike()
    make_event("Raid", slug="raid", publication="draft", source="secret-paper")
    assert "secret" not in read(client).lower()


def test_more_than_a_dossier_holds_is_said_and_how_to_narrow_it(client, monkeypatch):
    monkeypatch.setattr(dossier, "MOST", 2)
    for year in ("2019", "2020", "2021"):
        make_event(f"Year {year}", year)
    page = words_of(read(client))
    assert "These are the first 2 of 3 events" in page
    assert "a year, an actor, a place or a range of dates" in page
    assert "Year 2019" in page
    assert "Year 2021" not in page
    newest = words_of(read(client, "/en/dossier.html?order=newest"))
    assert newest.index("Year 2021") < newest.index("Year 2020")
    assert "Year 2019" not in newest


def test_it_is_sent_while_it_is_written_and_says_if_the_record_changed(client, monkeypatch):
    monkeypatch.setattr(dossier, "AT_ONCE", 1)
    monkeypatch.setattr(dossier, "PIECES", 1)
    for year in ("2019", "2020"):
        make_event(f"Year {year}", year)
    pieces = iter(client.get("/en/dossier.html").streaming_content)
    begun = b""
    while b"Year 2019" not in begun:
        begun += next(pieces)
    Event.objects.filter(title_en="Year 2020").update(title_en="Corrected")
    rest = b"".join(pieces).decode()
    assert "Corrected" in rest
    assert "The record was changed while this was written" in rest


def test_a_hundred_events_more_cost_the_same_queries(client, django_assert_max_num_queries):
    for number in range(30):
        make_event(str(number), source=f"s{number}")
    index.forget()
    index.current()
    with django_assert_max_num_queries(12):
        read(client)


def test_it_is_known_by_its_etag_compressed_and_not_kept(client):
    strike()
    plain = client.get("/en/dossier.html")
    zipped = client.get("/en/dossier.html", headers={"accept-encoding": "gzip"})
    body = b"".join(zipped.streaming_content)
    assert zipped["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == b"".join(plain.streaming_content)
    again = client.get("/en/dossier.html", headers={"if-none-match": plain["ETag"]})
    assert again.status_code == 304
    head = client.head("/en/dossier.html")
    assert b"".join(head.streaming_content) == b""
    assert head["ETag"] == plain["ETag"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/en/?year=2021", "?year=2021"),
        ("/en/actors/france/", "?actor=france"),
        ("/en/places/mali/?year=2021", "?year=2021&amp;place=mali"),
        ("/en/sources/wire/", "?source=wire"),
    ],
)
def test_a_selection_leads_to_its_dossier(client, path, query):
    strike()
    assert f'<a href="/en/dossier.html{query}" rel="nofollow">Dossier' in client.get(path).text


# With the curated record, which stays loaded from here on -----------------------------------------


def test_its_head_says_what_it_is_of_when_and_how_to_cite_it(client, article):
    head = Record.objects.get()
    page = words_of(read(client, "/en/dossier.html?actor=france&year=2021&status=-planned"))
    assert "Actor: France · Year: 2021 · Status: not Planned or expected" in page
    assert f"{head.entries}:{head.head}" in page
    assert "“France · 2021 · not Planned or expected”" in page
    assert "http://testserver/en/dossier.html?actor=france&year=2021&status=-planned" in page
    assert "https://creativecommons.org/licenses/by/4.0/" in page


@pytest.mark.parametrize(
    "query", ["", "?actor=france", "?q=bamako&order=newest", "?status=disputed"]
)
def test_it_holds_the_events_of_the_timeline_in_its_order(client, article, query):
    begins = re.compile(r'<article class="[\w ]+" id="([\w-]+)"')
    shown = begins.findall(read(client, f"/fr/dossier.html{query}"))
    listed, address = [], f"/fr/{query}"
    while address:
        page = client.get(address).text
        listed += begins.findall(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following and unescape(following[1])
    assert shown == listed
    assert len(shown) > 2


def test_every_quotation_and_source_of_the_record_is_there(client, article):
    page = words_of(read(client))
    for quotation in Quotation.objects.filter(event__publication="published"):
        assert " ".join(quotation.exact.split()) in page
        for address in filter(None, (quotation.source.url, quotation.source.archived_url)):
            assert address in page
        assert quotation.source.text_sha256 in page


@pytest.mark.one_database
@pytest.mark.skipif(not checker(), reason="VNU names no vnu.jar, or there is no Java")
@pytest.mark.parametrize("query", ["", "?actor=framce", "?from=2020&q=bamako&order=newest"])
def test_the_nu_checker_finds_nothing(client, article, tmp_path, query):
    for language in ("en", "fr"):
        page = read(client, f"/{language}/dossier.html{query}")
        (tmp_path / f"{language}.html").write_text(page)
    done = subprocess.run([*checker(), str(tmp_path)], capture_output=True, text=True)
    assert done.stderr == ""
