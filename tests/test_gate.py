"""What an event must rest on to be public; refused alike whichever way it comes in."""

import json
from itertools import product

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.urls import reverse

from sahel.models import (
    Change,
    Estimate,
    Event,
    Quotation,
    Record,
    Source,
    SourceText,
    Ungrounded,
    changes,
)
from sahel.models.history import faults
from sahel.versions import restore
from tests.factories import CHECKED, make_event, make_place, make_source
from tests.test_admin import form

pytestmark = pytest.mark.django_db(transaction=True)


def sql(statement: str, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def draft(**fields) -> Event:
    return make_event("Rumour", publication="draft", **fields)


def publish_by_sql(event: Event) -> None:
    sql("UPDATE sahel_event SET publication = 'published' WHERE id = %s", event.pk)


def publish_by_saving(event: Event) -> None:
    event.publication = "published"
    event.save()


def publish_with_a_reason(event: Event) -> None:
    with changes(Change.Way.EDITOR, why="So."):
        publish_by_sql(event)


def publish_anew(event: Event) -> None:
    Event.objects.bulk_create(
        [Event(slug="bulk", title_en="Gold", date="2021", kind="coup", date_basis="stated",
               publication="published")]
    )  # fmt: skip


def test_putting_back_a_public_version_publishes_nothing():
    event = draft()
    entry = Change(event=event.pk, number=1)
    with changes(Change.Way.EDITOR):
        Event.objects.filter(pk=event.pk).update(position=3)
    version = Change.objects.last().snapshot
    version["event"]["publication"] = "published"
    entry.after = json.dumps(version)
    with changes(Change.Way.EDITOR):
        restore(entry)
    event.refresh_from_db()
    assert (event.publication, event.position) == ("draft", 3)


WAYS = [
    publish_by_sql,
    publish_by_saving,
    publish_with_a_reason,
    publish_anew,
    lambda event: Event.objects.update(publication="published"),
]


@pytest.mark.parametrize("publish", WAYS)
def test_nothing_is_published_on_words_that_nobody_checked(publish):
    event = draft()
    with pytest.raises((IntegrityError, ValidationError)):
        publish(event)
    assert not Event.objects.published().exists()
    assert not Ungrounded.objects.exists()


@pytest.mark.parametrize("publish", [WAYS[0], WAYS[1], WAYS[2], WAYS[4]])
@pytest.mark.parametrize(
    "grounds",
    [
        {**CHECKED, "start": 0, "end": 19},
        {"state": "uncheckable", "why_uncheckable_en": "A broadcast."},
    ],
)
def test_what_bears_it_lets_it_be_public(publish, grounds):
    event = draft()
    event.quotations.update(**grounds)
    publish(event)
    assert Event.objects.published().get() == event


def test_words_that_were_lost_before_it_was_public_do_not_bear_it():
    event = draft()
    event.quotations.update(**CHECKED | {"state": "missing"})
    for way in WAYS[:3]:
        with pytest.raises((IntegrityError, ValidationError)):
            way(event)


@pytest.mark.parametrize(
    "undo",
    [
        lambda event: event.quotations.all().delete(),
        lambda event: sql("DELETE FROM sahel_quotation"),
        lambda event: sql("UPDATE sahel_quotation SET state = 'unchecked'"),
        lambda event: event.quotations.update(event=draft(source="other")),
    ],
)
def test_what_bears_a_public_event_stays_with_it(undo):
    event = make_event()
    with pytest.raises(IntegrityError):
        undo(event)
    assert event.quotations.get().state == "verbatim"


def test_words_that_are_lost_later_leave_it_public_and_marked():
    event = make_event(words="It was so.")
    SourceText.objects.create(source=Source.objects.get(), text="It was otherwise.")
    with pytest.raises(CommandError, match="do not stand"):
        call_command("verify")
    assert event.quotations.get().state == "missing"
    assert Event.objects.published().exists()
    event.title_en = "Corrected"
    event.save()


def test_an_event_may_come_before_its_quotations_and_be_replaced_within_a_transaction():
    event = make_event()
    with transaction.atomic():
        event.quotations.all().delete()
        assert Ungrounded.objects.get().event == event.pk
        Quotation.objects.create(
            event=event, source=make_source(), exact="So.", language="en", **CHECKED, start=0, end=3
        )
    assert event.quotations.get().exact == "So."


def test_a_public_event_can_go_as_a_whole():
    event = make_event()
    event.delete()
    assert not Ungrounded.objects.exists()


def test_a_source_has_a_publisher_or_says_why_not():
    source = make_source()
    source.publisher = ""
    with pytest.raises(ValidationError, match="Name the publisher, or say why"):
        source.full_clean()
    with pytest.raises(IntegrityError):
        sql("UPDATE sahel_source SET publisher = ''")
    source.no_publisher_fr = "Tract anonyme."
    source.full_clean()
    source.save()


def test_a_date_has_a_basis():
    make_event()
    for basis in ("", "guessed"):
        with pytest.raises(IntegrityError):
            Event.objects.update(date_basis=basis)


def test_fixtures_are_refused_alike(tmp_path, settings):
    article = next((settings.FIXTURE_DIRS[0] / "events").glob("*.json"))
    (tmp_path / "events").mkdir()
    for name in ("places", "actors", "sources"):
        (tmp_path / f"{name}.json").write_text(
            (settings.FIXTURE_DIRS[0] / f"{name}.json").read_text()
        )
    rows = json.loads(article.read_text())
    for row in rows:
        if row["model"] == "sahel.quotation":
            row["fields"] |= {"state": "unchecked"}
    (tmp_path / "events" / article.name).write_text(json.dumps(rows))
    settings.FIXTURE_DIRS = [tmp_path]
    with pytest.raises(CommandError, match="Not public without a quotation that is verbatim"):
        call_command("load")
    assert not Event.objects.exists()


@pytest.fixture
def approval(settings):
    settings.APPROVAL = True
    Record.objects.update_or_create(pk=1, defaults={"approval": True})


def sign_in(client, name):
    user = User.objects.create_user(name, password="a long pass phrase", is_staff=True)
    user.groups.add(Group.objects.get(name="Publisher"))
    client.force_login(user)
    return user


def test_the_form_says_what_is_missing_and_keeps_what_was_typed(client):
    sign_in(client, "fatou")
    page = client.post(
        "/en/admin/sahel/event/add/", form(**{"quotations-0-why_uncheckable_en": ""})
    )
    assert "A published event needs a quotation that was checked" in page.text
    assert 'value="A new event"' in page.text
    assert not Event.objects.exists()


def test_a_second_person_approves_where_the_site_asks_for_it(client, approval):
    sign_in(client, "fatou")
    answer = client.post("/en/admin/sahel/event/add/", form(), follow=True)
    assert "another person has to approve what you wrote" in answer.text
    event = Event.objects.get()
    assert event.publication == "review"
    change = reverse("admin:sahel_event_change", args=[event.pk])
    quotation = event.quotations.get()
    same = form(
        slug=event.slug,
        **{
            "quotations-INITIAL_FORMS": "1",
            "quotations-0-id": quotation.pk,
            "quotations-0-event": event.pk,
        },
    )
    client.post(change, same)  # by herself, again
    event.refresh_from_db()
    assert event.publication == "review"
    issa = sign_in(client, "issa")
    client.post(change, same)
    event.refresh_from_db()
    assert (event.publication, event.approved_by) == ("published", issa)
    client.post(change, same | {"title_en": "Another title", "why": "Better.", "_step": ""})
    event.refresh_from_db()
    assert (event.publication, event.edited_by, event.approved_by) == ("review", issa, None)
    assert not list(faults())


def test_the_database_asks_for_the_second_person_too(approval):
    fatou, issa = (User.objects.create_user(name) for name in ("fatou", "issa"))
    event = draft()
    event.quotations.update(**CHECKED, start=0, end=19)
    for edited, approved in product((None, fatou, issa), repeat=2):
        Event.objects.update(publication="draft", edited_by=edited, approved_by=approved)
        allowed = approved is not None and approved != edited
        try:
            publish_by_sql(event)
        except IntegrityError:
            assert not allowed, (edited, approved)
        else:
            assert allowed, (edited, approved)
            with pytest.raises(IntegrityError):  # nor is it taken away
                Event.objects.update(approved_by=edited)


def approved(**fields) -> Event:
    fatou, issa = (User.objects.create_user(name) for name in ("fatou", "issa"))
    event = draft(actors=("France",), **fields)
    event.quotations.update(**CHECKED, start=0, end=19)
    Estimate.objects.create(quotation=event.quotations.get(), words="Some", measure="killed", low=1)
    Event.objects.update(edited_by=fatou, approved_by=issa, publication="published")
    return event


@pytest.mark.parametrize(
    "change",
    [
        lambda event: Event.objects.update(title_en="Other"),
        lambda event: Quotation.objects.update(exact="Everything happened", end=19),
        lambda event: Quotation.objects.update(speaker_role_fr="témoin"),
        lambda event: Estimate.objects.update(low=100),
        lambda event: Estimate.objects.all().delete(),
        lambda event: event.involvements.all().delete(),
        lambda event: event.places.add(make_place("Gao")),
        lambda event: event.references.create(source=make_source("wire"), supports="date"),
        lambda event: sql("UPDATE sahel_event SET date = '2020' WHERE id = %s", event.pk),
    ],
)
def test_what_was_approved_is_what_is_public(approval, change):
    event = approved()
    with pytest.raises(IntegrityError), transaction.atomic():
        change(event)
    with transaction.atomic():  # with an approval of its own
        change(event)
        Event.objects.update(approved_by=User.objects.get(username="issa"))
    assert Event.objects.get().publication == "published"
    with transaction.atomic():  # a check of the quotations changes nothing of that
        Quotation.objects.update(checked_on="2026-01-01")


def test_without_approval_nobody_is_asked_anew():
    event = make_event("Strike")
    Event.objects.update(title_en="Other")
    assert Event.objects.get(pk=event.pk).publication == "published"


def test_fixtures_that_change_what_is_public_take_it_back(approval, tmp_path, settings):
    call_command("load")
    fatou, issa = (User.objects.create_user(name) for name in ("fatou", "issa"))
    Event.objects.update(edited_by=fatou, approved_by=issa, publication="published")
    with transaction.atomic():
        Quotation.objects.filter(event__slug="coup-2020").update(order=7)
        Event.objects.filter(slug="coup-2020").update(approved_by=issa)
    call_command("load")
    waiting = Event.objects.exclude(publication="published")
    assert [event.slug for event in waiting] == ["coup-2020"]


def test_fixtures_wait_for_review_where_a_second_person_approves(approval):
    call_command("load")
    call_command("load")
    assert set(Event.objects.values_list("publication", flat=True)) == {"review"}


def test_nothing_takes_the_number_that_does_not_exist():
    event = make_event("Strike")
    with pytest.raises(IntegrityError), transaction.atomic():
        Quotation.objects.create(
            pk=0, event=event, source=make_source(), exact="x", language="en", start=5, end=6
        )


def test_emptied_and_replaced_quotations_are_refused():
    event, other = make_event("Strike"), draft()
    columns = [f'"{field.column}"' for field in Quotation._meta.concrete_fields]
    moved = [str(other.pk) if column == '"event_id"' else column for column in columns]
    statement = (
        "TRUNCATE sahel_quotation CASCADE"
        if connection.vendor == "postgresql"
        else f"REPLACE INTO sahel_quotation ({', '.join(columns)}) SELECT {', '.join(moved)} "  # noqa: S608
        f"FROM sahel_quotation WHERE event_id = {event.pk}"
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        sql(statement)
    assert event.quotations.exists()


def test_who_approved_what_is_public_stays(approval):
    fatou, issa = (User.objects.create_user(name) for name in ("fatou", "issa"))
    event = draft()
    event.quotations.update(**CHECKED, start=0, end=19)
    Event.objects.update(edited_by=fatou, approved_by=issa, publication="published")
    with pytest.raises(ProtectedError):
        issa.delete()
    assert Event.objects.get().approved_by == issa
