"""Linked data says what a page shows, of the same things in both languages, and no more."""

import calendar
import json
import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld

from sahel import caching
from sahel.dates import EDTF
from sahel.linked import dataset
from sahel.models import Change, Event, Involvement, Quotation, Reference, changes
from sahel.things import dates
from tests.factories import CHECKED, make_actor, make_event, make_place, make_source
from tests.schema import SCHEMA, blocks, faults, load, nodes, said
from tests.test_dates import points, qualifiers


@pytest.fixture
def strike():
    """A disputed event of which a UN mission claims something that France denies."""
    france = make_actor("France", wikidata="Q142")
    event = make_event(
        "Strike",
        "2021-01-03",
        slug="strike",
        status="disputed",
        actors=(make_actor("Army", kind="military-force", parent=france), france),
        places=(
            make_place("Mali", latitude=17.5, longitude=-4, precision="centre"),
            make_place("Bounti", kind="village"),
        ),
        source=make_source(date="2021-03-30", archived_url="https://archive.example.org/a"),
        words="killed 19 people",
        speaker=make_actor("Mission", kind="organisation"),
    )
    Quotation.objects.update(stance="claims")
    denial = {"exact": "Non.", "language": "fr", "stance": "denies", "start": 40, "end": 44}
    denial |= {"event": event, "source": make_source(), "speaker": france, "order": 1}
    Quotation.objects.create(**denial, **CHECKED)
    return event


@pytest.mark.django_db
def test_an_event_says_no_more_than_its_page(client, strike):
    page = said(client, "/fr/events/strike/")
    event = page["mainEntity"]
    assert (event["startDate"], page["temporalCoverage"]) == ("2021-01-03", "2021-01-03")
    assert [word["termCode"] for word in event["keywords"]] == ["statement", "disputed", "stated"]
    assert event["keywords"][1]["name"] == {"@language": "fr", "@value": "Contesté"}
    assert "eventStatus" not in event
    bounti, mali = event["location"]
    assert "geo" not in bounti
    assert (mali["geo"]["latitude"], mali["geo"]["longitude"]) == (17.5, -4.0)
    assert mali["geo"]["description"]["@value"] == "le centre d’un pays ou d’une région"
    assert mali["additionalProperty"]["value"] == "centre"
    assert [actor["@type"] for actor in event["about"]] == [
        "Organization",
        ["Country", "Organization"],
    ]


@pytest.mark.django_db
def test_who_claims_and_who_denies_is_said_with_their_words_and_source(client, strike):
    page = said(client, "/en/events/strike/")
    claim, denial = page["mainEntity"]["subjectOf"]
    assert claim["text"] == {"@language": "en", "@value": "killed 19 people"}
    assert claim["spokenByCharacter"]["name"]["@value"] == "Mission"
    assert claim["interpretedAsClaim"]["author"]["@id"].endswith("/actors/mission/#it")
    assert [word["termCode"] for word in denial["keywords"]] == ["denies", "verbatim"]
    [source] = page["citation"]
    assert (
        denial["isPartOf"] == {"@id": source["@id"]} == denial["interpretedAsClaim"]["appearance"]
    )
    assert source["@type"] == "NewsArticle"
    assert source["publisher"]["name"] == "Gazette"
    assert source["datePublished"] == "2021-03-30"
    assert source["archivedAt"] == "https://archive.example.org/a"


@pytest.mark.django_db
def test_what_is_only_reported_is_no_claim(client, strike):
    Quotation.objects.update(stance="reports")
    assert "Claim" not in client.get("/en/events/strike.jsonld").text
    assert "Claim" not in client.get(f"/en/quotations/{Quotation.objects.first().key}/").text


@pytest.mark.django_db
def test_an_actor_and_a_place_say_what_they_belong_to(client, strike):
    army = said(client, "/en/actors/army/")["mainEntity"]
    assert army["memberOf"]["@id"] == "http://testserver/actors/france/#it"
    france = said(client, "/en/actors/france/")["mainEntity"]
    assert france["sameAs"] == "http://www.wikidata.org/entity/Q142"
    make_event(
        actors=(make_actor("Demonstrators", kind="public", parent=make_actor("France")),),
        places=(make_place("Bamako", kind="city", parent=make_place("Mali")),),
    )
    assert "memberOf" not in said(client, "/en/actors/demonstrators/")["mainEntity"]
    bamako = said(client, "/en/places/bamako/")["mainEntity"]
    assert (bamako["@type"], bamako["containedInPlace"]["@type"]) == ("City", "Country")


