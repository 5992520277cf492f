"""What was public stays at its address as it was then, unless it was withdrawn since."""

import json
import random
import re
from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest
from django.core.management import call_command
from django.utils import timezone

from sahel.models import Actor, Change, Event, Place, Quotation, Reference, changes
from sahel.models.history import FIRST
from tests.factories import CHECKED, make_actor, make_event, make_source

pytestmark = pytest.mark.django_db
TODAY = datetime.now(UTC).date()


def by_an_editor(why=""):
    return changes(Change.Way.EDITOR, who="Fatou", why=why, language="en")


def last_number():
    return Change.objects.last().number


@pytest.fixture
def strike():
    """Give an event that was corrected once: entries 1 and 2."""
    with by_an_editor():
        event = make_event("Raid", "2021-01", slug="strike", actors=("France",), places=("Mali",))
        make_event("Other", "2022", slug="other", actors=("France",), places=("Mali",))
    first = Change.objects.get(event=event.pk).number
    with by_an_editor("It was an air strike."):
        Event.objects.filter(pk=event.pk).update(title_en="Air strike", date="2021-01-03")
    event.first, event.second = first, last_number()
    return event


def day(days_ago):
    return (TODAY - timedelta(days=days_ago)).isoformat()


@pytest.fixture
def days_ago(monkeypatch):
    """Give the function that lets what follows happen some days ago."""

    def turn_back(days):
        then = datetime.now(UTC) - timedelta(days=days)
        monkeypatch.setattr(timezone, "now", lambda: then)

    return turn_back


def listed(client, path):
    """Give the titles on all pages of a day, and the addresses they lead to."""
    found = []
    while path:
        page = client.get(path).text
        line = r'<span class="date">.*?</span> (?:<span>)?<a href="([^"]+)"[^>]*>(.+?)</a>'
        found += re.findall(line, page)
        more = re.search(r'rel="next" href="([^"]+)"', page)
        path = more and more[1]
    return found


def test_a_version_stays_as_it_was_and_says_until_when(client, strike):
    page = client.get(f"/en/events/strike/{strike.first}/").text
    assert "<h1>Raid</h1>" in page
    assert "Air strike" not in page
    assert f"entry {strike.first} of the history" in page
    assert "It stood until" in page
    assert "Then: corrected." in page
    assert f'href="/en/events/strike/{strike.second}/"' in page
    assert '<meta name="robots" content="noindex">' in page
    assert '<link rel="canonical" href="http://testserver/en/events/strike/">' in page
    now = client.get(f"/fr/events/strike/{strike.second}/").text
    assert "Raid" in now  # its French title was never changed
    assert "3 janvier 2021" in now
    assert "It stood until" not in now


def test_a_version_tells_all_that_its_entry_holds(client, strike):
    with by_an_editor():
        Event.objects.update(note_en="A note.", date_words="early in January", date_note_en="So.")
        Quotation.objects.update(speaker=make_actor("UN"), speaker_role_en="spokesman")
        Reference.objects.create(
            event=strike, source=make_source("radio"), supports="date", note_en="The day."
        )
    with by_an_editor():
        strike.quotations.all().delete()
        words = {"exact": "Three died.", "language": "en", "start": 0, "end": 11, **CHECKED}
        strike.quotations.create(source=make_source("radio"), **words)
    number = Change.objects.filter(event=strike.pk).order_by("-number")[1].number
    page = client.get(f"/en/events/strike/{number}/").text
    for words in (
        "A note.", "early in January", "So.", "Something happened.", "UN", "spokesman", "Radio",
        "The day.", "France", "Mali", "carried it out", "stated by the source",
    ):  # fmt: skip
        assert words in page, words
    assert "/en/quotations/" not in page  # it was taken away since
    assert "Three died." not in page


def test_only_what_left_an_event_public_is_a_version_of_it(client, strike):
    with by_an_editor():
        Event.objects.filter(pk=strike.pk).update(publication="review", title_en="Secret")
    taken_back = last_number()
    with by_an_editor():
        Event.objects.filter(pk=strike.pk).update(publication="published", title_en="Sourced")
    assert client.get(f"/en/events/strike/{taken_back}/").status_code == 404
    assert client.get(f"/en/events/strike/{last_number()}/").status_code == 200
    for number in (0, 999, 10**30, strike.first + 1):  # the last is another event's
        assert client.get(f"/en/events/strike/{number}/").status_code == 404
    page = client.get(f"/en/events/strike/{strike.second}/").text
    assert "Then: taken back, to be reviewed." in page
    assert "The next version" not in page


def test_a_version_leads_on_when_the_slug_was_changed(client, strike):
    with by_an_editor():
        Event.objects.filter(pk=strike.pk).update(slug="raid")
    answer = client.get(f"/fr/events/strike/{strike.first}/")
    assert answer["Location"] == f"/fr/events/raid/{strike.first}/"
    page = client.get(answer["Location"]).text
    assert "<h1>Raid" in page
    assert 'href="http://testserver/fr/events/raid/"' in page


