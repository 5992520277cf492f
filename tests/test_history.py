"""The history: every change is an entry, and no entry is ever changed."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event as Event_
from threading import Thread
from time import sleep

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from sahel.models import Change, Event, Quotation, Record, Unrecorded, changes
from sahel.models.history import faults
from tests.factories import CHECKED, make_actor, make_event, make_source

pytestmark = pytest.mark.django_db


def by_an_editor(why="", who="Fatou"):
    return changes(Change.Way.EDITOR, who=who, account=7, why=why, language="en" if why else "")


def told(*names):
    return list(Change.objects.values_list(*names))


def edited(title: str) -> Event:
    with by_an_editor():
        event = make_event(title)
    with by_an_editor("A slip."):
        Event.objects.filter(pk=event.pk).update(title_en=f"{title} again")
    return event


def test_an_event_with_all_that_belongs_to_it_is_one_entry():
    with by_an_editor():
        event = make_event("Strike", actors=("France",), places=("Mali",), words="It was so.")
    (entry,) = Change.objects.all()
    assert (entry.number, entry.what, entry.way, entry.who) == (1, "published", "editor", "Fatou")
    assert (entry.event, entry.slug, entry.public) == (event.pk, event.slug, True)
    assert entry.before() is None
    after = entry.snapshot
    assert after["event"]["title_en"] == "Strike"
    assert after["places"] == ["mali"]
    assert [each["actor"] for each in after["involvements"]] == ["france"]
    assert [each["exact"] for each in after["quotations"]] == ["It was so."]


def test_each_part_of_an_event_has_its_changes_on_record():
    with by_an_editor():
        event = make_event(actors=("France",), places=("Mali",))
    quotation = event.quotations.get()
    for change in (
        lambda: Event.objects.filter(pk=event.pk).update(summary_fr="Autrement."),
        lambda: Quotation.objects.filter(pk=quotation.pk).update(stance="denies"),
        lambda: event.involvements.all().delete(),
        lambda: event.places.clear(),
        lambda: event.references.create(source=make_source("report"), supports="date"),
    ):
        with by_an_editor("Better so."):
            change()
    assert told("what", "why") == [("published", ""), *[("corrected", "Better so.")] * 5]


def test_what_leaves_all_as_it_was_is_no_entry():
    edited("Strike")
    with by_an_editor():
        Event.objects.update(position=0)
    assert len(told()) == 2


def test_a_life_of_an_event_is_told_in_words():
    with by_an_editor():
        event = make_event(publication="draft")
    with by_an_editor():
        event.quotations.update(**CHECKED, start=0, end=19)
    for publication in ("review", "published", "withdrawn", "published"):
        with by_an_editor():
            Event.objects.update(publication=publication, withdrawal_en="A mistake.")
    with by_an_editor():
        event.delete()
    whats = ["added", "edited", "edited", "published", "withdrawn", "published", "deleted"]
    assert told("what", "public") == [
        (what, public)
        for what, public in zip(whats, (False, False, False, True, True, True, True), strict=True)
    ]
    assert Change.objects.last().snapshot is None
    assert not list(faults())


def test_what_was_changed_past_the_site_is_on_record_as_that():
    event = edited("Strike")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sahel_event SET title_fr = 'Autre' WHERE id = %s", [event.pk])
    assert Unrecorded.objects.count() == 1
    with by_an_editor("My own."):
        Event.objects.update(title_en="Mine")
    assert told("way", "who", "why")[2:] == [("outside", "", ""), ("editor", "Fatou", "My own.")]
    assert not Unrecorded.objects.exists()


def test_what_fails_leaves_neither_change_nor_entry():
    edited("Strike")
    with suppress(ZeroDivisionError), by_an_editor():
        Event.objects.update(title_en="Never")
        raise ZeroDivisionError
    assert len(told()) == 2
    assert Event.objects.get().title_en == "Strike again"
    assert not list(faults())


def test_a_renamed_actor_leaves_the_history_whole():
    with by_an_editor():
        make_event(actors=("France",), speaker=make_actor("France"))
    with by_an_editor():
        actor = make_actor("France")
        actor.slug = "french-republic"
        actor.save()
    assert len(told()) == 1
    assert not list(faults())


def test_the_database_keeps_every_entry_as_it_is():
    edited("Strike")
    for statement in (
        "UPDATE sahel_change SET who = 'nobody'",
        "DELETE FROM sahel_change",
        "UPDATE sahel_change SET why = '' WHERE number = 2",
        "DELETE FROM sahel_change WHERE number = 1",
    ):
        with (
            pytest.raises(IntegrityError, match="only ever added to"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    with pytest.raises(IntegrityError), transaction.atomic():
        Change.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Change.objects.update(who="nobody")
    if connection.vendor == "postgresql":
        with (
            pytest.raises(IntegrityError, match="only ever added to"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("TRUNCATE sahel_change")
    assert [who for (who,) in told("who")] == ["Fatou", "Fatou"]


@contextmanager
def unguarded() -> Iterator[None]:
    """Take down what keeps the entries, as whoever owns the database can; undo all at the end."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("ALTER TABLE sahel_change DISABLE TRIGGER USER")
            else:
                cursor.execute("DROP TRIGGER sahel_change_kept_update")
                cursor.execute("DROP TRIGGER sahel_change_kept_delete")
        yield
        transaction.set_rollback(True)