@pytest.mark.django_db
@pytest.mark.parametrize("date", ["2022-02-15~", "2022-02-15?", "2021-03-30/2021-03-31", "../2022"])
def test_a_source_says_no_day_that_is_not_known(client, date):
    make_event(source=make_source(date=date))
    assert "datePublished" not in said(client, "/en/sources/gazette/")["mainEntity"]


def period(text: str) -> tuple[date, date]:
    """Give the first and last day of a day, month or year, worked out from the calendar."""
    year, month, day, *_ = [*map(int, text.split("-")), 0, 0]
    last = calendar.monthrange(year, month or 12)[1]
    return date(year, month or 1, day or 1), date(year, month or 12, day or last)


@given(points(), qualifiers, st.sampled_from(["{}", "../{}", "/{}", "{}/..", "{}/"]))
def test_no_date_is_said_narrower_than_it_is_known(point, qualifier, form):
    text, first, last = point
    told = dates(EDTF.parse(form.format(text + qualifier)))
    if qualifier or form != "{}":
        assert told == {}
    elif told:
        begin, end = period(told["startDate"])
        assert begin <= first <= last <= end
        assert list(told) == ["startDate"]
    else:
        assert first.year != last.year


@given(points(), points(), qualifiers)
def test_no_interval_is_said_narrower_than_it_is_known(one, other, qualifier):
    (begin, first, _), (end, _, last) = sorted([one, other], key=lambda point: point[1:])
    if first > last:
        return
    told = dates(EDTF.parse(f"{begin}/{end}{qualifier}"))
    assert not (told and qualifier)
    if told:
        assert period(told["startDate"])[0] <= first
        assert period(told["endDate"])[1] >= last


def test_a_day_a_month_and_a_year_are_said_as_they_are_known():
    for text in ["2021-01-03", "2021-01", "2021", "0476"]:
        assert dates(EDTF.parse(text)) == {"startDate": text}
    assert dates(EDTF.parse("2021-01/2022")) == {"startDate": "2021-01", "endDate": "2022"}
    assert dates(EDTF.parse("2021-21")) == {"startDate": "2021"}  # a season is no ISO 8601
    assert dates(EDTF.parse("2021-24")) == {}


@pytest.mark.django_db
def test_both_languages_speak_of_the_same_things(client, strike):
    paths = ["events/strike/", "actors/france/", "places/mali/", "sources/gazette/"]
    for path in [*paths, f"quotations/{Quotation.objects.first().key}/"]:
        pages = [said(client, f"/{code}/{path}") for code in ("en", "fr")]
        them, same = ({n["@id"] for n in nodes(p) if "#" in n.get("@id", "")} for p in pages)
        assert them == same
        assert pages[0]["mainEntity"]["@id"] == f"http://testserver/{path}#it"
    assert client.get("/events/strike/", follow=True).redirect_chain == [
        ("/en/events/strike/", 302)
    ]


@pytest.mark.django_db
def test_what_both_pages_say_of_an_event_comes_together(client, strike):
    Event.objects.update(title_en="Air strike", title_fr="Frappe")
    pages = [said(client, f"/{code}/events/strike/") for code in ("en", "fr")]
    flat = jsonld.flatten(pages, options={"documentLoader": load})
    [event] = [node for node in flat if SCHEMA + "Event" in node.get("@type", [])]
    assert event[f"{SCHEMA}name"] == [
        {"@language": "en", "@value": "Air strike"},
        {"@language": "fr", "@value": "Frappe"},
    ]
    assert len(event[f"{SCHEMA}url"]) == 2
    assert len(event[f"{SCHEMA}startDate"]) == 1
    assert len([node for node in flat if f"{SCHEMA}latitude" in node]) == 1


HOSTILE = "</script><script>alert(1)</script> <!-- & \u2028\u2029 \"'\\ ]]> é"


