"""The admin's lists: found, counted, filtered and saved, in few queries at any length."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks import desk
from benchmarks.generate import fill
from sahel.admin.lists import MOST_PLACES
from sahel.models import Change, Event, SavedView
from tests.factories import make_actor, make_editor, make_event, make_place, make_source

pytestmark = pytest.mark.django_db
EVENTS = "/en/admin/sahel/event/"
MOST_QUERIES = 12


def titles(client, query: str) -> set[str]:
    return {row.title_en for row in client.get(f"{EVENTS}?{query}").context["cl"].result_list}


def choices(page: str) -> dict[str, str]:
    """Give the filters' choices beside a list, with the addresses they lead to."""
    found = re.findall(r'<li(?: class="selected")?><a href="(\?[^"]*)">([^<]+)</a></li>', page)
    return {unescape(label): unescape(address) for address, label in found}


@pytest.mark.parametrize(
    "address",
    [
        "event/",
        "event/?q=event+happened",
        "event/?o=-5&publication__exact=published&todo=untranslated",
        "event/?places__id__exact=PLACE&sort_date__year=2021&q=goita",
        "quotation/",
        "quotation/?q=something&state__exact=verbatim",
        "source/?q=gazette&todo=uncopied",
        "actor/?q=france",
        "place/?todo=unplaced&kind__exact=country",
        "change/?what__exact=published&q=event",
        "signature/",
    ],
)
def test_a_list_takes_few_queries_however_long_it_is(editor, address):
    for n in range(60):
        place = make_place(f"Place {n}")
        make_event(date=f"2021-0{n % 9 + 1}", actors=("Goita",), places=(place,), source=f"s{n}")
    SavedView.objects.create(user=User.objects.get(), of="event", name="Mine", query="q=a")
    address = address.replace("PLACE", str(place.pk))
    with CaptureQueriesContext(connection) as queries:
        assert editor.get(f"/en/admin/sahel/{address}").status_code == 200
    assert len(queries) <= MOST_QUERIES, "\n".join(q["sql"] for q in queries)


@pytest.mark.parametrize(
    "typed", ["macron", "Mâcron MACR", "jupiterien", "gao", "kawkaw", "entrée"]
)
def test_events_are_found_without_accents_and_by_other_names(editor, typed):
    macron = make_actor("Emmanuel Macron", aliases="Jupitérien")
    gao = make_place("Gao", aliases="Kawkaw")
    draft = {"publication": "draft", "summary_en": "His entree."}
    make_event("Found", actors=(macron,), places=(gao,), **draft)
    make_event("Other")
    assert titles(editor, f"q={typed}") == {"Found"}


def test_a_speaker_and_a_slug_are_found_too(editor):
    make_event("By Le Drian", speaker=make_actor("Le Drian"))
    make_event("By its slug", slug="bounti-strike")
    assert titles(editor, "q=drian") == {"By Le Drian"}
    assert titles(editor, "q=bounti-strike") == {"By its slug"}


def test_all_words_of_a_search_must_be_there(editor):
    make_event("A coup in Bamako")
    make_event("A strike in Gao")
    assert titles(editor, "q=coup+bamako") == {"A coup in Bamako"}
    assert titles(editor, "q=coup+gao") == set()
    assert titles(editor, "q=%E2%80%94") == {"A coup in Bamako", "A strike in Gao"}


def test_quotations_are_found_by_their_words_and_by_slugs(editor):
    make_event(slug="one", words="La junte s’en va.", source="le-monde")
    make_event(slug="two", words="Nobody said so.", summary_en="The junta.")
    for typed in ("junte", "one", "le-monde"):
        page = editor.get(f"/en/admin/sahel/quotation/?q={typed}")
        assert [row.event.slug for row in page.context["cl"].result_list] == ["one"], typed