def test_what_was_withdrawn_is_gone_in_all_its_versions(client, strike):
    with by_an_editor():
        Event.objects.filter(pk=strike.pk).update(publication="withdrawn", withdrawal_en="Untrue.")
    for number in (strike.first, strike.second, last_number()):
        answer = client.get(f"/en/events/strike/{number}/")
        assert (answer.status_code, "Untrue." in answer.text) == (410, True)
        assert "Raid" not in answer.text
    page = client.get(f"/en/record/{TODAY}/").text
    assert "1 event was public" in page
    assert "strike" not in page


@pytest.mark.parametrize("why", ["Sealed by a court.", ""])
def test_what_was_deleted_is_gone_for_its_reason(client, strike, why):
    with by_an_editor():
        Event.objects.filter(pk=strike.pk).update(publication="withdrawn", withdrawal_en="Untrue.")
        Event.objects.filter(pk=strike.pk).update(slug="renamed")
    with by_an_editor(why):
        strike.delete()
    for path in (f"strike/{strike.first}/", "strike/", "renamed/", "strike.bib"):
        answer = client.get(f"/en/events/{path}")
        assert answer.status_code == 410, path
        assert "This event was deleted" in answer.text
        assert (why or "Untrue.") in answer.text
        assert "Raid" not in answer.text


def test_a_draft_that_was_deleted_was_never_there(client):
    with by_an_editor():
        draft = make_event(slug="rumour", publication="draft")
    with by_an_editor("Nonsense."):
        draft.delete()
    answer = client.get("/en/events/rumour/")
    assert (answer.status_code, "Nonsense" in answer.text) == (404, False)


def test_names_of_then_lead_to_what_they_are_today(client, strike):
    with by_an_editor():
        strike.involvements.all().delete()
    Actor.objects.update(slug="french-republic", name_en="French Republic")
    Place.objects.update(slug="republic-of-mali")
    page = client.get(f"/en/events/strike/{strike.first}/").text
    assert '<a href="/en/actors/french-republic/">French Republic</a>' in page
    assert '<a href="/en/places/republic-of-mali/">Mali</a>' in page


def test_who_is_in_no_public_event_any_more_is_named_without_a_link(client, strike):
    with by_an_editor():
        Event.objects.exclude(pk=strike.pk).update(publication="review")
        strike.involvements.all().delete()
    Actor.objects.update(slug="hidden", name_en="Hidden")
    page = client.get(f"/en/events/strike/{strike.first}/").text
    assert "Hidden" not in page  # nobody has seen that name
    assert "/en/actors/france/" not in page
    assert re.search(r"<li>\s*france\s*<span", page)
    with by_an_editor():
        Event.objects.exclude(pk=strike.pk).get().involvements.all().delete()
        Actor.objects.all().delete()
    page = client.get(f"/en/events/strike/{strike.first}/").text
    assert re.search(r"<li>\s*france\s*<span", page)


def test_what_was_withdrawn_once_stays_gone_in_its_old_versions(client, strike):
    with by_an_editor():
        Event.objects.filter(pk=strike.pk).update(publication="withdrawn", withdrawal_en="Untrue.")
    with by_an_editor():
        Event.objects.filter(pk=strike.pk).update(publication="published", title_en="Again")
    for number, status in ((strike.first, 404), (strike.second, 404), (last_number(), 200)):
        assert client.get(f"/en/events/strike/{number}/").status_code == status
    assert "Air strike" not in client.get("/en/events/strike/").text
    assert "Air strike" not in client.get(f"/en/record/{TODAY}/").text


def test_what_is_not_on_record_yet_is_said(client, strike):
    Event.objects.filter(pk=strike.pk).update(title_en="By hand")
    page = client.get(f"/en/events/strike/{strike.second}/").text
    assert "Nothing was changed since" not in page
    assert "It was changed since, which is not on record yet." in page
    call_command("publish_due")
    assert "Then: corrected." in client.get(f"/en/events/strike/{strike.second}/").text


def test_figures_of_a_version_say_whose_they_are(client, strike):
    quotation = strike.quotations.get()
    with by_an_editor():
        quotation.estimates.create(words="happened", measure="killed", best=19)
    page = client.get(f"/en/events/strike/{last_number()}/").text
    figures = re.search(r'<ul class="estimates">(.+?)</ul>', page, re.S)[1]
    assert "19" in figures
    assert re.search(r"– \s*\w+ by: ", figures)


def test_an_entry_of_an_older_shape_is_drawn_as_far_as_it_goes(client, strike):
    told = Change.objects.get(number=strike.first).snapshot
    del told["estimates"], told["references"], told["event"]["note_fr"]
    told["event"] |= {"kind": "skirmish", "colour": "red"}
    for row in told["quotations"]:
        del row["key"], row["stance"], row["page"]
    number = last_number() + 1
    Change.objects.create(
        number=number, at=datetime.now(UTC), event=strike.pk, slug="strike", what="corrected",
        public=True, way="outside", after=json.dumps(told), hash=FIRST,
    )  # fmt: skip
    page = client.get(f"/en/events/strike/{number}/")
    assert page.status_code == 200
    assert "skirmish" in page.text
    assert "Something happened." in page.text


