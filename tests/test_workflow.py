"""From draft to readers: who may take which step, whichever way it is asked for."""

from datetime import timedelta
from functools import cache

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sahel.models import Change, Event, Quotation, Record, Step, changes
from tests.factories import CHECKED, make_actor, make_editor, make_event, make_place
from tests.forms import sent

pytestmark = pytest.mark.django_db
ROLES = "contributor", "editor", "publisher"
LIST = "/en/admin/sahel/event/"
# From which state each step leads where, and for which roles.
TABLE = {
    ("draft", "submit"): ("review", ROLES),
    ("review", "return"): ("draft", ROLES[1:]),
    ("review", "approve"): ("review", ROLES[1:]),
    ("draft", "publish"): ("published", ROLES[2:]),
    ("review", "publish"): ("published", ROLES[2:]),
    ("withdrawn", "publish"): ("published", ROLES[2:]),
    ("published", "withdraw"): ("withdrawn", ROLES[2:]),
}


def page_of(event: Event) -> str:
    return reverse("admin:sahel_event_change", args=[event.pk])


def make(state: str) -> Event:
    event = make_event("Strike")
    Event.objects.update(publication=state, withdrawal_en="It was wrong.")
    event.refresh_from_db()
    return event


def by_model(event, step, user, client):
    try:
        with transaction.atomic():
            event.take(step, user)
    except (PermissionDenied, ValidationError):
        pass


@cache
def shown(event, user):
    """Give what somebody is shown of an event, which is put back as it was after each step."""
    client = Client()
    client.force_login(user)
    return client.get(page_of(event)).text


def by_form(event, step, user, client):
    page = shown(event, user)
    offered = f'name="_step" value="{step}"' in page
    if "<form" in page and 'name="version"' in page:
        client.post(page_of(event), sent(page, "event_form", _step=step, why="For a reason."))
    event.refresh_from_db()
    assert offered == (TABLE.get((event.before, str(step)), ("", ()))[1].count(event.role) > 0)


def by_forged_form(event, step, user, client):
    page = shown(event, User.objects.get(username="publisher"))
    client.post(page_of(event), sent(page, "event_form", _step=step, why="For a reason."))


def by_list(event, step, user, client):
    chosen = {"action": f"step_{step}", "_selected_action": [event.pk], "why": "For a reason."}
    client.post(LIST, chosen)


def by_field(event, step, user, client):
    """Send the state itself, as a form of old had it; it is no field any more."""
    if event.before in ("draft", "review"):
        page = client.get(page_of(event)).text
        client.post(page_of(event), sent(page, "event_form", publication="published"))


FORGED = pytest.param(by_forged_form, marks=pytest.mark.one_database)


@pytest.mark.parametrize("way", [by_model, by_form, FORGED, by_list])
@pytest.mark.parametrize("role", ROLES)
def test_each_role_takes_its_steps_and_no_other_whichever_way(client, role, way):
    user, _publisher = make_editor("awa", role.capitalize()), make_editor("publisher")
    client.force_login(user)
    shown.cache_clear()
    for state in Event.Publication:
        Event.objects.all().delete()
        event = make(state)
        event.before, event.role = str(state), role
        for step in Step:
            with transaction.atomic():
                way(event, step, user, client)
                leads, roles = TABLE.get((str(state), str(step)), (state, ()))
                event.refresh_from_db()
                assert event.publication == (leads if role in roles else state), (state, step)
                if step == "approve":
                    assert bool(event.approved_by) == (role in roles), state
                transaction.set_rollback(True)
            event.refresh_from_db()


@pytest.mark.parametrize("role", ROLES)
def test_no_role_publishes_by_sending_the_state_itself(client, role):
    user = make_editor("awa", role.capitalize())
    client.force_login(user)
    event = make("draft")
    event.before = "draft"
    by_field(event, Step.PUBLISH, user, client)
    assert Event.objects.get().publication == "draft"


@pytest.mark.parametrize(("role", "allowed"), [("Contributor", 0), ("Editor", 0), ("Publisher", 1)])
def test_what_readers_see_is_changed_by_publishers(client, role, allowed):
    event = make_event("Strike")
    client.force_login(make_editor("other"))
    page = client.get(page_of(event)).text
    client.force_login(make_editor("awa", role))
    filled = sent(page, "event_form", title_en="Air strike", why="More exact.")
    answer = client.post(page_of(event), filled)
    assert answer.status_code == (302 if allowed else 403)
    assert Event.objects.get().title_en == ("Air strike" if allowed else "Strike")


@pytest.mark.parametrize(("role", "allowed"), [("Editor", False), ("Publisher", True)])
def test_versions_of_what_readers_see_are_put_back_by_publishers(client, role, allowed):
    with changes(Change.Way.EDITOR):
        event = make_event("Strike")
    with changes(Change.Way.EDITOR):
        Event.objects.update(title_en="Air strike")
    client.force_login(make_editor("awa", role))
    history = reverse("admin:sahel_event_history", args=[event.pk])
    put_back = f"{history}1/"
    assert (put_back in client.get(history).text) == allowed
    answer = client.post(put_back, {"why": "It was right."})
    assert answer.status_code == (302 if allowed else 403)
    assert Event.objects.get().title_en == ("Strike" if allowed else "Air strike")