def test_each_choice_says_how_many_events_it_would_leave(editor):
    for kind, publication in (("coup", "published"), ("coup", "draft"), ("strike", "draft")):
        make_event(kind=kind, publication=publication)
    labels = choices(editor.get(EVENTS).text)
    assert {"Coup d’état (2)", "Strike (1)", "Draft (2)", "Published (1)"} <= labels.keys()
    labels = choices(editor.get(f"{EVENTS}?kind__exact=coup").text)
    assert {"Coup d’état (2)", "Strike (1)", "Draft (1)", "Published (1)"} <= labels.keys()
    for label, address in labels.items():
        if number := re.search(r"\((\d+)\)$", label):
            assert len(titles(editor, address[1:])) == int(number[1]), label


def test_several_values_of_a_filter_mean_any_of_them(editor):
    for kind in ("coup", "strike", "attack"):
        make_event(kind, kind=kind)
    page = editor.get(f"{EVENTS}?kind__exact=coup&kind__exact=strike")
    assert {row.kind for row in page.context["cl"].result_list} == {"coup", "strike"}
    assert page.context["cl"].result_count == 2


def test_yes_and_no_are_counted_too(editor):
    make_event(publication="draft")
    Change.objects.create(
        number=1,
        at="2026-01-01T00:00Z",
        event=1,
        slug="e",
        what="added",
        public=False,
        way="editor",
    )
    labels = choices(editor.get("/en/admin/sahel/change/?public__exact=0").text)
    assert "No (1)" in labels
    assert editor.get("/en/admin/sahel/change/?public__exact=zz").status_code < 500


def test_no_more_places_are_offered_than_one_can_look_through(editor):
    for n in range(MOST_PLACES + 5):
        make_event(places=(make_place(f"Place {n:02}"),))
    make_event("Twice", places=("Place 00",))
    page = editor.get(EVENTS).text
    assert len(re.findall(r"places__id__exact=\d+", page)) == MOST_PLACES
    assert "Place 00 (2)" in page
    last = make_place(f"Place {MOST_PLACES + 4}")
    assert f"{last} (1)" not in page
    page = editor.get(f"{EVENTS}?places__id__exact={last.pk}&status__exact=planned").text
    assert f"{last} (0)" in page


def test_a_day_is_chosen_by_its_year_and_month(editor):
    for day in ("2021-01-03", "2021-01-04", "2021-05", "2013~"):
        make_event(day, day)
    page = editor.get(EVENTS).text
    assert "?sort_date__year=2013" in page
    assert "?sort_date__year=2021" in page
    assert (
        "?sort_date__month=5&amp;sort_date__year=2021"
        in editor.get(f"{EVENTS}?sort_date__year=2021").text
    )
    page = editor.get(f"{EVENTS}?sort_date__year=2021&sort_date__month=1").text
    assert "3 January" in page
    assert titles(editor, "sort_date__year=2021&sort_date__month=1") == {"2021-01-03", "2021-01-04"}


def test_pages_and_counts_agree(editor):
    for n in range(55):
        make_event(f"Event {n}", kind="coup" if n % 2 else "strike")
    page = editor.get(f"{EVENTS}?p=2")
    assert (page.context["cl"].result_count, len(page.context["cl"].result_list)) == (55, 5)
    page = editor.get(f"{EVENTS}?kind__exact=coup")
    assert page.context["cl"].result_count == 27


def test_events_are_sorted_by_how_many_quotations_they_have(editor):
    make_event("One")
    two = make_event("Two")
    two.quotations.create(source=make_source("wire"), exact="So.", language="en", start=5, end=8)
    page = editor.get(f"{EVENTS}?o=-5")
    assert [row.title_en for row in page.context["cl"].result_list] == ["Two", "One"]
    assert '<td class="field-quotation_count">2</td>' in page.text


def save(client, query="kind__exact=coup", name="Coups", **fields):
    sent = {"query": query, "name": name, **fields}
    return client.post(f"{EVENTS}views/", sent, follow=True)


