"""What was merged into what: enough of it to tell the names of then, and to take it apart again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Merge(models.Model):
    """Actors, places or sources that were found to be one, and all that was done to make them so.

    `merged` has a row's columns for each that is gone, with all slugs that led to it under
    `slugs`; `done` what was moved, dropped and filled in, as `sahel.merges` writes and reads it.
    """

    class Kind(models.TextChoices):
        """What was merged: the name of the model, in small letters."""

        ACTOR = "actor", _("actor")
        PLACE = "place", _("place")
        SOURCE = "source", _("source")

    kind = models.CharField(_("what was merged"), max_length=10, choices=Kind)
    key = models.PositiveBigIntegerField(_("number of the one that is kept"))  # its primary key
    slug = models.SlugField(_("kept"), max_length=100)  # as it was then
    at = models.DateTimeField(_("when"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    why = models.TextField(_("why"), blank=True)
    number = models.PositiveBigIntegerField()  # of the history's last entry when it was done
    merged = models.JSONField(_("gone"))
    done = models.JSONField()
    undone_at = models.DateTimeField(_("undone"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("undone by"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{', '.join(str(each) for each in self.gone())} → {self.slug}"

    @property
    def model(self) -> Any:
        """The model of what was merged."""
        return apps.get_model("sahel", self.kind)

    def gone(self) -> list[Any]:
        """Give those that are gone as they were, as instances that are not on record."""
        return [_instance(self.kind, row) for row in self.merged]


def _instance(kind: str, row: dict[str, Any]) -> Any:
    model: Any = apps.get_model("sahel", kind)
    fields = {field.attname: field for field in model._meta.concrete_fields}
    known = {name: fields[name].to_python(row[name]) for name in row if name in fields}
    return model(**known)


def names_of_then(wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Give the names that what was merged away had, by kind and slug, of those wanted."""
    sought = set(wanted)
    if not sought:
        return {}
    kinds = {kind for kind, _slug in sought}
    merges = Merge.objects.filter(undone_at=None, kind__in=kinds).order_by("at", "pk")
    names: dict[tuple[str, str], str] = {}
    for kind, merged in merges.values_list("kind", "merged"):
        for row in merged:
            for slug in row["slugs"]:
                if (kind, slug) in sought:
                    names.setdefault((kind, slug), str(_instance(kind, row)))
    return names


def merged_away() -> set[tuple[str, str]]:
    """Give the kind and slugs of all that was merged into something else and is not on record."""
    merges = Merge.objects.filter(undone_at=None).values_list("kind", "merged")
    return {(kind, slug) for kind, merged in merges for row in merged for slug in row["slugs"]}
