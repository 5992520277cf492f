"""Actors and places: what has a name in both languages and may stand under a parent."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext_lazy as _

from sahel.fields import (
    Slugged,
    SlugManager,
    Translated,
    address,
    folded,
    in_one_language,
)

LINEAGE = 4  # how many levels deep an actor or a place may stand; the index follows that many


class Named(Slugged):
    """What has a name in both languages, an address of its own, and may stand under a parent."""

    name_en = models.CharField(_("name in English"), max_length=200, blank=True)
    name_fr = models.CharField(_("name in French"), max_length=200, blank=True)
    aliases = models.TextField(
        _("other names"),
        blank=True,
        help_text=_("One a line: spellings, acronyms, former names. Readers can search for them."),
    )
    description_en = models.TextField(_("description in English"), blank=True)
    description_fr = models.TextField(_("description in French"), blank=True)
    wikidata = models.CharField(
        _("Wikidata item"),
        max_length=20,
        blank=True,
        help_text=_("Q and digits, for example Q912. Only where it is certainly the same."),
    )
    folded = folded("name_en", "name_fr", "aliases")

    name = Translated()
    description = Translated()

    class Meta:
        abstract = True
        ordering = ["slug"]
        constraints = [
            in_one_language("name"),
            CheckConstraint(
                condition=Q(wikidata="") | Q(wikidata__regex=r"^Q[1-9][0-9]*$"),
                name="%(class)s_wikidata_is_an_item",
                violation_error_message=_("A Wikidata item is a Q followed by digits."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def other_names(self) -> list[str]:
        """The aliases, as a list."""
        return [line.strip() for line in self.aliases.splitlines() if line.strip()]

    def slug_words(self) -> str:
        """Give its name."""
        return str(self.name_en or self.name_fr)

    def clean(self) -> None:
        """Refuse a parent that would make a circle or stand too deep to be found."""
        super().clean()
        seen, parent = {self.pk}, getattr(self, "parent", None)
        while parent is not None:
            if parent.pk in seen:
                raise ValidationError({"parent": _("This would put it under itself.")})
            seen.add(parent.pk)
            parent = parent.parent
            if len(seen) > LINEAGE:
                raise ValidationError(
                    {"parent": _("Nothing may stand more than four levels deep.")}
                )


class Actor(Named):
    """A person, state, force, group or organisation that takes part in events."""

    class Kind(models.TextChoices):
        """What sort of actor: a closed vocabulary."""

        STATE = "state", _("State")
        GOVERNMENT = "government", _("Government")
        PERSON = "person", _("Person")
        MILITARY_FORCE = "military-force", _("Military force")
        ARMED_GROUP = "armed-group", _("Armed group")
        ORGANISATION = "organisation", _("Organisation")
        MEDIA = "media", _("Media")
        PUBLIC = "public", _("Public")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("belongs to"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        help_text=_("The state, force or organisation it is part of or speaks for."),
    )

    objects = SlugManager()

    class Meta(Named.Meta):
        verbose_name = _("actor")
        verbose_name_plural = _("actors")

    def get_absolute_url(self) -> str:
        """Give the address of its page."""
        return address("actor", self.slug)


class Place(Named):
    """A place, with coordinates no more exact than stated."""

    class Kind(models.TextChoices):
        """What sort of place: a closed vocabulary."""

        REGION_OF_THE_WORLD = "world-region", _("World region")
        COUNTRY = "country", _("Country")
        REGION = "region", _("Region")
        CITY = "city", _("City or town")
        VILLAGE = "village", _("Village")
        SITE = "site", _("Site")

    class Precision(models.TextChoices):
        """How exact the coordinates are."""

        POINT = "point", _("the place itself")
        AREA = "area", _("somewhere in the area")
        CENTRE = "centre", _("the middle of a country or region")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        help_text=_("ISO 3166 code of two letters, for example ML; empty for more than one."),
    )
    latitude = models.DecimalField(
        _("latitude"), max_digits=8, decimal_places=5, null=True, blank=True
    )
    longitude = models.DecimalField(
        _("longitude"), max_digits=8, decimal_places=5, null=True, blank=True
    )
    precision = models.CharField(
        _("precision of the coordinates"), max_length=10, choices=Precision, blank=True
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("lies in"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="parts",
    )

    objects = SlugManager()

    class Meta(Named.Meta):
        verbose_name = _("place")
        verbose_name_plural = _("places")
        constraints = [
            *Named.Meta.constraints,
            CheckConstraint(
                condition=Q(latitude=None, longitude=None, precision="")
                | (
                    # A comparison with NULL is neither true nor false, and a CHECK lets that pass.
                    Q(latitude__isnull=False, longitude__isnull=False)
                    & Q(
                        latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180
                    )
                    & ~Q(precision="")
                ),
                name="place_coordinates_in_range",
                violation_error_message=_(
                    "Give latitude (-90 to 90), longitude (-180 to 180) and their precision, "
                    "or none of the three."
                ),
            ),
            CheckConstraint(
                condition=Q(country="") | Q(country__regex=r"^[A-Z]{2}$"),
                name="place_country_is_a_code",
                violation_error_message=_("A country is two capital letters, for example ML."),
            ),
        ]

    def get_absolute_url(self) -> str:
        """Give the address of its page."""
        return address("place", self.slug)
