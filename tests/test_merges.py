"""Two that are one and the same are merged, nothing is lost, and it can be undone."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from sahel.merges import merge, undo
from sahel.merging import Merging
from sahel.models import (
    Actor,
    Change,
    Event,
    FormerSlug,
    Involvement,
    LinkCheck,
    Merge,
    Place,
    Quotation,
    Record,
    Reference,
    Source,
    SourceText,
    changes,
    verify,
)
from sahel.models.history import faults
from sahel.versions import compare, restore
from tests.factories import make_actor, make_event, make_place, make_source
from tests.forms import sent

pytestmark = pytest.mark.django_db
AUTHOR = {"who": "Fatou", "account": 7, "why": "One and the same.", "language": "en"}
PARTS = (Actor, Place, Source, SourceText, LinkCheck, Involvement, Reference, Quotation, FormerSlug)


def by_an_editor(why="To begin with."):
    return changes(Change.Way.EDITOR, who="Fatou", account=7, why=why, language="en")


def merged(kept, *others):
    """Merge as the admin does, in the transaction of a request."""
    user = User.objects.get_or_create(username="fatou")[0]
    with by_an_editor():
        return merge(Merging(kept, list(others)), by=user, author=AUTHOR)


def undone(made):
    with by_an_editor("They are two."):
        return undo(made, by=made.by)


def everything():
    """All rows of the record with their primary keys, but for when an event was changed last."""
    rows = {model: list(model.objects.order_by("pk").values()) for model in PARTS}
    events = [{**row, "updated": None} for row in Event.objects.order_by("pk").values()]
    through = list(Event.places.through.objects.order_by("pk").values())
    return {**rows, Event: events, "places": through}


@pytest.fixture
def record():
    """Two names of one actor, one place and one source, each in some events, some in both."""
    with by_an_editor():
        state, alias = (
            make_actor("France", aliases="FR\r\n "),
            make_actor("French Republic", aliases="RF"),
        )
        part = make_actor("Barkhane", parent=alias)
        here, there = make_place("Mali"), make_place("Republic of Mali", country="ML")
        one, other = make_source("gazette"), make_source("gazette-online", author="A. Writer")
        make_event("First", actors=(state,), places=(here,), source=one, slug="first")
        make_event("Second", actors=(alias,), places=(there,), source=other, slug="second",
                   speaker=alias)  # fmt: skip
        both = make_event("Third", actors=(state, alias, part), places=(here, there), source=one)
        both.references.create(source=one, supports="date")
        both.references.create(source=other, supports="date", note_en="Of Tuesday.")
        both.references.create(source=other, supports="place")
        make_source("copy", original=other)
        LinkCheck.objects.create(source=other, archived=False, url=other.url, outcome="gone")
        make_event("Fourth", actors=(state,), source=one)
        make_event("Unseen", actors=(alias,), publication="draft", source=other)


PAIRS = [
    (Actor, "france", "french-republic"),
    (Place, "mali", "republic-of-mali"),
    (Source, "gazette", "gazette-online"),
]
MODELS = pytest.mark.parametrize(("model", "kept", "gone"), PAIRS)


def pair(model, kept, gone):
    return model.objects.get(slug=kept), model.objects.get(slug=gone)


@MODELS
def test_all_that_led_to_one_leads_to_the_other(record, model, kept, gone):
    one, other = pair(model, kept, gone)
    merged(one, other)
    assert not model.objects.filter(slug=gone).exists()
    way = {Actor: "involvements__actor", Place: "places", Source: "quotations__source"}[model]
    titles = Event.objects.filter(**{way: one}).values_list("title_en", flat=True)
    assert {"First", "Second", "Third"} <= set(titles)
    assert len(titles) == len(set(titles))
    assert not list(faults())


@MODELS
def test_what_is_merged_and_taken_apart_is_as_it_was(record, model, kept, gone):
    before = everything()
    one, other = pair(model, kept, gone)
    made = merged(one, other)
    assert everything() != before
    assert undone(made) == 0
    assert everything() == before
    assert not list(faults())


@MODELS
def test_old_addresses_and_selections_lead_on(client, record, model, kept, gone):
    kind = model._meta.model_name
    model.objects.filter(slug=gone).update(slug="older")
    model.objects.filter(slug="older").update(slug=gone)
    made = merged(*pair(model, kept, gone))
    for slug in (gone, "older"):
        answer = client.get(f"/fr/{kind}s/{slug}/?year=2021")
        assert answer["Location"] == f"/fr/{kind}s/{kept}/?year=2021"
        page = client.get(f"/en/?{kind}={slug}").text
        assert "Second" in page
        assert f"{kind}={kept}" in page
    undone(made)
    assert client.get(f"/fr/{kind}s/{gone}/").status_code == 200
    assert client.get(f"/fr/{kind}s/older/")["Location"] == f"/fr/{kind}s/{gone}/"


def test_names_become_other_names_and_readers_find_by_them(client, record):
    made = merged(*pair(*PAIRS[0]))
    actor = Actor.objects.get(slug="france")
    assert actor.other_names == ["FR", "French Republic", "RF"]
    assert "First" in client.get("/en/?q=republic").text
    Actor.objects.filter(pk=actor.pk).update(aliases="French Republic\nRF\nHexagone")
    undone(made)
    assert Actor.objects.get(slug="france").other_names == ["Hexagone"]


def test_empty_fields_are_filled_in_and_emptied_again(record):
    one, other = pair(*PAIRS[2])
    Source.objects.filter(pk=other.pk).update(archived_url="https://example.org/a", date="2021-01~")
    made = merged(*pair(*PAIRS[2]))
    one.refresh_from_db()
    assert (one.author, one.archived_url, str(one.date)) == (
        "A. Writer",
        "https://example.org/a",
        "2021-01~",
    )
    assert made.merged[0]["url"] == "https://example.org/gazette-online"
    Source.objects.filter(pk=one.pk).update(author="Another Writer")
    assert undone(made) == 1
    one.refresh_from_db()
    assert (one.author, one.archived_url) == ("Another Writer", "")


def test_a_place_that_was_put_on_the_map_since_stays_there(record):
    here = {"latitude": 17, "longitude": -4, "precision": "centre"}
    Place.objects.filter(slug="republic-of-mali").update(**here)
    made = merged(*pair(*PAIRS[1]))
    place = Place.objects.filter(slug="mali")
    assert place.get().precision == "centre"
    place.update(latitude=18)
    assert undone(made) == 1
    assert place.get().latitude == 18


def test_readers_are_told_who_was_named_before(client, record):
    merged(*pair(*PAIRS[0]))
    entry = Change.objects.filter(slug="second").latest("number")
    assert (entry.what, entry.why) == ("corrected", "One and the same.")
    differences = compare(entry.before(), entry.snapshot)
    told = [segment for each in differences for segment in each.segments]
    assert ("removed", "French Republic · carried it out") in told
    assert ("added", "France · carried it out") in told
    assert ("removed", "French Republic") in told  # who speaks
    page = client.get("/en/events/second/").text
    assert re.search("<del>French Republic</del>", page)


def test_the_entries_before_a_merge_are_told_as_they_were(record):
    made = merged(*pair(*PAIRS[0]))
    first = Change.objects.filter(slug="second").earliest("number")
    for then in (lambda: None, lambda: undone(made)):
        then()
        told = [words for each in compare(None, first.snapshot) for _, words in each.segments]
        assert "French Republic · carried it out" in told
        assert not list(faults())


def test_a_version_from_before_can_be_put_back(record):
    merged(*pair(*PAIRS[0]))
    third = Event.objects.get(title_en="Third")
    first = Change.objects.filter(event=third.pk).earliest("number")
    with by_an_editor("As it was."):
        restore(first)
    actors = third.involvements.values_list("actor__slug", flat=True)
    assert sorted(actors) == ["barkhane", "france"]
    assert not list(faults())


def test_what_was_changed_since_stays_when_a_merge_is_undone(record):
    made = merged(*pair(*PAIRS[0]))
    niger = make_actor("Niger")
    with by_an_editor("Another one."):
        Involvement.objects.filter(event__slug="second").update(actor=niger)
    assert undone(made) == 1
    assert Involvement.objects.get(event__slug="second").actor == niger
    assert Quotation.objects.get(event__slug="second").speaker.slug == "french-republic"
    assert Event.objects.get(slug="second").edited_by.username == "fatou"
    assert not list(faults())


def test_one_that_stood_under_the_other_takes_its_place(record):
    top = make_actor("Union")
    alias = Actor.objects.get(slug="french-republic")
    Actor.objects.filter(pk=alias.pk).update(parent=top)
    Actor.objects.filter(slug="france").update(parent=alias)
    before = everything()
    made = merged(*pair(*PAIRS[0]))
    assert Actor.objects.get(slug="france").parent == top
    assert Actor.objects.get(slug="barkhane").parent.slug == "france"
    undone(made)
    assert everything() == before


def test_nothing_comes_to_stand_under_itself_or_too_deep():
    top = make_actor("Top")
    middle = make_actor("Middle", parent=top)
    low = make_actor("Low", parent=middle)
    assert "under itself, by way of “Middle”" in Merging(low, [top]).problems[0]
    assert Merging(top, [low]).problems == []
    far = make_actor("Far", parent=make_actor("Fourth", parent=low))
    other = make_actor("Other", parent=None)
    Actor.objects.filter(pk=far.pk).update(parent=other)
    deep = Actor.objects.get(slug="fourth")
    assert "more than four levels deep" in Merging(deep, [other]).problems[0]


def test_a_source_does_not_become_its_own_original():
    one = make_source("one")
    other = make_source("other", original=one)
    make_source("third", original=other)
    made = merged(one, other)
    one.refresh_from_db()
    assert one.original is None
    assert Source.objects.get(slug="third").original == one
    undone(made)
    merged(Source.objects.get(slug="other"), one)
    assert Source.objects.get(slug="other").original is None


def read(source, text):
    SourceText.objects.create(source=source, text=text)
    list(verify([source.pk]))


def test_quotations_move_only_to_a_text_in_which_they_stand(record):
    one, other = pair(*PAIRS[2])
    with by_an_editor():
        read(one, "So it was. Something happened.")
    assert Merging(one, [other]).problems == []
    Quotation.objects.filter(event__slug="second").update(exact="Nothing happened.", end=17)
    (said,) = Merging(one, [other]).problems
    assert "do not stand, letter by letter, in the text that was read: second." in said
    # Nor does a text read later come to quotations that it lacks.
    Quotation.objects.filter(event__slug="second").update(exact="Something happened.", end=19)
    with by_an_editor():
        read(other, "Something happened.")
    assert Merging(one, [other]).problems == []
    Quotation.objects.filter(event__slug="first").update(exact="So it was.", start=0, end=10)
    assert "letter by letter" in Merging(one, [other]).problems[0]


TWO = ("gazette", "gazette-online")


@pytest.mark.parametrize("texts", [TWO[:1], TWO[1:], TWO, TWO[::-1]])
def test_the_text_read_last_is_the_one_source_s_text(record, texts):
    one = pair(*PAIRS[2])[0]
    with by_an_editor():
        for number, slug in enumerate(texts):
            read(Source.objects.get(slug=slug), f"{number}. Something happened.")
    before = everything()
    made = merged(*pair(*PAIRS[2]))
    one.refresh_from_db()
    last = one.texts.first()
    assert (one.texts.count(), one.text_sha256) == (len(texts), last.sha256)
    assert {q.checked_sha256 for q in one.quotations.all()} == {last.sha256}
    assert list(verify([one.pk])) == []
    assert not list(faults())
    undone(made)
    assert everything() == before


def test_a_text_that_came_since_stays_with_the_source_that_was_kept(record):
    one, other = pair(*PAIRS[2])
    with by_an_editor():
        for source in (one, other):
            read(source, f"In {source.slug}: Something happened.")
    made = merged(*pair(*PAIRS[2]))
    with by_an_editor("Read again."):
        read(Source.objects.get(pk=one.pk), "Once more: Something happened.")
    assert undone(made) > 0
    for source, text in ((one, "Once more"), (other, "In gazette-online")):
        source.refresh_from_db()
        last = source.texts.first()
        assert last.text.startswith(text)
        assert source.text_sha256 == last.sha256
        assert {q.checked_sha256 for q in source.quotations.all()} == {last.sha256}
    assert not list(faults())


def test_a_text_that_is_not_on_record_vouches_for_no_other_quotation(record):
    one, other = pair(*PAIRS[2])
    one.text_sha256, other.text_sha256 = "1" * 64, "0" * 64  # against which the others were checked
    (said,) = Merging(one, [other]).problems
    assert "The text of the source that is kept is not on record." in said
    one.text_sha256 = ""
    assert Merging(one, [other]).filled["text_sha256"] == "0" * 64


def test_a_passage_quoted_of_both_is_not_quoted_twice(record):
    one, other = pair(*PAIRS[2])
    words = Quotation.objects.get(event__slug="first")
    words.pk, words.key, words.source, words._state.adding = None, "another", other, True
    words.save()
    (said,) = Merging(one, [other]).problems
    assert "quote the same passage of both sources: first." in said


def test_one_merged_into_a_third_is_taken_apart_from_the_outside(record):
    first = merged(*pair(*PAIRS[0]))
    before = everything()
    second = merged(make_actor("Republic"), Actor.objects.get(slug="france"))
    with pytest.raises(ValidationError, match="was itself merged into “republic” since"):
        undone(first)
    assert FormerSlug.objects.filter(key=second.key).count() == 2
    undone(second)
    Actor.objects.filter(slug="republic").delete()
    assert everything() == before
    undone(Merge.objects.get(pk=first.pk))
    with pytest.raises(ValidationError, match="has been undone already"):
        undone(first)
    assert not list(faults())


def test_what_was_merged_last_is_undone_first(record):
    before = everything()
    first = merged(*pair(*PAIRS[0]))
    second = merged(Actor.objects.get(slug="france"), Actor.objects.get(slug="barkhane"))
    with pytest.raises(ValidationError, match="undone first: Barkhane → france"):
        undone(first)
    undone(second)
    undone(first)
    assert everything() == before


def test_a_slug_that_is_taken_or_one_that_is_gone_is_told(record):
    made = merged(*pair(*PAIRS[1]))
    taken = make_place("Taken", slug="republic-of-mali")
    with pytest.raises(ValidationError, match="taken by others meanwhile: republic-of-mali"):
        undone(made)
    taken.delete()
    Event.places.through.objects.all().delete()
    Place.objects.all().delete()
    with pytest.raises(ValidationError, match="is not on record any more"):
        undone(made)


def test_what_its_parent_and_its_event_were_gone_for_comes_back_without(record):
    Actor.objects.filter(slug="french-republic").update(parent=make_actor("Union"))
    made = merged(*pair(*PAIRS[0]))
    Actor.objects.filter(slug="france").update(parent=None)
    Actor.objects.filter(slug="union").delete()
    with by_an_editor("A mistake."):
        Event.objects.get(title_en="Third").delete()
    undone(made)
    back = Actor.objects.get(slug="french-republic")
    assert (back.parent, back.involvements.count()) == (None, 2)


class Whatever(TestCase):
    """Any actors in any events, under each other, merged and taken apart."""

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["agent", "victim"]),
                           st.integers(0, 2), st.booleans()), max_size=12),
        st.lists(st.integers(-1, 3), min_size=4, max_size=4),
        st.permutations(range(4)), st.integers(2, 4),
    )  # fmt: skip
    def test_any_merge_is_undone(self, ties, parents, order, many):
        with by_an_editor():
            actors = [make_actor(f"Actor {number}") for number in range(4)]
            for number, parent in enumerate(parents):
                if 0 <= parent < number:  # no circle
                    actors[number].parent = actors[parent]
                    actors[number].save()
            events = [make_event() for _ in range(3)]
            for actor, role, event, speaks in ties:
                events[event].involvements.get_or_create(actor=actors[actor], role=role)
                if speaks:
                    events[event].quotations.update(speaker=actors[actor])
        before = everything()
        chosen = [Actor.objects.get(slug=f"actor-{number}") for number in order[:many]]
        merging = Merging(chosen[0], chosen[1:])
        if merging.problems:
            return
        made = merged(chosen[0], *chosen[1:])
        roles = [(i.event_id, i.actor_id, i.role) for i in Involvement.objects.all()]
        assert len(roles) == len(set(roles))
        assert not list(faults())
        assert undone(made) == 0
        assert everything() == before
        assert not list(faults())

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["one two", "two one", "one"])),
                 max_size=4),
        st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["one", "two"])), max_size=5),
        st.permutations(range(3)), st.integers(2, 3),
    )  # fmt: skip
    def test_any_sources_whose_words_stand_in_one_text_are_merged(self, texts, words, order, many):
        with by_an_editor():
            sources = [make_source(f"source-{number}") for number in range(3)]
            for number, said in words:
                make_event(source=sources[number], words=said, publication="draft")
            for number, text in texts:
                read(sources[number], text)
        before = everything()
        chosen = [Source.objects.get(slug=f"source-{number}") for number in order[:many]]
        if Merging(chosen[0], chosen[1:]).problems:
            return
        made = merged(chosen[0], *chosen[1:])
        kept = Source.objects.get(pk=chosen[0].pk)
        last = kept.texts.first()
        assert kept.text_sha256 == (last.sha256 if last else "")
        assert list(verify(Source.objects.values_list("pk", flat=True))) == []
        assert undone(made) == 0
        assert everything() == before
        assert not list(faults())


LIST = "/en/admin/sahel/actor/"


def page_of(client, *slugs, address=LIST, **fields):
    """Choose what is in a list, as a browser would, and give the page that asks."""
    model = {"actor": Actor, "place": Place, "source": Source}[address.split("/")[4]]
    keys = list(model.objects.filter(slug__in=slugs).values_list("pk", flat=True))
    chosen = {"action": "merge_selected", "_selected_action": keys, "index": 0, **fields}
    return client.post(address, chosen)


def test_an_editor_merges_two_and_undoes_it(editor, record):
    before = everything()
    asked = page_of(editor, "france", "french-republic").text
    assert "Becomes another name of it</dt><dd>French Republic · RF" in asked
    assert "involvements (2)" in asked
    assert "Is dropped, being there already (involvements, 1)</dt><dd>Third" in asked
    form = sent(asked, "merging", merge="1")
    refused = editor.post(LIST, form).text
    assert "Say in a few words why you take them for one and the same." in refused
    answer = editor.post(LIST, sent(refused, "merging", merge="1", why="One state."), follow=True)
    assert "Merged into “France”: French Republic." in answer.text
    assert Change.objects.filter(why="One state.").count() == 3
    made = Merge.objects.get()
    assert (made.by.username, made.why) == ("fatou", "One state.")
    undo_page = reverse("admin:sahel_merge_undo", args=[made.pk])
    assert undo_page in editor.get("/en/admin/sahel/merge/").text
    assert "gazette" not in editor.get(f"/en/admin/sahel/merge/{made.pk}/change/").text
    assert "why they are not one" in editor.post(undo_page, {"why": " "}).text
    answer = editor.post(undo_page, {"why": "They are two."}, follow=True)
    assert "The merge was undone." in answer.text
    assert everything() == before
    assert "has been undone already" in editor.post(undo_page, {"why": "Again."}).text


def test_the_other_one_is_kept_only_once_that_was_looked_at(editor, record):
    asked = page_of(editor, "france", "french-republic").text
    other = str(Actor.objects.get(slug="french-republic").pk)
    form = sent(asked, "merging", merge="1", why="One state.", kept=other)
    assert form["looked"] != [other]
    looked = editor.post(LIST, form).text
    assert "This is what is done if “French Republic” is kept." in looked
    assert 'value="One state."' in looked
    assert not Merge.objects.exists()
    editor.post(LIST, sent(looked, "merging", merge="1"))
    assert Merge.objects.get().slug == "french-republic"


def test_nothing_is_merged_that_was_changed_since_the_page_was_shown(editor, record):
    asked = page_of(editor, "france", "french-republic").text
    Actor.objects.filter(slug="france").update(kind="media")
    answer = editor.post(LIST, sent(asked, "merging", merge="1", why="One state."))
    assert "Changed since this page was shown: France." in answer.text
    assert 'value="One state."' in answer.text
    assert not Merge.objects.exists()
    editor.post(LIST, sent(answer.text, "merging", merge="1"))
    assert Merge.objects.exists()


def test_all_of_a_list_are_merged_across_its_pages(editor):
    for number in range(3):
        make_place(f"Gao {number}")
    make_place("Kidal")
    address = "/en/admin/sahel/place/?q=gao"
    asked = page_of(editor, "gao-1", address=address, select_across="1").text
    assert asked.count('type="radio"') == 3
    editor.post(address, sent(asked, "merging", merge="1"))
    assert Place.objects.count() == 2


@pytest.mark.parametrize("number", [1, 51])
def test_one_alone_and_too_many_are_not_merged(editor, number):
    slugs = [make_actor(f"Actor {n}").slug for n in range(number)]
    answer = page_of(editor, *slugs)
    assert answer.status_code == 302
    assert "Select two or more" in editor.get(LIST).text


def test_what_stands_in_the_way_is_said_and_nothing_is_done(editor, record):
    read(Source.objects.get(slug="gazette"), "Something else happened.")
    address = "/en/admin/sahel/source/"
    asked = page_of(editor, "gazette", "gazette-online", address=address).text
    kept = str(Source.objects.get(slug="gazette").pk)
    form = sent(asked, "merging", merge="1", why="One page.", kept=kept, looked=kept)
    assert "do not stand, letter by letter, in the text" in editor.post(address, form).text
    assert not Merge.objects.exists()


@pytest.mark.parametrize("lacking", ["change_actor", "delete_actor"])
def test_who_may_not_change_and_delete_may_not_merge(editor, record, lacking):
    made = merged(*pair(*PAIRS[0]))
    editors = Group.objects.get(name="Publisher")
    editors.permissions.remove(editors.permissions.get(codename=lacking))
    assert "merge_selected" not in editor.get(LIST).text
    address = reverse("admin:sahel_merge_undo", args=[made.pk])
    assert editor.post(address, {"why": "So."}).status_code == 403
    assert editor.get("/en/admin/sahel/merge/").status_code == 200
    assert editor.get("/en/admin/sahel/merge/add/").status_code == 403
    assert editor.get("/en/admin/sahel/merge/999/undo/").status_code == 404


@MODELS
def test_what_was_approved_waits_for_another_approval(
    client, editor, record, settings, model, kept, gone
):
    issa, other = (User.objects.create_user(name) for name in ("issa", "awa"))
    Event.objects.exclude(publication="draft").update(edited_by=other, approved_by=issa)
    settings.APPROVAL = True
    Record.objects.update(approval=True)
    before = everything()
    address = f"/en/admin/sahel/{model._meta.model_name}/"
    asked = page_of(editor, kept, gone, address=address).text
    assert "wait for another person’s approval" in asked
    first = str(model.objects.get(slug=kept).pk)
    assert sent(asked, "merging")["kept"] == [first]
    editor.post(address, sent(asked, "merging", merge="1", why="One and the same."))
    waiting = Event.objects.filter(publication="review")
    assert "second" in [event.slug for event in waiting]
    assert {event.edited_by.username for event in waiting} == {"fatou"}
    assert client.get("/en/events/second/").status_code == 404
    made = Merge.objects.get()
    editor.post(reverse("admin:sahel_merge_undo", args=[made.pk]), {"why": "They are two."})
    assert everything() == before
    assert client.get("/en/events/second/").status_code == 200
    assert not list(faults())


def test_approval_that_came_since_is_not_given_by_undoing(editor, record, settings):
    made = merged(*pair(*PAIRS[0]))
    settings.APPROVAL = True
    Record.objects.update(approval=True)
    editor.post(reverse("admin:sahel_merge_undo", args=[made.pk]), {"why": "They are two."})
    assert Merge.objects.get().undone_at
    assert Event.objects.get(slug="second").publication == "review"
    assert not list(faults())


def test_verify_and_verify_history_find_nothing_wrong(record, capsys):
    with by_an_editor("Read."):
        for source in Source.objects.filter(slug__startswith="gazette"):
            read(source, f"In {source.slug}: Something happened.")
    made = merged(*pair(*PAIRS[2]))
    for then in (lambda: None, lambda: undone(made)):
        then()
        call_command("verify")
        call_command("verify_history")
    assert capsys.readouterr().out.count("unbroken") == 2
    assert "missing" not in Quotation.objects.values_list("state", flat=True)


@pytest.mark.django_db
def test_the_fixtures_come_in_again_after_what_they_name_was_merged(editor):
    call_command("load", verbosity=0)
    user = User.objects.get(username="fatou")
    author = {"who": "", "account": user.pk, "why": "They are one.", "language": "en"}
    for model, slugs in ((Actor, ("france", "barkhane")), (Place, ("mali", "bamako"))):
        kept, gone = (model.objects.get(slug=slug) for slug in slugs)
        merge(Merging(kept, [gone]), by=user, author=author)
    call_command("load", verbosity=0)
    assert not Actor.objects.filter(slug="barkhane").exists()
    assert not Place.objects.filter(slug="bamako").exists()
    assert not list(faults())