def test_every_version_of_the_article_is_drawn(client):
    call_command("load", verbosity=0)
    versions = Change.objects.values_list("number", "slug")
    for (number, slug), language in zip(versions, cycle(["en", "fr"]), strict=False):
        page = client.get(f"/{language}/events/{slug}/{number}/")
        today = client.get(f"/{language}/events/{slug}/")
        title = re.search(r"<h1>(.+?)</h1>", today.text, re.S)[1]
        assert (page.status_code, title in page.text) == (200, True)


def test_a_day_lists_the_record_as_it_stood(client, strike):
    page = client.get(f"/en/record/{TODAY}/").text
    assert "2 events were public" in page
    assert page.index("Air strike") < page.index("Other")
    assert "3 January 2021" in page
    assert f'href="/en/events/strike/{strike.second}/"' in page
    last = Change.objects.last()
    assert f"{last.number}:{last.hash}" in page
    assert '<meta name="robots" content="noindex">' in page


@pytest.mark.parametrize(
    "asked", [day(-1), day(4000), "2026-02-30", "20261126", "x", "2026-11-26T00", "%00", "9" * 99]
)
def test_a_day_without_a_record_says_what_can_be_asked_for(client, strike, asked):
    answer = client.get(f"/en/record/{asked}/")
    assert answer.status_code == 404
    assert "The history begins on" in answer.text
    assert f'max="{TODAY}"' in answer.text


def test_a_reader_picks_a_day(client, strike):
    assert client.get(f"/en/record/?day={day(3)}")["Location"] == f"/en/record/{day(3)}/"
    for nonsense in ("", "?day=x"):
        assert client.get(f"/en/record/{nonsense}")["Location"] == f"/en/record/{TODAY}/"
    Event.objects.all().delete()
    assert client.get(f"/en/record/{TODAY}/").status_code == 200


def test_without_a_history_there_is_no_day(client):
    answer = client.get(f"/en/record/{TODAY}/")
    assert answer.status_code == 404
    assert "The history has no entry yet." in answer.text


@pytest.mark.parametrize("seed", range(4))
def test_each_day_lists_what_the_timeline_listed_at_its_end(client, days_ago, seed):
    draw, told, withdrawn = random.Random(seed), {}, {}  # noqa: S311 - no secret
    for days in range(6, -1, -1):
        days_ago(days)
        for number in range(6):
            with by_an_editor():
                make_event(f"{days}.{number}", f"{draw.randint(2012, 2022)}", position=number)
        for event in draw.sample(list(Event.objects.all()), 4):
            event.refresh_from_db()
            with by_an_editor():
                if _change(draw, event) == "withdraw":
                    withdrawn[event.pk] = day(days)
        events = Event.objects.published().in_order()
        told[day(days)] = list(events.values_list("pk", "title_en"))
    public = set(Event.objects.published().values_list("pk", flat=True))
    for asked, events in told.items():
        found = listed(client, f"/en/record/{asked}/")
        gone = "A version that is not public any more"
        assert [title for _, title in found] == [
            title if pk in public and withdrawn.get(pk, "") <= asked else gone
            for pk, title in events
        ]
        assert f"{len(events)} events were public" in client.get(f"/en/record/{asked}/").text
    for address, title in found:
        assert f"<h1>{title}</h1>" in client.get(address).text
    assert withdrawn


def _change(draw, event):
    what = draw.choice(["date", "title", "check", "withdraw", "publish", "delete"])
    if what == "date":
        event.date = str(draw.randint(2012, 2022))
    elif what == "title":
        event.title_en += " again"
    elif what == "check":
        event.quotations.update(checked_on="2026-01-01")
    elif what == "delete":
        event.delete()
        return what
    else:
        event.publication = "withdrawn" if what == "withdraw" else "published"
        event.withdrawal_en = "Untrue."
    event.save()
    return what


def test_a_page_of_a_day_takes_few_queries(client, days_ago, django_assert_max_num_queries):
    days_ago(1)
    with by_an_editor():
        for number in range(60):
            make_event(f"Number {number}", "2021", slug=f"number-{number}")
    days_ago(0)
    with by_an_editor():
        Event.objects.filter(pk__lte=Event.objects.first().pk + 40).update(title_en="Corrected")
    with django_assert_max_num_queries(12):
        page = client.get(f"/en/record/{day(1)}/").text
    assert page.count('<span class="date">') == 25
    assert "Corrected" not in page
    for odd in ("x", "²", "9" * 30, "99999", "-1"):
        assert client.get(f"/en/record/{day(1)}/?after={odd}").status_code == 200