def test_a_contributor_changes_no_name_that_readers_see(client):
    seen, unseen = make_actor("France"), make_actor("Niger")
    make_event(actors=(seen,))
    client.force_login(make_editor("awa", "Contributor"))
    for actor, status in ((seen, 403), (unseen, 302)):
        address = reverse("admin:sahel_actor_change", args=[actor.pk])
        new = {"name_en": "Other", "kind": "state", "slug": actor.slug}
        assert client.post(address, new).status_code == status


def test_what_was_approved_in_review_is_not_once_it_was_changed():
    fatou, issa = make_editor("fatou", "Editor"), make_editor("issa")
    event = make("review")
    event.sign(fatou)
    with pytest.raises(ValidationError, match="Another person"):
        event.take(Step.APPROVE, fatou)
    event.take(Step.APPROVE, issa)
    later = timezone.now() + timedelta(days=1)
    for change in (
        lambda: Event.objects.update(title_en="Another"),
        lambda: Quotation.objects.update(speaker_role_en="witness"),
        lambda: event.involvements.create(actor=make_actor(), role="agent"),
    ):
        Event.objects.update(approved_by=issa, publish_at=later, scheduled_by=issa)
        change()
        event.refresh_from_db()
        assert (event.approved_by, event.publish_at, event.scheduled_by) == (None, None, None)


def test_an_event_is_published_when_its_time_has_come(editor, client, capsys):
    event = make("draft")
    filled = sent(editor.get(page_of(event)).text, "event_form", _step="publish")
    past = {"at_0": "2020-01-01", "at_1": "12:00"}
    page = editor.post(page_of(event), filled | past | {"why": "It holds."}).text
    assert "That time has passed. Leave it empty to publish at once." in page
    ahead = {"at_0": "2100-01-01", "at_1": "12:00", "why": "It holds."}
    answer = editor.post(page_of(event), filled | ahead, follow=True)
    assert "It will be published on" in answer.text
    event.refresh_from_db()
    assert (event.publication, event.scheduled_by.username) == ("review", "fatou")
    call_command("publish_due")
    assert not Event.objects.published().exists()
    Event.objects.update(publish_at=timezone.now() - timedelta(minutes=1))
    call_command("publish_due")
    assert f"{event.slug} is public." in capsys.readouterr().out
    assert Event.objects.published().get().publish_at is None
    assert Change.objects.last().account == User.objects.get(username="fatou").pk


def test_nothing_is_published_for_who_may_not_or_without_grounds():
    issa = make_editor("issa")
    gone, bare = make("review"), make_event("Bare", publication="review")
    due = timezone.now() - timedelta(minutes=1)
    Event.objects.update(publish_at=due, scheduled_by=issa)
    issa.groups.clear()
    with pytest.raises(CommandError, match="may not publish it any more"):
        call_command("publish_due")
    issa.groups.add(make_editor("other").groups.get())
    with pytest.raises(CommandError, match=f"quotation that is verbatim.*{bare.slug}"):
        call_command("publish_due")
    assert list(Event.objects.published()) == [gone]


def test_only_what_is_in_review_waits_for_a_time():
    make("draft")
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.update(publish_at=timezone.now())


def test_many_take_a_step_together_and_what_cannot_is_said(editor):
    ready, bare = make("draft"), make_event("Bare", publication="draft")
    both = {"action": "step_publish", "_selected_action": [ready.pk, bare.pk], "why": "They hold."}
    page = editor.post(LIST, both, follow=True).text
    assert "“Publish”: done for 1 event." in page
    assert "Bare: Not public without a quotation that is verbatim" in page
    assert list(Event.objects.published()) == [ready]
    withdraw = {"action": "step_withdraw", "_selected_action": [ready.pk]}
    Event.objects.update(withdrawal_en="")
    assert "Say why it is withdrawn" in editor.post(LIST, withdraw, follow=True).text
    editor.post(LIST, withdraw | {"why": "It was another day."})
    ready.refresh_from_db()
    assert (ready.publication, ready.withdrawal_en) == ("withdrawn", "It was another day.")


def test_the_address_of_what_readers_have_seen_is_kept(editor):
    event = make_event("Strike", slug="strike")
    page = editor.get(page_of(event)).text
    assert 'name="slug"' not in page
    editor.post(page_of(event), sent(page, "event_form", slug="other", why="Hm."))
    assert Event.objects.get().slug == "strike"


