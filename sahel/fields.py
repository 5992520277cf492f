"""The kinds of fields and rules that the record is made of."""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import CheckConstraint, Q
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from sahel.dates import EDTF, EDTFError
from sahel.filters import spaced

# Characters that XML 1.0 knows in no form.
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Text(str):
    """A text that knows its language (`lang`, ISO 639-1)."""

    __slots__ = ("lang",)
    lang: str

    def __new__(cls, text: str, lang: str) -> Self:
        """Mark a text with its language."""
        self = super().__new__(cls, text)
        self.lang = lang
        return self


def one_line(text: str) -> str:
    """Give what can be seen of a text, in one line: no control characters, none without width."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def readers_language() -> str:
    """Give the code of the active language."""
    return get_language() or settings.LANGUAGE_CODE


def chooser(language: str) -> Callable[[str, str], Text]:
    """Give the function that chooses the text of a language, else of the other one."""
    return _french_first if language.startswith("fr") else _english_first


def _english_first(en: str, fr: str) -> Text:
    return Text(en, "en") if en or not fr else Text(fr, "fr")


def _french_first(en: str, fr: str) -> Text:
    return Text(fr, "fr") if fr else Text(en, "en")


class Vocabulary(dict[str, str]):
    """The words of a closed vocabulary in one language; a value it does not know stands for itself.

    As `get_<name>_display()`, which takes as long as the rest of a line.
    """

    def __missing__(self, value: str) -> str:
        return value


@lru_cache
def vocabulary(choices: type[models.TextChoices], language: str) -> Vocabulary:
    """Give the words of a vocabulary in a language, looked up once."""
    with override(language):
        return Vocabulary((value, str(label)) for value, label in choices.choices)


def address(page: str, slug: str = "", language: str | None = None) -> str:
    """Give the address of a page, in the active language or a given one; quickly, for each link."""
    pattern = _address(page, bool(slug), language or readers_language())
    return pattern.replace("SLUG", slug) if slug else pattern


@lru_cache(maxsize=256)
def _address(page: str, of_one: bool, language: str | None) -> str:
    with override(language):
        return reverse(page, args=["SLUG"] if of_one else [])


class Translated:
    """A text kept in columns `<name>_en` and `<name>_fr`, read in the reader's language.

    What is not translated yet falls back to the other language, as a `Text` that says which.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        """Remember the name of which the columns are built."""
        self.name = name

    def __get__(self, instance: models.Model | None, owner: type) -> Any:
        """Give the text in the active language, else in the other one."""
        if instance is None:
            return self
        return chooser(readers_language())(
            getattr(instance, f"{self.name}_en"), getattr(instance, f"{self.name}_fr")
        )


if TYPE_CHECKING:
    _CharField = models.CharField[EDTF | str, EDTF]
else:
    _CharField = models.CharField


class EDTFField(_CharField):
    """A date as EDTF: the text in the database, an `EDTF` in Python."""

    description = "Extended Date/Time Format, levels 0 and 1"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Set the length that every date of levels 0 and 1 fits in."""
        kwargs.setdefault("max_length", 40)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: str | None, *_: object) -> EDTF | str | None:
        """Read what the database holds."""
        return EDTF.parse(value) if value else value

    def to_python(self, value: Any) -> Any:
        """Read what a form or a fixture holds; raises ValidationError with what to type instead."""
        if value in self.empty_values or isinstance(value, EDTF):
            return value or ""
        try:
            return EDTF.parse(str(value))
        except EDTFError as error:
            raise ValidationError(str(error), code="edtf") from error

    def run_validators(self, value: Any) -> None:
        """Validate the text."""
        super().run_validators(str(value))

    def get_prep_value(self, value: Any) -> Any:
        """Write the text; raises ValidationError rather than store what cannot be read."""
        return str(self.to_python(value))

    def value_from_object(self, obj: models.Model) -> str:  # type: ignore[override]
        """Give the text for a form, which then sees whether it was changed, and for a fixture."""
        return str(super().value_from_object(obj))

    value_to_string = value_from_object

    def contribute_to_class(self, cls: type[models.Model], name: str, **kwargs: Any) -> None:  # type: ignore[override]
        """Let what is assigned be read at once, so that no instance holds a date as mere text."""
        super().contribute_to_class(cls, name, **kwargs)
        setattr(cls, name, _EDTFAttribute(self))


class _EDTFAttribute(models.query_utils.DeferredAttribute):
    def __set__(self, instance: models.Model, value: Any) -> None:
        if value and isinstance(value, str):
            with suppress(EDTFError):  # kept as typed: validation says what is wrong with it
                value = EDTF.parse(value)
        instance.__dict__[self.field.attname] = value


class Derived(models.Field):
    """For a column that is worked out from the others and so cannot disagree with them.

    It is computed whenever it is read, so that `save()`, `bulk_create()` and fixtures all write
    the true value; what is assigned to it is ignored.
    """

    def __init__(self, *args: Any, compute: Callable[[Any], Any] | None = None, **kwargs: Any):
        """Take the function of the instance that gives the value."""
        self.compute = compute
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def contribute_to_class(self, cls: type[models.Model], name: str, **kwargs: Any) -> None:  # type: ignore[override]
        """Replace the stored attribute by the computed one."""
        super().contribute_to_class(cls, name, **kwargs)
        if self.compute:  # migrations know the column, not the function
            setattr(cls, name, _DerivedAttribute(self))


class _DerivedAttribute(models.query_utils.DeferredAttribute):
    field: Derived

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        compute = self.field.compute
        return compute(instance) if instance is not None and compute else self

    def __set__(self, instance: models.Model, value: object) -> None:
        # Never read; but Django takes what is not here for deferred, and would not save it.
        instance.__dict__[self.field.attname] = value


class DerivedDate(Derived, models.DateField):
    """A day worked out from an EDTF date."""


class DerivedText(Derived, models.TextField):
    """A text worked out from others."""


def folded(*names: str) -> DerivedText:
    """Give the field that holds other fields' words as search compares them."""
    return DerivedText(compute=lambda self: spaced(" ".join(str(getattr(self, n)) for n in names)))


