"""Whatever readers take along says what it is, in which version, and no more than is known."""

import json
import re
from datetime import UTC, datetime

import bibtexparser
import pytest
import rispy
from hypothesis import given, settings
from hypothesis import strategies as st

from sahel.bibliographies import CITATION_FORMATS, bibtex, csl, ris
from sahel.citations import Cited, Version
from sahel.dates import EDTF
from sahel.models import Change, Event, Quotation, Reference, Source, changes
from tests.factories import make_event, make_source

TODAY = datetime.now(UTC).date()
texts = st.text(max_size=60)
titles = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60)
dates = st.sampled_from(
    ["2022-02-15", "2022-02", "2022", "2022-02-15~", "2021?", "2021-21", "202X", "2021-XX", "20XX",
     "2022-02-17/2022-02-18", "../2026", "2021/..", "2021-24/2022", "2022-02-XX", "0999"]
)  # fmt: skip
anything = st.builds(
    Cited,
    key=st.integers(1).map(lambda number: f"sahel-{number}"),
    kind=st.sampled_from(["page", "selection", *Source.Kind.values]),
    text=texts,
    title=titles.map(lambda text: f"T{text}"),
    language=st.just("fr"),
    url=texts.map(lambda end: f"https://example.org/{end}"),
    when=st.none() | dates.map(EDTF.parse),
    within=texts,
    author=texts,
    version=st.none() | st.builds(Version, st.integers(1), st.dates()),
    accessed=st.none() | st.dates(),
    note=texts,
)


@pytest.fixture
def strike(db):
    source = make_source(
        title="Strike & “50 %” doubt", author="A. Reporter", date="2021-02", kind="report"
    )
    with changes(Change.Way.EDITOR, who="Fatou"):
        return make_event("Strike at #1 {Bounti}", slug="strike", source=source, date="2021-01~")


@settings(deadline=None)
@given(st.lists(anything, max_size=3, unique_by=lambda each: each.key))
def test_bibtex_is_read_with_each_title_as_it_was(cited):
    read = bibtexparser.parse_string(bibtex(cited))
    assert read.failed_blocks == []
    assert [entry.key for entry in read.entries] == [each.key for each in cited]
    decode = bibtexparser.middlewares.LatexDecodingMiddleware()
    for entry, each in zip(decode.transform(read).entries, cited, strict=True):
        assert entry["url"].startswith("https://example.org/")
        if not set(each.title) & set("$\"'`-\\^~{}<>?!,"):  # which TeX has ligatures of
            assert entry["title"].strip("{}").split() == each.title.split()


@settings(deadline=None)
@given(texts)
def test_no_text_ends_a_field_of_bibtex(text):
    made = bibtex([Cited("a", "page", "", text, "en", "https://example.org/", note=text)])
    assert made.count("{") == made.count("}")
    for special in "&%$#_":
        assert not re.search(rf"(?<!\\){re.escape(special)}", made.replace(r"\\", ""))


@settings(deadline=None)
@given(st.lists(anything, max_size=3))
def test_ris_is_read_with_each_title_as_it_was(cited):
    made = ris(cited)
    read = rispy.loads(made)
    assert [each["id"] for each in read] == [each.key for each in cited]
    assert [each["title"].split() for each in read] == [each.title.split() for each in cited]
    for entry in made.split("ER  - \r\n")[:-1]:
        assert entry.startswith("TY  - ")
        assert all(re.match("[A-Z][A-Z0-9]  - .", line) for line in entry.splitlines())
    assert "\n" not in made.replace("\r\n", "")


@settings(deadline=None)
@given(st.lists(anything, max_size=3))
def test_csl_has_what_every_item_must_have(cited):
    for item, each in zip(json.loads(csl(cited)), cited, strict=True):
        assert item["id"] == each.key
        assert item["type"] in {
            "webpage", "dataset", "report", "article-newspaper", "entry-encyclopedia",
        }  # fmt: skip
        assert all(len(parts) <= 3 for parts in item.get("issued", {}).get("date-parts", []))


@pytest.mark.parametrize(
    ("edtf", "issued", "da", "year"),
    [
        ("2022-02-15", {"date-parts": [[2022, 2, 15]]}, "2022/02/15/", "2022"),
        ("2022-02", {"date-parts": [[2022, 2]]}, "2022/02//", "2022"),
        ("2022", {"date-parts": [[2022]]}, "2022///", "2022"),
        ("2013~", {"date-parts": [[2013]], "circa": True}, "///about 2013", "about 2013"),
        ("2021-XX", {"date-parts": [[2021]]}, "///2021, month unknown", "2021, month unknown"),
        ("2021-21", {"date-parts": [[2021]], "season": 1}, "///spring 2021", "spring 2021"),
        ("201X", {"literal": "the 2010s"}, "///the 2010s", "the 2010s"),
        ("../2026", {"literal": "by 2026"}, "///by 2026", "by 2026"),
        (
            "2022-02-17/2022-02-18",
            {"date-parts": [[2022, 2, 17], [2022, 2, 18]]},
            "///17–18 February 2022",
            "17–18 February 2022",
        ),
    ],
)
def test_a_date_is_never_surer_than_it_is(edtf, issued, da, year):
    cited = [Cited("a", "news", "", "T", "en", "https://example.org/", when=EDTF.parse(edtf))]
    assert json.loads(csl(cited))[0]["issued"] == issued
    assert f"DA  - {da}\r\n" in ris(cited)
    assert f"  year = {{{year}}}" in bibtex(cited)
    assert f"  date = {{{edtf}}}" in bibtex(cited)
    assert ("PY  - " in ris(cited)) is da[0].isdigit()
    exact = dict(cited[0].metadata()).get("citation_publication_date")
    assert exact == (da.rstrip("/") if da[0].isdigit() else None)


