"""`manage.py load_dump`: make the public record of another site anew, from its dump."""

import gzip
import hashlib
import json
import re
import zlib
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, models, transaction
from django.db.models import Model

from sahel.dumps import SUMS, sums
from sahel.fields import Derived
from sahel.models import Change, Event, FormerSlug, Loading, Place, Quotation, Record, changes
from sahel.public import ABOVE, PARTS, PUBLIC, line, rows

AT_ONCE = 500  # events that are written together, with all their parts
LONGEST = 4 * 2**20  # bytes of a line: what a packed file unpacks to has no end otherwise
MODELS: dict[Any, type[Model]] = {model._meta.label_lower: model for model in PUBLIC}
SLUGGED: list[type[Model]] = [*ABOVE, Event]
KEYED: list[type[Model]] = [*SLUGGED, Quotation]
KINDS: dict[Any, type[Model]] = {str(model._meta.model_name): model for model in SLUGGED}
AT: Any = Event.places.through
DERIVED = {f.name for m in PUBLIC for f in m._meta.concrete_fields if isinstance(f, Derived)}
PUBLISHED, MISSING = Event.Publication.PUBLISHED, Quotation.State.MISSING
# What PostgreSQL keeps in no text, and what is no text at all.
NO_TEXT = re.compile("[\0\ud800-\udfff]")


class Command(BaseCommand):
    """Load all of a dump or, where a line is wrong, nothing."""

    help = "Load a dump (sahel-<day>.jsonl.gz) into a fresh database, in one transaction."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file."""
        parser.add_argument("file", help="sahel-<day>.jsonl.gz, or that file unpacked")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        """Check the file and load it into an empty record; say where it is loaded already."""
        path = Path(file)
        try:
            checked = _checked(path)
            digest = hashlib.sha256()
            with changes(Change.Way.FIXTURES):
                if any(model._default_manager.exists() for model in KEYED):
                    _refuse_another_record(path)
                    self.stdout.write("This dump is loaded already; nothing was changed.")
                    return
                _refuse_approval()
                loaded = _Loading(path.name)
                for number, raw in _lines(path):
                    digest.update(raw)
                    loaded.take(number, raw)
                loaded.write()
                Loading.objects.create(sha256=digest.hexdigest())  # `load --once` has no more to do
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror or error}") from error
        except ValidationError as error:  # something public would lack what it must rest on
            raise CommandError(" ".join(error.messages)) from error
        said = f"Loaded: {Event.objects.count():,} events."
        self.stdout.write(said if checked else f"{said} No {SUMS} beside it names the file.")


def _checked(path: Path) -> bool:
    """Say whether SHA256SUMS names the file; raises CommandError where it names another content."""
    told = sums(path.parent).get(path.name)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if told and told != found:
        raise CommandError(
            f"{path.name} is not the file that {SUMS} beside it names: its SHA-256 is {found}, "
            f"not {told}. Download both again."
        )
    return bool(told)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Give the lines of a file, packed or not, with their numbers from 1."""
    number = 0
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            while raw := file.readline(LONGEST + 1):
                number += 1
                if len(raw) > LONGEST:
                    said = f"{path.name}: line {number} is longer than {LONGEST:,} bytes."
                    raise CommandError(f"{said} That is no dump of ours.")
                yield number, raw
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        said = f"{path.name} is damaged or cut off after line {number}: {error}"
        raise CommandError(said) from error


def _refuse_another_record(path: Path) -> None:
    ours, theirs = hashlib.sha256(), hashlib.sha256()
    for row in rows():
        ours.update(line(*row).encode())
    for _number, raw in _lines(path):
        theirs.update(raw)
    if ours.digest() != theirs.digest():
        raise CommandError(
            "This database holds a record already, and not that of the dump. Load it into a fresh "
            "one: DATABASE_URL names another, manage.py migrate makes it."
        )


def _refuse_approval() -> None:
    if settings.APPROVAL or Record.objects.filter(approval=True).exists():
        raise CommandError(
            "Here publishing takes a second person (APPROVAL), and nobody here approved what the "
            "dump holds. Unset APPROVAL, run manage.py migrate, and load it; then set it again."
        )