def test_a_new_event_is_entered_and_sent_to_review_at_once(client):
    client.force_login(make_editor("awa", "Contributor"))
    page = client.get(f"{LIST}add/").text
    assert 'value="submit"' in page
    assert 'value="publish"' not in page
    filled = {"title_en": "New", "kind": "attack", "date": "2021", "date_basis": "stated"}
    filled |= {"status": "happened"}
    client.post(f"{LIST}add/", sent(page, "event_form", _step="submit", **filled))
    event = Event.objects.get()
    assert (event.publication, event.edited_by.username) == ("review", "awa")
    assert client.post(page_of(event), {"_step": "publish"}).status_code == 200


def test_a_time_that_was_set_does_not_go_without_a_word(editor):
    event = make("draft")
    ahead = {"at_0": "2100-01-01", "at_1": "12:00", "why": "It holds."}
    filled = sent(editor.get(page_of(event)).text, "event_form", _step="publish", **ahead)
    editor.post(page_of(event), filled)
    page = editor.get(page_of(event)).text
    changed = sent(page, "event_form", summary_en="Otherwise.", why="Better.")
    told = editor.post(page_of(event), changed, follow=True).text
    assert "It has no time to be published any more" in told
    page = editor.get(page_of(event)).text
    moved = editor.post(page_of(event), sent(page, "event_form", **ahead)).text
    assert "To set a time, press “Publish”" in moved


NOTHING_TO_SEE = "\u200b"


def test_what_cannot_be_seen_is_no_reason(editor):
    event = make_event("Bare", publication="draft")
    filled = sent(editor.get(page_of(event)).text, "event_form", _step="publish")
    hidden = {"quotations-0-why_uncheckable_en": NOTHING_TO_SEE}
    assert "needs a quotation that was checked" in editor.post(page_of(event), filled | hidden).text
    seen = make_event("Strike")
    page = editor.get(page_of(seen)).text
    for step in ("", "withdraw"):
        sent_ = sent(page, "event_form", title_en="X", why=NOTHING_TO_SEE, _step=step)
        assert "Say " in editor.post(page_of(seen), sent_).text
    seen.refresh_from_db()
    assert (seen.publication, seen.title_en) == ("published", "Strike")


def test_nobody_approves_what_they_had_a_hand_in():
    fatou, awa = make_editor("fatou", "Editor"), make_editor("awa", "Contributor")
    with changes(Change.Way.EDITOR, account=fatou.pk):
        event = make_event("Strike", publication="review")
        event.sign(fatou)
    with changes(Change.Way.EDITOR, account=awa.pk):
        Event.objects.update(position=1)
        event.refresh_from_db()
        event.sign(awa)
    assert Step.APPROVE not in event.steps(fatou)
    with pytest.raises(ValidationError, match="Another person"):
        event.take(Step.APPROVE, fatou)


def test_a_public_event_is_withdrawn_with_what_else_was_typed(client, settings):
    settings.APPROVAL = True
    Record.objects.update_or_create(pk=1, defaults={"approval": True})
    fatou, issa = make_editor("fatou"), make_editor("issa")
    event = make_event("Strike", publication="draft")
    event.quotations.update(**CHECKED, start=0, end=19)
    Event.objects.update(edited_by=issa, approved_by=fatou, publication="published")
    client.force_login(issa)
    typed = {"title_en": "Not a strike", "withdrawal_en": "It was none.", "_step": "withdraw"}
    client.post(page_of(event), sent(client.get(page_of(event)).text, "event_form", **typed))
    event.refresh_from_db()
    assert (event.publication, event.title_en) == ("withdrawn", "Not a strike")


def test_what_was_withdrawn_is_not_hidden_until_a_time(editor):
    event = make("withdrawn")
    assert "at_0" not in editor.get(page_of(event)).text
    later = timezone.now() + timedelta(days=1)
    with pytest.raises(ValidationError, match="at once, or not yet"):
        event.take(Step.PUBLISH, User.objects.get(username="fatou"), later)


def test_names_under_review_are_not_changed_behind_the_reviewers_back(client):
    parent, actor = make_actor("Mali"), make_actor("Army")
    actor.parent = parent
    actor.save()
    make_event(publication="review", actors=(actor,))
    client.force_login(make_editor("awa", "Contributor"))
    for each in (parent, actor):
        address = reverse("admin:sahel_actor_change", args=[each.pk])
        new = {"name_en": "Other", "kind": "state", "slug": each.slug}
        assert client.post(address, new).status_code == 403


def test_nothing_vanishes_from_what_readers_see(editor):
    place = make_place("Gao")
    event = make_event(places=(place,))
    address = reverse("admin:sahel_place_delete", args=[place.pk])
    assert editor.post(address, {"post": "yes"}, follow=True).status_code == 403
    both = {"action": "delete_selected", "_selected_action": [place.pk], "post": "yes"}
    editor.post("/en/admin/sahel/place/", both)
    assert list(event.places.all()) == [place]


def test_the_entries_of_the_history_have_no_form(editor):
    with changes(Change.Way.EDITOR):
        make_event()
    assert editor.get("/en/admin/sahel/change/1/change/").status_code == 200
    assert editor.post("/en/admin/sahel/change/1/change/").status_code == 403
