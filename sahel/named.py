"""What rows of a file name, found in the record or to be made: actors, places, sources."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _

from sahel.entries import Takes, Where, shortened
from sahel.fields import validate_url
from sahel.filters import fold
from sahel.models import Actor, FormerSlug, Place, Source
from sahel.models.names import LINEAGE, Named


class UnknownError(ValueError):
    """What is named is not in the record, with a sentence that says what to do."""


class Slugs:
    """The slugs of a model that are taken, or were."""

    def __init__(self, model: Any) -> None:
        """Read them all, in two queries."""
        self.name = model._meta.model_name
        former = FormerSlug.objects.filter(kind=self.name).values_list("slug", flat=True)
        self.taken = {*model._default_manager.values_list("slug", flat=True), *former}
        self.next: dict[str, int] = defaultdict(lambda: 2)

    def take(self, slug: str) -> bool:
        """Take a slug; say whether it was free."""
        free = slug not in self.taken
        self.taken.add(slug)
        return free

    def make(self, words: str) -> str:
        """Take a free one that is made of these words."""
        wanted = slug = slugify(words)[:80].strip("-") or self.name
        while not self.take(slug):
            slug = f"{wanted}-{self.next[wanted]}"
            self.next[wanted] += 1
        return slug


class Names[N: Named]:
    """Actors or places by their slugs and all their names, those to be made among them."""

    def __init__(self, model: type[N], language: str, *, makes: bool) -> None:
        """Read them all, in three queries; `makes`: new ones may be made, of that language."""
        self.model, self.makes, self.slugs = model, makes, Slugs(model)
        self.column = f"name_{language}"
        self.by_slug: dict[str, N] = {}
        self.by_name: dict[str, dict[str, N]] = defaultdict(dict)
        for each in model._default_manager.all():
            self._add(each)

    def _add(self, each: N) -> None:
        self.by_slug[each.slug] = each
        for name in (each.name_en, each.name_fr, *each.other_names):
            if name:
                self.by_name[fold(name)][each.slug] = each

    def get(self, name: str) -> N | None:
        """Give the one that has that slug or, as the only one, that name."""
        called = self.by_name.get(fold(name), {})
        return self.by_slug.get(name) or (next(iter(called.values())) if len(called) == 1 else None)

    def find(self, name: str, **fields: Any) -> N:
        """Give the one of that name, or make it with these fields; raises UnknownError."""
        if found := self.get(name):
            return found
        told = {"name": name[:100]}
        if called := self.by_name.get(fold(name)):
            several = _("Several are called “%(name)s”: give one of the slugs %(slugs)s.")
            raise UnknownError(several % {**told, "slugs": ", ".join(called)})
        if not self.makes:
            raise UnknownError(
                _("“%(name)s” is not known: add it, or let what is not known be made.") % told
            )
        if len(name) > 200:
            raise UnknownError(_("A name has 200 characters at most."))
        made = self.model(slug=self.slugs.make(name), **{self.column: name}, **fields)
        self._add(made)
        return made


class Known:
    """All that rows of a file may name."""

    def __init__(self, language: str, *, makes: bool) -> None:
        """Read the names of actors and places and the addresses of sources."""
        self.actors = Names(Actor, language, makes=makes)
        self.places = Names(Place, language, makes=makes)
        self.by_key = {each.pk: each for each in self.places.by_slug.values()}
        self.keys: dict[str, int] = {}
        for key, *names in Source.objects.values_list("pk", "slug", "url", "archived_url"):
            self.keys |= {name: key for name in names if name}
        self.sources: dict[int, Source] = {}

    def actor(self, named: Takes) -> Actor:
        """Find or make an actor; raises UnknownError."""
        return self.actors.find(named.name, kind=named.kind)

    def place(self, named: Where) -> Place:
        """Find or make a place, in the smallest of what it may lie in; raises UnknownError."""
        within = (self.places.get(name) for name in named.within if name != named.name)
        parent = next((each for each in within if each and self._may_hold(each)), None)
        here = named.latitude is not None and named.longitude is not None
        return self.places.find(
            named.name,
            kind=named.kind,
            parent=parent,
            country=parent.country if parent else "",
            latitude=named.latitude if here else None,
            longitude=named.longitude if here else None,
            precision=named.precision if here else "",
        )

    def _may_hold(self, place: Place) -> bool:
        """Say whether a place is on record, and not so deep that nothing can lie in it."""
        deep, above = 1, place
        while above.parent_id and deep < LINEAGE:
            above, deep = self.by_key[above.parent_id], deep + 1
        return place.pk is not None and deep < LINEAGE

    def source(self, named: str, *others: str) -> Source:
        """Find a source by its slug or an address, the first that is known; raises UnknownError."""
        for name in (named, *others):
            if key := self.keys.get(name):
                return self.source_of(key)
        if ":" not in named:
            said = _(
                "There is no source “%(slug)s”: add it, or give another one’s slug or address."
            )
            raise UnknownError(said % {"slug": shortened(named, 100)})
        try:
            validate_url(named)
        except ValidationError as error:
            raise UnknownError(
                _("This is no address of a page: it must begin with https:// or http://.")
            ) from error
        raise UnknownError(_("No source has this address: add it first."))

    def source_of(self, key: int) -> Source:
        """Give the source of that primary key, with its texts; asked for once."""
        if key not in self.sources:
            self.sources[key] = Source.objects.prefetch_related("texts").get(pk=key)
        return self.sources[key]