@pytest.mark.django_db
def test_no_text_ends_the_block(client):
    plain = make_event("Plain", slug="plain")
    make_event(
        HOSTILE,
        slug="hostile",
        words=HOSTILE,
        places=(make_place("P", name_en=HOSTILE, aliases=HOSTILE),),
        source=make_source("s", title=HOSTILE, publisher=HOSTILE, author=HOSTILE, note_en=HOSTILE),
    )
    for path in ["events/hostile/", "sources/s/", "places/p/"]:
        page = client.get(f"/en/{path}").text
        [block] = blocks(page)
        assert not re.search("[<>&\u2028\u2029]", block)
        assert json.loads(block)["mainEntity"]["name"]["@value"] == HOSTILE
        usual = client.get(f"/en/{plain.get_absolute_url()[4:]}").text
        assert page.count("<script") == usual.count("<script")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["events/strike", "actors/france", "places/mali", "sources/gazette"]
)
def test_the_same_is_a_file_that_the_page_leads_to(client, strike, path):
    page = client.get(f"/fr/{path}/")
    assert f'</fr/{path}.jsonld>; rel="alternate"; type="application/ld+json"' in page["Link"]
    assert (
        f'<link rel="alternate" type="application/ld+json" href="/fr/{path}.jsonld">' in page.text
    )
    file = client.get(f"/fr/{path}.jsonld")
    assert file["Content-Type"] == "application/ld+json"
    assert file.json() == json.loads(blocks(page.text)[0])
    assert ".jsonld" not in client.get("/fr/")["Link"]


@pytest.mark.django_db
def test_a_former_slug_leads_on_to_the_file(client, strike):
    Event.objects.update(slug="air-strike")
    answer = client.get("/en/events/strike.jsonld")
    assert (answer.status_code, answer["Location"]) == (301, "/en/events/air-strike.jsonld")


@pytest.mark.django_db
def test_what_is_not_public_has_none(editor, client, strike):
    draft = make_event("Draft", slug="draft", publication="draft", actors=("Niger",))
    assert blocks(editor.get(f"/en/admin/sahel/event/{draft.pk}/preview/").text) == []
    for path in ["events/draft", "actors/niger", "events/nope"]:
        answer = client.get(f"/en/{path}.jsonld")
        assert (answer.status_code, blocks(answer.text)) == (404, [])
    Event.objects.filter(slug="strike").update(publication="withdrawn", withdrawal_en="Wrong.")
    for ending in ["/", ".jsonld"]:
        answer = client.get(f"/en/events/strike{ending}")
        assert (answer.status_code, blocks(answer.text)) == (410, [])


@pytest.mark.django_db
def test_more_to_tell_of_takes_no_more_queries(client, strike):
    def queries() -> int:
        client.get("/en/events/strike/")  # which reads new names into the index
        caching.forget()
        with CaptureQueriesContext(connection) as captured:
            client.get("/en/events/strike/")
        return len(captured)

    Reference.objects.create(event=strike, source=make_source("first"), supports="fact")
    before = queries()
    for number in range(5):
        source, actor = make_source(f"source-{number}"), make_actor(f"Actor {number}")
        words = {"exact": "So.", "language": "en", "start": 0, "end": 3, "speaker": actor}
        Quotation.objects.create(event=strike, source=source, **words, **CHECKED)
        Reference.objects.create(
            event=strike, source=make_source(f"other-{number}"), supports="fact"
        )
        Involvement.objects.create(event=strike, actor=actor, role="agent")
        strike.places.add(make_place(f"Place {number}"))
    assert queries() == before


@pytest.mark.django_db
def test_the_record_is_described_with_its_files(rf, strike):
    make_event(date="2013~")
    data = dataset(rf.get("/en/data/"), [("text/csv", "/en/events.csv", "Events")])
    assert faults({"@context": "https://schema.org/", **data}) == []
    assert data["@id"] == "http://testserver/#it"
    assert data["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert data["temporalCoverage"] == "2013/2021"
    [file] = data["distribution"]
    assert file["contentUrl"] == "http://testserver/en/events.csv"
    assert file["encodingFormat"] == "text/csv"


@pytest.mark.django_db
def test_a_correction_says_when_it_was_made(client):
    with changes(Change.Way.EDITOR, who="Fatou"):
        event = make_event(slug="strike")
    page = said(client, "/en/events/strike/")
    assert ("datePublished" in page, "dateModified" in page) == (True, False)
    with changes(Change.Way.EDITOR, who="Fatou"):
        Event.objects.filter(pk=event.pk).update(date="2021-01-04")
    changed = Change.objects.order_by("-number")[0].at.isoformat(timespec="seconds")
    assert said(client, "/en/events/strike/")["dateModified"] == changed
    assert said(client, "/fr/data/")["mainEntity"]["dateModified"] == changed


@pytest.mark.django_db
def test_an_empty_record_is_described_too(client):
    assert "temporalCoverage" not in said(client, "/fr/data/")["mainEntity"]
    assert said(client, "/fr/")["mainEntity"]["numberOfItems"] == 0
    assert said(client, "/fr/actors/")["mainEntity"]["numberOfItems"] == 0