class _Loading:
    """A dump on its way into the record: what a line may name, and what waits to be written.

    `known` has a primary key for each slug; for events that wait, and their quotations by key, what
    is to be written.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.known: dict[type[Model], dict[str, Any]] = {model: {} for model in KEYED}
        self.waiting: dict[type[Model], list[tuple[int, Any]]] = defaultdict(list)

    def take(self, number: int, raw: bytes) -> None:
        """Take a line; raises CommandError with its number and what is wrong with it."""
        try:
            model, fields = _read(raw)
            if model is FormerSlug or (model is Event and len(self.waiting[Event]) >= AT_ONCE):
                self.write()
            self._put(number, model, fields)
        except ValidationError as error:
            told = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
            said = "; ".join(f"{name} {' '.join(texts)}".strip() for name, texts in told.items())
            raise CommandError(f"{self.name}, line {number}: {said}") from error
        except (TypeError, ValueError, RecursionError) as error:
            raise CommandError(f"{self.name}, line {number}: {error}") from error

    def write(self) -> None:
        """Write the events that wait, with all their parts."""
        events = self.waiting[Event]
        # What is not found any more was found once: an event does not become public without.
        lost = [each for _number, each in self.waiting[Quotation] if each.state == MISSING]
        for each in lost:
            each.state = Quotation.State.VERBATIM
        for model in (Event, AT, *PARTS):
            self._write(model, self.waiting.pop(model, []))
        Quotation.objects.filter(pk__in=[each.pk for each in lost]).update(state=MISSING)
        self.known[Event] |= {event.slug: event.pk for _number, event in events}
        self.known[Quotation].clear()

    def _put(self, number: int, model: type[Model], fields: dict[str, Any]) -> None:
        """Make what a line says, and write it or let it wait; raises ValueError and the like."""
        instance = self._made(model, fields)
        if model in ABOVE or model is FormerSlug:
            self._save(number, instance)
        else:
            self.waiting[model].append((number, instance))
        if model in ABOVE:
            self.known[model][instance.slug] = instance.pk
        elif model is Event:
            self.known[model][instance.slug] = instance
            for place in fields.get("places", ()):
                at = AT(event=instance, place_id=self._named(Place, place))
                self.waiting[AT].append((number, at))
        elif model is Quotation:
            self.known[model][instance.key] = instance

    def _made(self, model: type[Model], fields: dict[str, Any]) -> Any:
        """Make what a line says, checked field by field; raises ValueError or ValidationError."""
        instance, relations = model(), set()
        for name, value in fields.items():
            field: Any = model._meta.get_field(name)
            if field.many_to_many:
                continue
            if model is FormerSlug and name == "key":
                if (named := KINDS.get(fields.get("kind"))) is None:
                    raise ValueError(f"kind: one of {', '.join(KINDS)}.")
                value = self._named(named, value)
            elif field.is_relation:
                relations.add(name)
                other = None if value is None else self._named(field.related_model, value)
                setattr(instance, name if isinstance(other, Model) else field.attname, other)
                continue
            setattr(instance, name, _plain(field, value))
        instance.clean_fields(exclude=relations | DERIVED)
        if not isinstance(instance, Event | Quotation):  # theirs ask the database for each
            instance.clean()
        elif getattr(instance, "publication", PUBLISHED) != PUBLISHED:
            raise ValueError("It is not public: a dump holds nothing else.")
        return instance

    def _named(self, model: type[Model], named: Any) -> Any:
        """Give what a line names, by a slug or key in a list."""
        slug = named[0] if isinstance(named, list) and len(named) == 1 else None
        if not isinstance(slug, str) or slug not in self.known[model]:
            what = json.dumps(named, ensure_ascii=False)
            raise ValueError(f"No line before it has the {model._meta.verbose_name} {what}.")
        return self.known[model][slug]

    def _write(self, model: Any, waiting: list[tuple[int, Any]]) -> None:
        try:
            with transaction.atomic():
                model._default_manager.bulk_create(each for _number, each in waiting)
        except DatabaseError:  # which one is it?
            for number, each in waiting:
                self._save(number, each)
            raise

    def _save(self, number: int, instance: Any) -> None:
        try:
            with transaction.atomic():
                instance.save(force_insert=True)
        except DatabaseError as error:
            said = str(error).partition("\n")[0]
            raise CommandError(f"{self.name}, line {number}: {said}") from error


def _read(raw: bytes) -> tuple[type[Model], dict[str, Any]]:
    """Read a line. Raises ValueError or TypeError."""
    row = json.loads(raw)
    if not isinstance(row, dict) or set(row) != {"model", "fields"}:
        raise ValueError('It is not a row: {"model": …, "fields": {…}}.')
    model, fields = MODELS.get(row["model"]), row["fields"]
    if model is None or not isinstance(fields, dict):
        raise ValueError(f"A dump holds no {row['model']}.")
    if unknown := sorted(set(fields) - set(PUBLIC[model])):
        raise ValueError(f"Not known, or not public: {', '.join(unknown)}.")
    return model, fields


def _plain(field: Any, value: Any) -> Any:
    """Give a value that is of the kind that the field holds. Raises ValueError."""
    if value is None and field.null:
        return value
    whole = isinstance(field, models.IntegerField)
    kind = bool if isinstance(field, models.BooleanField) else int if whole else str
    if type(value) is not kind:
        raise ValueError(f"{field.name}: {value!r} is no {kind.__name__}.")
    if isinstance(value, str) and NO_TEXT.search(value):
        raise ValueError(f"{field.name} has a character that no text can hold.")
    if value and field.choices and value not in dict(field.flatchoices):
        raise ValueError(f"{field.name}: “{value}” is none of its words.")
    return value