def tamper(chance: random.Random, entries: int) -> str:  # noqa: C901
    """Do one thing to the history that must not be done; give what."""
    one, other = chance.sample(range(1, entries + 1), 2)
    row = Change.objects.filter(number=one)
    what = chance.choice(
        ["edit", "edit", "edit", "delete", "swap", "cut", "insert", "rehash", "head"]
    )
    match what:
        case "edit":
            column = chance.choice(
                ["event", "slug", "what", "public", "way", "who", "account", "why", "why_language",
                 "after", "hash", "at"]
            )  # fmt: skip
            value = getattr(row.get(), column)
            if column == "at":
                value = value.replace(microsecond=(value.microsecond + 1) % 10**6)
            elif column == "public":
                value = not value
            elif isinstance(value, int):
                value += 1
            else:
                at = chance.randrange(len(value) + 1)
                value = f"{value[:at]}x{value[at + 1 :]}" if len(value) > at else f"{value[:9]}x"
            row.update(**{column: value})
            what += f" {column} of {one}"
        case "delete":
            row.delete()
        case "swap":
            Change.objects.filter(number=one).update(number=0)
            Change.objects.filter(number=other).update(number=one)
            Change.objects.filter(number=0).update(number=other)
        case "cut":
            Change.objects.filter(number__gte=max(one, other)).delete()
        case "head":
            Record.objects.update(head="1" * 64)
        case "insert":
            entry = row.get()
            entry.number = entries + 1
            entry.save(force_insert=True)
        case "rehash":  # of one entry, as it should be after its own change
            entry = row.get()
            entry.why += " and more"
            entry.hash = entry.digest(Change.objects.filter(number=one - 1).first().hash if one > 1
                                      else "0" * 64)  # fmt: skip
            row.update(why=entry.why, hash=entry.hash)
    return what


def test_every_tampering_is_found():
    for number in range(6):
        edited(f"Event {number}")
    entries = len(told())
    assert not list(faults())
    chance = random.Random(2022)  # noqa: S311
    unseen = []
    for _ in range(200):
        with unguarded():
            done = tamper(chance, entries)
            if not list(faults()):
                unseen.append(done)
    assert not unseen
    assert not list(faults())


def test_an_event_changed_behind_the_triggers_is_found(capsys):
    event = edited("Strike")
    with by_an_editor():
        make_event("Another")
    call_command("verify_history")
    assert "3 entries, unbroken" in capsys.readouterr().out
    Event.objects.update(summary_en="Past all.")
    Unrecorded.objects.all().delete()
    with pytest.raises(CommandError, match="2 faults"):
        call_command("verify_history")
    assert f"{event.slug} is not as the last entry" in capsys.readouterr().err


def test_a_head_noted_elsewhere_tells_of_a_history_made_anew(capsys):
    edited("Strike")
    record = Record.objects.get()
    call_command("verify_history", head=f"{record.entries}:{record.head}")
    call_command("verify_history", head=f"1:{Change.objects.first().hash}")
    for wrong in (f"2:{'0' * 64}", f"9:{record.head}"):
        with pytest.raises(CommandError):
            call_command("verify_history", head=wrong)
    for bad in ("2", "x:y", "²:y", ":"):
        with pytest.raises(CommandError, match="NUMBER:HASH"):
            call_command("verify_history", head=bad)


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_leave_an_unbroken_chain():
    with by_an_editor():
        event = make_event("Strike")

    def save(number: int) -> None:
        try:
            with by_an_editor(f"Reason {number}"):
                found = Event.objects.get(pk=event.pk)
                found.title_en = f"Strike {number}"
                found.save()
                if number % 5 == 0:
                    make_event(f"Event {number}", source=f"source-{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(save, range(50)))
    assert not list(faults())
    assert [number for (number,) in told("number")] == list(range(1, 62))
    assert {why for (why,) in told("why")} == {"", *(f"Reason {n}" for n in range(50))}


def test_no_entry_is_replaced_by_another():
    edited("Strike")
    columns = ", ".join(f.column for f in Change._meta.concrete_fields)
    forged = columns.replace("who", "'Nobody'")
    if connection.vendor == "sqlite":
        statements = ("REPLACE INTO", "INSERT OR REPLACE INTO")
    else:
        statements = ("INSERT INTO",)
    for statement in statements:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"{statement} sahel_change ({columns}) SELECT {forged} FROM sahel_change"  # noqa: S608
                " WHERE number = 1"
            )
    assert not list(faults())


def test_what_replaces_or_empties_a_part_is_noted():
    with by_an_editor():
        event = make_event("Strike", actors=("France",))
    key = event.involvements.get().pk
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                'REPLACE INTO sahel_involvement (id, event_id, actor_id, role, "order") '
                "SELECT id, event_id, actor_id, 'victim', \"order\" FROM sahel_involvement"
            )
            assert Unrecorded.objects.exists()
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing may be pending
            cursor.execute("TRUNCATE sahel_involvement")
            assert Unrecorded.objects.filter(event=event.pk).exists()
    assert key


@pytest.mark.django_db(transaction=True)
def test_a_change_made_while_others_are_put_on_record_is_not_lost():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with by_an_editor():
        event = make_event("Strike")
    Event.objects.filter(pk=event.pk).update(title_en="First")
    started, seen = Event_(), Event_()

    def vandal():
        started.wait(5)
        try:
            seen.set()
            Event.objects.filter(pk=event.pk).update(title_en="VANDAL")
        finally:
            connection.close()

    thread = Thread(target=vandal)
    thread.start()
    with by_an_editor("Mine."):
        started.set()
        seen.wait(5)
        sleep(0.3)  # he waits for his turn
    thread.join()
    assert Unrecorded.objects.filter(event=event.pk).exists()
    with by_an_editor("A comma."):
        Event.objects.filter(pk=event.pk).update(summary_en="What happened,")
    assert [entry.way for entry in Change.objects.all()][-2:] == ["outside", "editor"]
    assert not list(faults())