def in_one_language(name: str) -> CheckConstraint:
    """Require a translated text in at least one language."""
    return CheckConstraint(
        condition=~Q(**{f"{name}_en": "", f"{name}_fr": ""}),
        name=f"%(class)s_{name}_in_one_language",
        violation_error_message=_("Write it in English, in French, or in both."),
    )


def web_address(name: str) -> CheckConstraint:
    """Require http or https, and nobody's user name or password (RFC 3986, 3.2.1); or nothing."""
    # `javascript:` and the like must not come in by import, shell or SQL either.
    return CheckConstraint(
        condition=Q(**{name: ""})
        | (
            (Q(**{f"{name}__istartswith": "https://"}) | Q(**{f"{name}__istartswith": "http://"}))
            & ~Q(**{f"{name}__regex": WITH_CREDENTIALS})
        ),
        name=f"%(class)s_{name}_on_the_web",
        violation_error_message=_(
            "The address must begin with https:// or http://, and hold no user name or password."
        ),
    )


WITH_CREDENTIALS = r"^[A-Za-z]+://[^/?#]*@"  # as the databases read it, too
validate_url = URLValidator(schemes=["http", "https"])
validate_language = RegexValidator(  # BCP 47, as HTML's `lang` takes it
    r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", _("Give the language’s code, for example en, fr or ar.")
)


class Slugged(models.Model):
    """What has an address of its own, made from its title or name where it was left empty."""

    slug = models.SlugField(_("slug"), max_length=100, unique=True)

    class Meta:
        abstract = True

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        """Fill in the slug before the fields are checked."""
        if not self.slug and (wanted := slugify(self.slug_words())[:80].strip("-")):
            candidates = [wanted, *(f"{wanted}-{n}" for n in range(2, 1000))]
            others = type(self)._default_manager.filter(slug__in=candidates)
            former = self._former(candidates)
            taken = {row.slug for rows in (others, former) for row in rows}
            self.slug = next(slug for slug in candidates if slug not in taken)
        super().full_clean(*args, **kwargs)

    def clean(self) -> None:
        """Refuse the former slug of another: its addresses lead there for ever."""
        super().clean()
        if self.slug and self._former([self.slug]).exclude(key=self.pk or 0).exists():
            raise ValidationError({"slug": _("Another one had this slug; its links still use it.")})

    def _former(self, slugs: list[str]) -> models.QuerySet[Any]:
        rows = apps.get_model("sahel", "FormerSlug")._default_manager
        return rows.filter(kind=self._meta.model_name, slug__in=slugs)

    def natural_key(self) -> tuple[str]:
        """Name it in a fixture."""
        return (self.slug,)

    def slug_words(self) -> str:
        """Give the words that the slug is made from."""
        raise NotImplementedError


class SlugManager(models.Manager):
    """Finds by slug, as fixtures do."""

    def get_by_natural_key(self, slug: str) -> Any:
        """Find what a fixture names."""
        return self.get(slug=slug)
