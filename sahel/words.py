"""The words of the query string: what each means, for people and for programs.

`Filters` reads them; the data page and the API's description tell of them.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Word:
    """A word of the query string, with an example; `several` of it may stand in one."""

    name: str
    about: Any
    example: str
    several: bool = False


WORDS: dict[str, Word] = {
    word.name: word
    for word in (
        Word(
            "actor",
            _("who takes part or is quoted, with all who belong to it"),
            "actor=france&actor=-barkhane",
            several=True,
        ),
        Word("year", _("may have happened in that year"), "year=2021", several=True),
        Word(
            "from", _("may have happened then or later: a year, a month or a day"), "from=2020-08"
        ),
        Word("to", _("may have happened then or earlier"), "to=2021"),
        Word("place", _("happened there or in a place within"), "place=mali", several=True),
        Word("kind", _("what sort of event"), "kind=coup", several=True),
        Word(
            "status",
            _("how it stands with the event: happened, reported, disputed or planned"),
            "status=-planned",
            several=True,
        ),
        Word(
            "source",
            _("quotes that source or refers to it"),
            "source=guardian-retranslated-2022",
            several=True,
        ),
        Word(
            "q",
            _("words or their beginnings, without regard to accents and case"),
            "q=goita+sanct",
        ),
        Word("find", _("names to offer or to list; it selects no events"), "find=minusma"),
        Word("order", _("the newest first; the oldest first otherwise"), "order=newest"),
        Word(
            "after",
            _("the page that begins after that event; files hold all pages"),
            "after=bounti-strike",
        ),
        Word(
            "before",
            _("the page that ends before that event; files hold all pages"),
            "before=bounti-strike",
        ),
    )
}