def test_an_editor_saves_a_view_and_finds_it_above_the_list(editor):
    make_event("A coup", kind="coup")
    make_event("A strike")
    page = save(editor, "o=-1&kind__exact=coup&q=a&p=1&junk=1&kind__regex=x&_popup=1")
    assert "The view “Coups” was saved." in page.text
    assert SavedView.objects.get().query == "kind__exact=coup&o=-1&q=a"
    page = editor.get(EVENTS).text
    assert '<a href="?kind__exact=coup&amp;o=-1&amp;q=a">Coups</a>' in page
    assert titles(editor, SavedView.objects.get().query) == {"A coup"}
    assert "Coups" not in editor.get("/en/admin/sahel/actor/").text


@pytest.mark.parametrize("junk", ["sort_date__year=" + "9" * 30, "kind__exact=%00", "x=" * 900])
def test_what_a_list_does_not_understand_is_not_saved(editor, junk):
    save(editor, f"{junk}&status__exact=planned")
    assert SavedView.objects.get().query == "status__exact=planned"


def test_a_view_saved_again_shows_what_it_is_told_now(editor):
    save(editor)
    save(editor, "kind__exact=strike")
    assert SavedView.objects.get().query == "kind__exact=strike"


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "This field cannot be blank."), ("x" * 61, "at most 60 characters")],
)
def test_a_view_without_a_proper_name_is_refused_with_a_reason(editor, name, said):
    page = save(editor, name=name).text
    assert "was not saved" in page
    assert said in page
    assert not SavedView.objects.exists()


def test_nobody_has_more_views_than_one_can_look_through(editor):
    user = User.objects.get()
    SavedView.objects.bulk_create(
        SavedView(user=user, of="event", name=f"View {n}") for n in range(SavedView.MOST)
    )
    assert "Delete one that you do not need." in save(editor).text
    assert SavedView.objects.count() == SavedView.MOST


def test_a_view_is_deleted_by_its_owner_alone(editor):
    save(editor)
    view = SavedView.objects.get()
    other = User.objects.create_superuser("amina", password="a long pass phrase")
    client = Client()
    client.force_login(other)
    assert client.post(f"{EVENTS}views/{view.pk}/delete/").status_code == 404
    assert editor.get(f"{EVENTS}views/{view.pk}/delete/").status_code == 405
    page = editor.post(f"{EVENTS}views/{view.pk}/delete/", {"query": "q=a"}, follow=True)
    assert "The view “Coups” was deleted." in page.text
    assert page.redirect_chain[-1][0] == f"{EVENTS}?q=a"
    assert not SavedView.objects.exists()


def test_a_view_is_for_all_editors_where_one_may_say_so(editor):
    awa = make_editor("awa", "Contributor")
    client = Client()
    client.force_login(awa)
    save(client, name="My own", shared="on")
    save(editor, name="For all", shared="on")
    assert "For all</a>" in client.get(EVENTS).text
    assert "My own</a>" not in editor.get(EVENTS).text
    awa.user_permissions.add(Permission.objects.get(codename="share_savedview"))
    save(client, name="My own", shared="on")
    assert "My own</a>" in editor.get(EVENTS).text


def test_who_may_not_see_a_list_saves_no_view_of_it(editor):
    User.objects.get().groups.clear()
    assert save(editor).status_code == 403
    assert not SavedView.objects.exists()


def test_an_actor_of_many_events_is_refused_to_be_deleted_at_once(editor):
    actor = make_actor("France")
    for _ in range(101):
        make_event(actors=(actor,), publication="draft")
    page = editor.get(f"/en/admin/sahel/actor/{actor.pk}/delete/", follow=True).text
    assert "Involvements: 101" in page
    assert Event.objects.count() == 101


def test_all_that_the_benchmark_asks_for_is_answered_in_few_queries(monkeypatch):
    monkeypatch.setattr(desk, "TIMES", 0)
    fill(60)
    for page in desk.ask():
        assert page["queries"] <= (MOST_QUERIES if page["list"] else 40), page["name"]