def test_a_reader_takes_an_event_along_in_its_version(client, strike):
    with changes(Change.Way.EDITOR):
        Event.objects.update(summary_en="Corrected.")
    number = Change.objects.last().number
    url = f"http://testserver/en/events/strike/{number}/"
    answer = client.get("/en/events/strike.bib")
    assert answer["Content-Type"].startswith("application/x-bibtex")
    assert answer["Content-Disposition"] == 'attachment; filename="sahel-event-strike.bib"'
    assert answer.text == (
        "@misc{sahel-event-strike,\n"
        r"  title = {{Strike at \#1 \textbraceleft{}Bounti\textbraceright{} (about January 2021)}},"
        "\n  howpublished = {Sahel timeline},\n"
        f"  date = {{{TODAY}}},\n  year = {{{TODAY.year}}},\n  version = {{{number}}},\n"
        f"  url = {{{url}}},\n  urldate = {{{TODAY}}},\n  language = {{en}},\n"
        "  note = {CC BY 4.0}\n}\n"
    )
    ymd = f"{TODAY:%Y/%m/%d}"
    answer = client.get("/en/events/strike.ris")
    assert answer["Content-Type"].startswith("application/x-research-info-systems")
    assert answer.text == (
        "TY  - ELEC\r\nID  - sahel-event-strike\r\n"
        "TI  - Strike at #1 {Bounti} (about January 2021)\r\nT2  - Sahel timeline\r\n"
        f"PY  - {TODAY.year}\r\nDA  - {ymd}/\r\nET  - {number}\r\nUR  - {url}\r\n"
        f"Y2  - {ymd}\r\nLA  - en\r\nN1  - CC BY 4.0\r\nER  - \r\n"
    )
    parts = {"date-parts": [[TODAY.year, TODAY.month, TODAY.day]]}
    assert client.get("/en/events/strike.csl.json").json() == [
        {
            "id": "sahel-event-strike",
            "type": "webpage",
            "title": "Strike at #1 {Bounti} (about January 2021)",
            "container-title": "Sahel timeline",
            "issued": parts,
            "version": str(number),
            "URL": url,
            "accessed": parts,
            "language": "en",
            "note": "CC BY 4.0",
        }
    ]


def test_a_source_is_cited_as_far_as_it_is_known(client, strike):
    Source.objects.update(date_read="2022-02-16", archived_url="https://archive.example.org/a")
    assert client.get("/en/sources/gazette.bib").text == (
        "@techreport{sahel-source-gazette,\n"
        r"  title = {{Strike \& “50 \%” doubt}}," + "\n"
        "  author = {{A. Reporter}},\n  institution = {Gazette},\n"
        "  date = {2021-02},\n  year = {2021},\n"
        "  url = {https://example.org/gazette},\n  urldate = {2022-02-16},\n  language = {en},\n"
        "  note = {archived at https://archive.example.org/a}\n}\n"
    )
    Source.objects.update(title="", date="", url="")
    (item,) = client.get("/en/sources/gazette.csl.json").json()
    assert item["title"] == "[page of unknown title]"
    assert item["URL"] == "http://testserver/en/sources/gazette/"
    assert "issued" not in item


def test_a_quotation_is_cited_within_its_source_and_where_it_was_checked(client, strike):
    key = Quotation.objects.get().key
    (item,) = client.get(f"/en/quotations/{key}.csl.json").json()
    assert (item["type"], item["title"]) == ("report", "Strike & “50 %” doubt")
    assert "version" not in item  # the version is ours, not the source's
    assert item["note"].startswith("“Something happened.”; quoted (verbatim) in Sahel timeline, ")
    assert f"http://testserver/en/quotations/{key}/" in item["note"]
    Quotation.objects.update(state="missing")
    assert "quoted (not found in the source any more)" in client.get(
        f"/en/quotations/{key}.ris"
    ).text  # fmt: skip


