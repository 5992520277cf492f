"""Nobody overwrites a colleague, and nobody loses what was typed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group, User
from django.db import connections
from django.test import Client
from django.urls import reverse

from sahel.models import Change, Estimate, Event, Involvement, Quotation, changes
from tests.factories import make_actor, make_event
from tests.forms import sent

pytestmark = pytest.mark.django_db
ON_RECORD = "It was changed by somebody else while you wrote."


def signed_in(name: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name="Publisher"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def fatou():
    return signed_in("fatou")


@pytest.fixture
def issa():
    return signed_in("issa")


def change_page(of) -> str:
    return reverse(f"admin:sahel_{of._meta.model_name}_change", args=[of.pk])


def form_of(client: Client, of, **changed):
    return sent(client.get(change_page(of)).text, f"{of._meta.model_name}_form", **changed)


def test_a_form_sent_as_it_was_shown_changes_nothing(fatou):
    event = make_event("Strike", actors=("France",), places=("Mali",), words="One.\nTwo.")
    Estimate.objects.create(quotation=event.quotations.get(), words="One", measure="killed", best=1)
    fatou.post(change_page(event), form_of(fatou, event, why="To begin with."))
    before = Change.objects.count()
    assert fatou.post(change_page(event), form_of(fatou, event, why="So.")).status_code == 302
    assert Change.objects.count() == before


def test_a_form_that_is_out_of_date_says_who_changed_what_and_keeps_what_was_typed(fatou, issa):
    event = make_event("Strike", publication="draft", summary_en="One.")
    mine = form_of(fatou, event, summary_en="My own summary.")
    issa.post(change_page(event), form_of(issa, event, title_en="Air strike"))
    answer = fatou.post(change_page(event), mine)
    assert answer.status_code == 200
    assert ON_RECORD in answer.text
    assert "issa, " in answer.text
    assert "<ins>Air strike</ins>" in answer.text
    assert "My own summary.</textarea>" in answer.text
    event.refresh_from_db()
    assert (event.title_en, event.summary_en) == ("Air strike", "One.")
    # Saved again, what she did not touch stays his.
    again = sent(answer.text, "event_form")
    assert fatou.post(change_page(event), again).status_code == 302
    event.refresh_from_db()
    assert (event.title_en, event.summary_en) == ("Air strike", "My own summary.")


def test_what_both_changed_is_decided_by_who_saw_both(fatou, issa):
    event = make_event("Strike", publication="draft")
    mine = form_of(fatou, event, title_en="Raid")
    issa.post(change_page(event), form_of(issa, event, title_en="Air strike"))
    answer = fatou.post(change_page(event), mine)
    assert 'value="Raid"' in answer.text
    assert "<ins>Air strike</ins>" in answer.text
    fatou.post(change_page(event), sent(answer.text, "event_form"))
    event.refresh_from_db()
    assert event.title_en == "Raid"


def test_a_change_of_its_parts_alone_is_noticed(fatou, issa):
    event = make_event("Strike", actors=("France",), publication="draft")
    mine = form_of(fatou, event, **{"quotations-0-speaker_role_en": "a witness"})
    issa.post(change_page(event), form_of(issa, event, **{"involvements-0-role": "victim"}))
    answer = fatou.post(change_page(event), mine)
    assert ON_RECORD in answer.text
    fatou.post(change_page(event), sent(answer.text, "event_form"))
    assert Involvement.objects.get().role == "victim"
    assert Quotation.objects.get().speaker_role_en == "a witness"


def test_what_was_written_into_a_row_that_is_gone_is_kept_as_a_new_one(fatou, issa):
    event = make_event("Strike", publication="draft", words="One.")
    Estimate.objects.create(quotation=event.quotations.get(), words="One", measure="killed", best=1)
    event.involvements.create(actor=make_actor("France"), role="agent")
    mine = form_of(fatou, event, **{"quotations-0-speaker_role_en": "a witness"})
    theirs = {"quotations-0-DELETE": "on", "involvements-0-DELETE": "on"}
    issa.post(change_page(event), form_of(issa, event, **theirs))
    assert not event.quotations.exists()
    answer = fatou.post(change_page(event), mine)
    assert ON_RECORD in answer.text
    again = sent(answer.text, "event_form")
    assert fatou.post(change_page(event), again).status_code == 302
    quotation = event.quotations.get()
    assert (quotation.exact, quotation.speaker_role_en) == ("One.", "a witness")
    assert quotation.estimates.get().best == 1
    assert not event.involvements.exists()  # which she had not touched


@pytest.mark.parametrize("seen", ["999999:forged", "x", "9" * 40, ":"])
def test_a_version_that_never_was_is_out_of_date(fatou, seen):
    event = make_event("Strike", publication="draft")
    answer = fatou.post(change_page(event), form_of(fatou, event, version=seen, title_en="Raid"))
    assert answer.status_code == 200
    assert ON_RECORD in answer.text
    assert 'value="Raid"' in answer.text


@pytest.mark.parametrize("what", ["actor", "place", "source"])
def test_actors_places_and_sources_are_guarded_alike(fatou, issa, what):
    event = make_event(actors=("France",), places=("Mali",), publication="draft")
    of = {
        "actor": event.involvements.get().actor,
        "place": event.places.get(),
        "source": event.quotations.get().source,
    }[what]
    one, other = ("title", "author") if what == "source" else ("name_en", "aliases")
    mine = form_of(fatou, of, **{other: "Mine"})
    issa.post(change_page(of), form_of(issa, of, **{one: "Theirs"}))
    answer = fatou.post(change_page(of), mine)
    assert ON_RECORD in answer.text
    assert "issa, " in answer.text
    assert "<ins>Theirs</ins>" in answer.text
    assert fatou.post(change_page(of), sent(answer.text, f"{what}_form")).status_code == 302
    of.refresh_from_db()
    assert (getattr(of, one), getattr(of, other)) == ("Theirs", "Mine")


def test_nothing_is_deleted_that_was_changed_since_it_was_looked_at(fatou, issa):
    event = make_event("Strike", publication="draft")
    address = reverse("admin:sahel_event_delete", args=[event.pk])
    shown = fatou.get(address, follow=True)
    confirm = f"{address}?{shown.request['QUERY_STRING']}"
    issa.post(change_page(event), form_of(issa, event, title_en="Air strike"))
    answer = fatou.post(confirm, {"post": "yes"}, follow=True)
    assert "It was changed meanwhile." in answer.text
    assert Event.objects.exists()
    confirm = f"{address}?{answer.request['QUERY_STRING']}"
    assert fatou.post(confirm, {"post": "yes"}).status_code == 302
    assert not Event.objects.exists()


def test_no_action_meets_what_was_changed_since_the_list_was_shown(fatou, issa):
    with changes(Change.Way.EDITOR):
        event, other = (make_event(title, publication="draft") for title in ("Strike", "Raid"))
    address = reverse("admin:sahel_event_changelist")
    listed = sent(fatou.get(address).text, "changelist-form")
    asked = listed | {"action": "delete_selected", "_selected_action": [event.pk, other.pk]}
    issa.post(change_page(event), form_of(issa, event, title_en="Air strike"))
    answer = fatou.post(address, asked, follow=True)
    assert f"changed since this list was shown: {event.slug}." in answer.text
    asked |= {"_selected_action": [other.pk]}
    assert "Are you sure" in fatou.post(address, asked).text
    listed = sent(fatou.get(address).text, "changelist-form")
    asked = listed | {"action": "delete_selected", "_selected_action": [event.pk]}
    assert "Are you sure" in fatou.post(address, asked).text


@pytest.mark.django_db(transaction=True)
def test_of_fifty_at_once_one_wins_and_all_others_are_told():
    event = make_event("Strike", publication="draft")
    clients = [signed_in(f"editor{number}") for number in range(50)]
    form = form_of(clients[0], event)

    def save(number: int) -> tuple[int, bool]:
        try:
            answer = clients[number].post(
                change_page(event), form | {"title_en": f"Title {number}"}
            )
            kept = f'value="Title {number}"' in answer.text and ON_RECORD in answer.text
            return answer.status_code, kept
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(save, range(50)))
    assert sorted(answers) == [(200, True)] * 49 + [(302, False)]
    event.refresh_from_db()
    assert event.title_en == f"Title {answers.index((302, False))}"


def test_words_that_somebody_else_corrected_stay_corrected(fatou, issa):
    event = make_event("Strike", publication="draft", words="One.")
    mine = sent(fatou.get(change_page(event)).text, "event_form")
    theirs = sent(issa.get(change_page(event)).text, "event_form")
    issa.post(change_page(event), theirs | {"quotations-0-exact": "Two."})
    told = fatou.post(change_page(event), mine | {"quotations-0-page": "7"})
    assert ON_RECORD in told.text
    again = sent(told.text, "event_form")
    assert fatou.post(change_page(event), again).status_code == 302
    quotation = event.quotations.get()
    assert (quotation.exact, quotation.page) == ("Two.", 7)


def test_other_words_are_never_those_that_were_checked_whatever_a_form_says(fatou):
    event = make_event("Strike", words="One.")
    page = sent(fatou.get(change_page(event)).text, "event_form", why="Hm.")
    forged = {"quotations-0-exact": "Invented.", "initial-quotations-0-exact": "Invented."}
    fatou.post(change_page(event), page | forged | {"quotations-0-order": "5"})
    quotation = event.quotations.get()
    assert (quotation.exact, quotation.state) == ("One.", "verbatim")
