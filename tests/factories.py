"""Hand-written makers of records: every argument has a default that makes a valid event."""

import datetime
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction

from sahel.models import Actor, Event, Involvement, Place, Quotation, Source

_numbers = count(1)
# What lets an event be public: its words were found in a text of that hash.
CHECKED = {
    "state": "verbatim",
    "checked_sha256": "0" * 64,
    "checked_on": datetime.date(2022, 2, 16),
}


def make_editor(name: str = "fatou", group: str = "Publisher") -> User:
    """Make an account that may sign in to the admin, in a group that the migrations made."""
    user = User.objects.create_user(name, password="a long pass phrase", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def make_actor(name: str = "France", **fields: Any) -> Actor:
    """Make an actor, or give the one of that name."""
    slug = fields.pop("slug", name.lower().replace(" ", "-"))
    fields = {"name_en": name, "name_fr": name, "kind": Actor.Kind.STATE, **fields}
    return Actor.objects.get_or_create(slug=slug, defaults=fields)[0]


def make_place(name: str = "Mali", **fields: Any) -> Place:
    """Make a place, or give the one of that name."""
    slug = fields.pop("slug", name.lower().replace(" ", "-"))
    fields = {"name_en": name, "name_fr": name, "kind": Place.Kind.COUNTRY, **fields}
    return Place.objects.get_or_create(slug=slug, defaults=fields)[0]


def make_source(slug: str = "gazette", **fields: Any) -> Source:
    """Make a source, or give the one of that slug."""
    fields = {
        "title": slug.capitalize(),
        "publisher": "Gazette",
        "language": "en",
        "url": f"https://example.org/{slug}",
        **fields,
    }
    return Source.objects.get_or_create(slug=slug, defaults=fields)[0]


def make_event(
    title: str = "",
    date: str = "2021-01-03",
    *,
    actors: tuple[Actor | str, ...] = (),
    places: tuple[Place | str, ...] = (),
    source: Source | str = "gazette",
    words: str = "Something happened.",
    speaker: Actor | None = None,
    **fields: Any,
) -> Event:
    """Make a published event with one quotation; actors, places and the source also by name.

    The quotation of a draft was not checked yet.
    """
    number = next(_numbers)
    fields = {
        "slug": f"event-{number}",
        "title_en": title or f"Event {number}",
        "title_fr": title or f"Événement {number}",
        "summary_en": "What happened.",
        "summary_fr": "Ce qui s’est passé.",
        "date": date,
        "kind": Event.Kind.STATEMENT,
        "date_basis": Event.DateBasis.STATED,
        "publication": Event.Publication.PUBLISHED,
        **fields,
    }
    public = fields["publication"] == Event.Publication.PUBLISHED
    with transaction.atomic():  # in which a public event gets what it must rest on
        event = Event.objects.create(**fields)
        for actor in actors:
            actor = make_actor(actor) if isinstance(actor, str) else actor
            Involvement.objects.create(event=event, actor=actor, role=Involvement.Role.AGENT)
        event.places.set(make_place(p) if isinstance(p, str) else p for p in places)
        Quotation.objects.create(
            event=event,
            source=make_source(source) if isinstance(source, str) else source,
            exact=words,
            language="en",
            speaker=speaker,
            **(CHECKED | {"start": 0, "end": len(words)} if public else {}),
        )
    return event
