"""`manage.py load`: bring in the curated fixtures, checked like an editor's entry."""

import hashlib
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.base import DeserializationError
from django.db import IntegrityError, models

from sahel.models import Change, Event, Loading, Unrecorded, changes
from sahel.models.evidence import refuse_ungrounded
from sahel.models.history import moved_slugs
from sahel.models.merges import merged_away

NAMED = "actor", "place", "source"


class Command(BaseCommand):
    """Create what is missing and set what differs; touch nothing that the fixtures do not name."""

    help = "Load the curated record from fixtures/, in one transaction."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --once, for start-up."""
        parser.add_argument(
            "--once",
            action="store_true",
            help="do nothing if the fixtures were ever loaded into this database, so that nothing "
            "editors changed or deleted comes back",
        )
        parser.add_argument(
            "--why", default="", help="the reason, in English, that readers see beside each change"
        )

    def handle(self, *args: Any, once: bool, why: str, **options: Any) -> None:
        """Load all files or, where one is wrong, none."""
        if once and Loading.objects.exists():
            if Unrecorded.objects.exists():  # it was changed by other means since
                with changes(Change.Way.OUTSIDE):
                    pass
            return
        self.moved, self.merged = moved_slugs(), merged_away()
        counts = {"created": 0, "changed": 0, "unchanged": 0}
        digest = hashlib.sha256()
        with changes(Change.Way.FIXTURES, why=why, language="en" if why else ""):
            for path in fixture_files():
                content = path.read_bytes()
                digest.update(content)
                for instance, names in self._read(path, content):
                    counts[self._bring(path, instance, names)] += 1
            Loading.objects.create(sha256=digest.hexdigest())
            if settings.APPROVAL:  # what was changed in public events waits for a person, too
                public = Event.objects.filter(publication=Event.Publication.PUBLISHED)
                public.filter(approved_by=None).update(publication=Event.Publication.REVIEW)
            try:
                refuse_ungrounded()
            except ValidationError as error:
                raise CommandError(error.messages[0]) from error
        self.stdout.write(
            "Fixtures loaded: {created} created, {changed} changed, {unchanged} unchanged.".format(
                **counts
            )
        )

    def _read(self, path: Path, content: bytes) -> Any:
        try:
            rows = [row for row in map(self._as_merged, json.loads(content)) if row]
            for loaded in serializers.deserialize("python", rows):
                yield loaded.object, (loaded.m2m_data or {})
        except (
            DeserializationError,
            FieldDoesNotExist,
            LookupError,
            TypeError,
            ValueError,
        ) as error:
            raise CommandError(f"{path}: {error}") from error

    def _as_merged(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """Let a row name what is on record where editors merged what it names; None: it is gone."""
        model = apps.get_model(row["model"])
        if (str(model._meta.model_name), row["fields"].get("slug", "")) in self.merged:
            return None
        for name, value in row["fields"].items():
            field: Any = model._meta.get_field(name)
            kind = str(field.related_model._meta.model_name) if field.is_relation else ""
            if kind in NAMED and value:
                many = value if field.many_to_many else [value]
                today = [[self.moved.get((kind, slug), slug)] for [slug] in many]
                row["fields"][name] = today if field.many_to_many else today[0]
        return row

    def _bring(self, path: Path, given: models.Model, links: dict[str, Any]) -> str:
        """Create the instance, or set on the one on record what the fixture says otherwise."""
        current = type(given)._default_manager.filter(pk=given.pk).first()
        if settings.APPROVAL and isinstance(given, Event):  # a person has to approve it here, too
            given.publication = getattr(current, "publication", Event.Publication.REVIEW)
        if current is not None:
            keep = {"created", "updated", "published", "edited_by", "approved_by"}
            fields = [f for f in given._meta.concrete_fields if f.name not in keep]
            same = all(getattr(current, f.attname) == getattr(given, f.attname) for f in fields)
            linked = all(
                set(getattr(current, name).values_list("pk", flat=True))
                == {getattr(value, "pk", value) for value in values}
                for name, values in links.items()
            )
            if same and linked:
                return "unchanged"
            given._state.adding = False
            for name in keep & {f.name for f in given._meta.concrete_fields}:
                setattr(given, name, getattr(current, name))
        try:
            # Uniqueness and constraints are the database's to check, which it does in the save.
            given.full_clean(validate_unique=False, validate_constraints=False)
            given.save()
        except (ValidationError, IntegrityError) as error:
            raise CommandError(f"{path}: {given!r}: {error}") from error
        for name, values in links.items():
            getattr(given, name).set(values)
        return "created" if current is None else "changed"


def fixture_files() -> list[Path]:
    """Give the fixtures in the order in which they build on each other."""
    root = Path(settings.FIXTURE_DIRS[0])
    return [
        *(root / f"{name}.json" for name in ("places", "actors", "sources")),
        *sorted((root / "events").glob("*.json")),
    ]