def test_a_selection_says_its_filters_its_number_and_the_version_of_the_record(client, strike):
    with changes(Change.Way.EDITOR):
        make_event("Later", "2022")
    last = Change.objects.last().number
    answer = client.get("/en/events.ris?year=2021&order=newest")
    assert 'filename="sahel-events-2021-newest.ris"' in answer["Content-Disposition"]
    (entry,) = rispy.loads(answer.text)
    assert entry["title"] == "Sahel timeline: 2021"
    assert (entry["notes"], entry["edition"]) == (["1 event; CC BY 4.0"], str(last))
    assert entry["urls"] == ["http://testserver/en/?year=2021"]
    (whole,) = rispy.loads(client.get("/en/events.ris").text)
    assert whole["urls"] == [f"http://testserver/en/record/{TODAY}/"]
    assert whole["id"] != entry["id"]


def test_a_bibliography_holds_the_sources_of_the_selection_alone(client, strike):
    make_event("Elsewhere", "2022", source="wire")
    Reference.objects.create(event=strike, source=make_source("radio"), supports="date")
    read = bibtexparser.parse_string(client.get("/en/sources.bib?year=2021").text)
    assert [entry.key for entry in read.entries] == ["sahel-source-gazette", "sahel-source-radio"]
    assert "wire" in client.get("/en/sources.bib").text


@pytest.mark.parametrize(
    ("language", "begins"),
    [
        ("en", "“Strike at #1 {Bounti} (about January 2021)”, Sahel timeline, version of "),
        ("fr", "« Strike at #1 {Bounti} (vers janvier 2021) », Chronologie du Sahel, "),
    ],
)
def test_a_page_says_how_to_cite_it(client, strike, language, begins):
    page = client.get(f"/{language}/events/strike/").text
    text = re.search(r'<p class="citation">(.+?)</p>', page)[1]
    assert text.startswith(begins.replace(" »", "\xa0»").replace("« ", "«\xa0"))
    assert f"http://testserver/{language}/events/strike/1/, CC BY 4.0, " in text
    for form in CITATION_FORMATS:
        assert f'href="/{language}/events/strike.{form}"' in page
    key = Quotation.objects.get().key
    for path in ("sources/gazette/", f"quotations/{key}/"):
        assert f'href="/{language}/{path[:-1]}.bib"' in client.get(f"/{language}/{path}").text


def test_a_reader_is_told_how_to_cite_a_selection(client, strike):
    assert 'href="/en/cite/?year=2021"' in client.get("/en/?year=2021").text
    assert 'href="/en/cite/?source=gazette&amp;year=' not in client.get("/en/sources/gazette/").text
    page = client.get("/en/cite/?year=2021").text
    assert "“Sahel timeline: 2021”, 1 event, version of " in page
    assert 'href="/en/events.ris?year=2021"' in page
    assert 'href="/en/sources.csl.json?year=2021"' in page
    assert f'href="/en/record/{TODAY}/"' in page
    assert "0 events" in client.get("/en/cite/?year=1999").text


def test_what_is_not_on_record_yet_is_cited_without_a_version(client, strike):
    Event.objects.update(summary_en="Changed past the site.")
    answer = client.get("/en/events/strike.bib").text
    assert "version" not in answer
    assert "url = {http://testserver/en/events/strike/}" in answer


def test_zotero_finds_what_it_reads_in_the_head(client, strike):
    def metadata(path):
        head = client.get(path).text.partition("</head>")[0]
        return dict(re.findall(r'<meta name="([A-Za-z_.]+)" content="([^"]*)">', head))

    event = metadata("/en/events/strike/")
    assert event["citation_title"] == "Strike at #1 {Bounti} (about January 2021)"
    assert event["citation_public_url"] == "http://testserver/en/events/strike/1/"
    assert event["citation_publication_date"] == f"{TODAY:%Y/%m/%d}"
    assert event["DC.type"] == "webpage"
    assert event["DC.rights"].startswith("https://creativecommons.org/")
    assert event["DCTERMS.bibliographicCitation"].startswith("“Strike at")
    source = metadata("/fr/sources/gazette/")
    assert (source["DC.type"], source["DC.date"]) == ("report", "2021-02")
    assert source["prism.publicationName"] == "Gazette"
    assert source["citation_author"] == "A. Reporter"
    assert metadata(f"/en/quotations/{Quotation.objects.get().key}/")["DC.type"] == "report"
    assert "citation_title" not in metadata("/en/")


@pytest.mark.parametrize("form", CITATION_FORMATS)
def test_what_is_not_public_is_not_cited(client, strike, form):
    draft = make_event(publication="draft", source="secret")
    key = draft.quotations.get().key
    for path in (f"events/{draft.slug}", f"quotations/{key}", "sources/secret", "events/none"):
        assert client.get(f"/en/{path}.{form}").status_code == 404
    assert "secret" not in client.get(f"/en/sources.{form}").text
    with changes(Change.Way.EDITOR):
        Event.objects.update(publication="withdrawn", withdrawal_en="Wrong.")
    answer = client.get(f"/en/events/strike.{form}")
    assert (answer.status_code, "Wrong." in answer.text) == (410, True)


def test_a_citation_under_a_former_slug_leads_on(client, strike):
    Event.objects.update(slug="raid")
    answer = client.get("/fr/events/strike.csl.json")
    assert answer["Location"] == "/fr/events/raid.csl.json"
