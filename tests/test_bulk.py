"""Many events are changed at once, for a reason, and none behind a colleague's back."""

import re

import pytest
from django.contrib.auth.models import Group, User

from sahel.models import Change, Event, Record, changes
from sahel.models.history import faults
from tests.factories import make_actor, make_editor, make_event, make_place
from tests.forms import sent

pytestmark = pytest.mark.django_db
LIST = "/en/admin/sahel/event/"


@pytest.fixture
def events():
    """Three events that readers see, of which one is an attack in Gao by Barkhane."""
    with changes(Change.Way.EDITOR):
        make_event("First", slug="first", date="2021-01-01")
        make_event("Second", slug="second", date="2021-01-02")
        make_event(
            "Third", slug="third", date="2021-01-03", kind="attack",
            places=("Gao",), actors=("Barkhane",),
        )  # fmt: skip


def page_of(client, action, *titles, address=LIST, **fields):
    """Choose what is in the list, as a browser would, and give the page that asks."""
    keys = list(Event.objects.filter(title_en__in=titles).values_list("pk", flat=True))
    chosen = {"action": action, "_selected_action": keys, "index": 0, **fields}
    return client.post(address, chosen).text


def told(page: str) -> list[str]:
    return re.findall(r'<li class="(?:success|warning|error)">([^<]+)', page)


def test_an_editor_sets_the_kind_of_many(editor, events):
    asked = page_of(editor, "set_kind", "First", "Second", "Third")
    form = sent(asked, "bulk", kind="attack", why="They were attacks.")
    answer = editor.post(LIST, form, follow=True).text
    assert told(answer) == ["2 events were changed, 1 had it already."]
    assert set(Event.objects.values_list("kind", flat=True)) == {"attack"}
    assert list(Change.objects.filter(why="They were attacks.").values_list("slug", flat=True)) == [
        "first",
        "second",
    ]
    signed = Event.objects.filter(edited_by__username="fatou")
    assert sorted(event.slug for event in signed) == ["first", "second"]
    assert not list(faults())


def test_an_editor_adds_a_place_to_many(editor, events):
    gao = make_place("Gao")
    asked = page_of(editor, "add_place", "First", "Third")
    form = sent(asked, "bulk", place=gao.pk, why="It was there.")
    assert told(editor.post(LIST, form, follow=True).text) == [
        "1 event was changed, 1 had it already."
    ]
    assert sorted(event.slug for event in gao.events.all()) == ["first", "third"]


def test_an_editor_adds_an_actor_in_a_role_to_many(editor, events):
    barkhane, niger = make_actor("Barkhane"), make_actor("Niger")
    for actor, role, done in (
        (barkhane, "agent", "1 event was changed, 1 had it already."),
        (barkhane, "victim", "2 events were changed."),
        (niger, "target", "2 events were changed."),
    ):
        asked = page_of(editor, "add_actor", "First", "Third")
        form = sent(asked, "bulk", actor=actor.pk, role=role, why="So it was.")
        assert told(editor.post(LIST, form, follow=True).text) == [done]
    third = Event.objects.get(slug="third").involvements.values_list("actor__slug", "role", "order")
    assert list(third) == [
        ("barkhane", "agent", 0),
        ("barkhane", "victim", 1),
        ("niger", "target", 2),
    ]


def test_readers_are_told_why_and_so_it_is_asked_for(editor, events):
    asked = page_of(editor, "set_kind", "First")
    refused = editor.post(LIST, sent(asked, "bulk", kind="strike")).text
    assert "Say in a few words why you change published events." in refused
    assert '<option value="strike" selected>' in refused
    assert not Event.objects.filter(kind="strike").exists()
    make_event("Unseen", publication="draft")
    asked = page_of(editor, "set_kind", "Unseen")
    editor.post(LIST, sent(asked, "bulk", kind="strike"))
    assert Event.objects.get(kind="strike").title_en == "Unseen"


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("set_kind", {"kind": ""}),
        ("set_kind", {"kind": "feast"}),
        ("add_place", {"place": ""}),
        ("add_place", {"place": "999999"}),
        ("add_actor", {"actor": "", "role": "agent"}),
        ("add_actor", {"role": ""}),
    ],
)
def test_what_makes_no_sense_is_said_and_the_reason_is_kept(editor, events, action, fields):
    asked = page_of(editor, action, "First")
    answer = editor.post(LIST, sent(asked, "bulk", why="A long reason.", **fields)).text
    assert 'class="errorlist"' in answer
    assert 'value="A long reason."' in answer
    assert Change.objects.count() == 3


def test_what_was_changed_since_the_page_was_shown_is_left_and_said(editor, events):
    asked = page_of(editor, "set_kind", "First", "Second")
    with changes(Change.Way.EDITOR, why="A slip."):
        Event.objects.filter(slug="second").update(title_en="Second thoughts")
    form = sent(asked, "bulk", kind="attack", why="They were attacks.")
    answer = editor.post(LIST, form).text
    assert re.search("were changed since this page was shown.*Second thoughts", answer)
    assert 'value="They were attacks."' in answer
    assert Event.objects.filter(kind="attack").count() == 1
    editor.post(LIST, sent(answer, "bulk"))
    assert Event.objects.filter(kind="attack").count() == 3


def test_what_left_the_list_meanwhile_is_changed_or_said_too(editor, events):
    address = f"{LIST}?kind__exact=statement"
    asked = page_of(editor, "set_kind", "First", "Second", address=address)
    with changes(Change.Way.EDITOR):
        Event.objects.filter(slug="first").update(kind="coup")
        Event.objects.get(slug="second").delete()
    answer = editor.post(address, sent(asked, "bulk", kind="attack", why="So.")).text
    assert "were changed since this page was shown" in answer
    assert "not on record any more" in answer
    editor.post(address, sent(answer, "bulk"))
    assert Event.objects.get(slug="first").kind == "attack"


@pytest.mark.parametrize("shown", ["", "x", "9" * 40])
def test_a_page_that_never_was_changes_nothing(editor, events, shown):
    asked = page_of(editor, "set_kind", "First")
    editor.post(LIST, sent(asked, "bulk", kind="attack", why="So.", shown=shown))
    assert Event.objects.get(slug="first").kind == "statement"


def test_all_of_a_list_are_changed_across_its_pages(editor, events):
    address = f"{LIST}?kind__exact=statement"
    asked = page_of(editor, "set_kind", "First", address=address, select_across="1")
    assert "The events (2)" in asked
    editor.post(address, sent(asked, "bulk", kind="coup", why="All of them."))
    assert Event.objects.filter(kind="coup").count() == 2


def test_no_more_are_changed_at_once_than_can_be_looked_at(editor):
    draft = {"kind": "attack", "date": "2021", "date_basis": "stated", "title_en": "Many"}
    Event.objects.bulk_create(Event(slug=f"event-of-{n}", **draft) for n in range(501))
    key = Event.objects.first().pk
    chosen = {"action": "set_kind", "_selected_action": [key], "index": 0, "select_across": "1"}
    answer = editor.post(LIST, chosen, follow=True)
    assert told(answer.text) == ["At most 500 events can be changed at once: choose fewer."]


def test_what_was_approved_waits_for_another_approval(editor, events, settings):
    awa, issa = (User.objects.create_user(name) for name in ("awa", "issa"))
    Event.objects.update(edited_by=awa, approved_by=issa)
    settings.APPROVAL = True
    Record.objects.update(approval=True)
    for action, fields in (
        ("set_kind", {"kind": "coup"}),
        ("add_place", {"place": make_place("Kidal").pk}),
        ("add_actor", {"actor": make_actor("Niger").pk, "role": "agent"}),
    ):
        asked = page_of(editor, action, "First", "Second")
        answer = editor.post(LIST, sent(asked, "bulk", why="So.", **fields), follow=True).text
        assert told(answer)[1] == ("2 events wait for review: another person has to approve them.")
        Event.objects.update(publication="published", approved_by=issa)
    assert not list(faults())


def test_who_may_not_change_events_is_offered_nothing(editor, events):
    editors = Group.objects.get(name="Publisher")
    editors.permissions.remove(editors.permissions.get(codename="add_involvement"))
    assert "add_actor" not in editor.get(LIST).text
    assert "set_kind" in editor.get(LIST).text
    editors.permissions.remove(editors.permissions.get(codename="change_event"))
    assert "set_kind" not in editor.get(LIST).text
    page_of(editor, "set_kind", "First")
    assert Change.objects.count() == 3


@pytest.mark.parametrize("role", ["Contributor", "Editor"])
def test_what_readers_see_is_changed_by_who_may_publish(client, events, role):
    make_event("Draft", slug="draft", publication="draft")
    client.force_login(make_editor("awa", role))
    chosen = Event.objects.filter(slug__in=("first", "draft")).values_list("pk", flat=True)
    asked = {"action": "set_kind", "_selected_action": list(chosen), "index": 0}
    answer = client.post(LIST, asked, follow=True).text
    assert "by those who may publish: leave out “First”." in answer
    assert sent(page_of(client, "set_kind", "Draft"), "bulk")
    forged = asked | {"shown": "99", "kind": "attack", "why": "Hm."}
    client.post(LIST, forged)
    assert not Event.objects.filter(slug="first", kind="attack").exists()


def test_the_pages_speak_french(editor, events):
    key = Event.objects.get(slug="first").pk
    chosen = {"action": "add_place", "_selected_action": [key], "index": 0}
    page = editor.post("/fr/admin/sahel/event/", chosen).text
    assert 'lang="fr"' in page
    assert "select2/i18n/fr.js" in page
