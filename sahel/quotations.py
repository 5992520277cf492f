"""Where a quotation stands in its source, whether it still does, and a link that opens it there.

Positions count code points, as W3C's TextPositionSelector does. Words are compared letter by
letter: nothing is ever moved to a passage that is merely alike.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sahel.filters import fold

CONTEXT = 32  # characters of prefix and suffix, as the W3C's examples keep
MOST = 20  # differences that are told at once
_SHORT = 120  # a quotation up to this long is named whole in a link


def find(exact: str, text: str) -> list[int]:
    """Give every position at which the words stand, letter by letter."""
    found, position = [], text.find(exact)
    while position >= 0 and exact:
        found.append(position)
        position = text.find(exact, position + 1)
    return found


def surroundings(text: str, start: int, end: int) -> tuple[str, str]:
    """Give the few words before and after a passage, whole and from its own paragraph."""
    before = text[max(0, start - CONTEXT) : start].rpartition("\n")[2]
    after = text[end : end + CONTEXT].partition("\n")[0]
    if start > CONTEXT and " " in before and len(before) == CONTEXT:
        before = before.partition(" ")[2]
    if end + CONTEXT < len(text) and " " in after and len(after) == CONTEXT:
        after = after.rpartition(" ")[0]
    return before, after


@dataclass(frozen=True)
class Difference:
    """Where words leave a passage: `position` counts from the first of the words.

    `typed` and `found` are a character each; empty where one has none.
    """

    position: int
    typed: str
    found: str

    def __str__(self) -> str:
        return _("Character %(position)s: you have %(typed)s, the source has %(found)s.") % {
            "position": self.position + 1,
            "typed": name(self.typed),
            "found": name(self.found),
        }


# What is easily taken for something else, said in words; anything else goes by its Unicode name.
LOOK_ALIKES = {
    '"': gettext_lazy("straight quotation mark"),
    "“": gettext_lazy("curly quotation mark, opening"),
    "”": gettext_lazy("curly quotation mark, closing"),
    "„": gettext_lazy("low quotation mark, opening"),
    "«": gettext_lazy("angle quotation mark, opening"),
    "»": gettext_lazy("angle quotation mark, closing"),
    "'": gettext_lazy("straight apostrophe"),
    "’": gettext_lazy("curly apostrophe"),
    "‘": gettext_lazy("curly single quotation mark, opening"),
    "-": gettext_lazy("hyphen"),
    "\u2010": gettext_lazy("hyphen, a character of its own"),
    "\u2011": gettext_lazy("no-break hyphen"),
    "\u00ad": gettext_lazy("soft hyphen, invisible"),
    "–": gettext_lazy("en dash"),
    "—": gettext_lazy("em dash"),
    "…": gettext_lazy("ellipsis, one character"),
    " ": gettext_lazy("space"),
    "\u00a0": gettext_lazy("no-break space"),
    "\u202f": gettext_lazy("narrow no-break space"),
    "\u2009": gettext_lazy("thin space"),
    "\u200b": gettext_lazy("space of no width"),
    "\ufeff": gettext_lazy("byte order mark, invisible"),
    "\t": gettext_lazy("tab"),
    "\n": gettext_lazy("line end"),
    "ﬁ": gettext_lazy("ligature of f and i"),
    "ﬂ": gettext_lazy("ligature of f and l"),
    "œ": gettext_lazy("ligature of o and e"),
    "æ": gettext_lazy("ligature of a and e"),
}


def name(character: str) -> str:
    """Give a character with what it is called and its number, so that look-alikes differ."""
    if not character:
        return _("nothing")
    called = str(LOOK_ALIKES.get(character) or unicodedata.name(character, "control").lower())
    shown = character if character.isprintable() and not character.isspace() else "␣"
    return f"{shown} (U+{ord(character):04X}, {called})"


def differences(exact: str, passage: str) -> list[Difference]:
    """Give what differs, character by character, in the order of the words.

    It is the least that has to change, as difflib sees it; the first `MOST` of it.
    """
    found = []
    matcher = SequenceMatcher(None, exact, passage, autojunk=False)
    for kind, start, stop, there, end in matcher.get_opcodes():
        if kind != "equal":
            found += [
                Difference(min(start + offset, stop), typed, read)
                for offset, (typed, read) in enumerate(
                    zip_longest(exact[start:stop], passage[there:end], fillvalue="")
                )
            ]
    return found[:MOST]


def passage_like(exact: str, text: str) -> str | None:
    """Give the passage of a text that the words most likely mean; None where none is alike."""
    # Folding character by character keeps a map back to the text's own positions.
    letters, origin = _folded_with_positions(text)
    wanted, _origin = _folded_with_positions(exact)
    at = letters.find(wanted)
    if wanted and at >= 0:
        return text[origin[at] : origin[at + len(wanted) - 1] + 1]
    match = SequenceMatcher(None, wanted, letters, autojunk=False).find_longest_match()
    if match.size < min(12, max(4, len(wanted) // 3)):
        return None
    start = max(0, match.b - match.a)
    stop = min(len(letters), start + len(wanted))
    return text[origin[start] : origin[stop - 1] + 1]


def _folded_with_positions(text: str) -> tuple[str, list[int]]:
    letters: list[str] = []
    origin: list[int] = []
    for position, character in enumerate(text):
        alike = _ALIKE.get(character, character)
        for letter in fold(alike) or (" " if alike.isspace() else ""):
            if letter == " " and letters and letters[-1] == " ":
                continue
            letters.append(letter)
            origin.append(position)
    return "".join(letters), origin


_ALIKE = {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "‐": "-"}


def plain_line_ends(text: str) -> str:
    """Give a text with the line ends of files, whichever a form sent."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def sha256(text: str) -> str:
    """Give the SHA-256 of a text's UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Passage:
    """A quotation as it is checked: whose it is, its words and the offset on record."""

    label: str
    exact: str
    start: int | None


def problems(passages: Iterable[Passage], text: str) -> Iterator[str]:
    """Say of each passage that does not stand in the text as recorded what is wrong with it."""
    for passage in passages:
        places = find(passage.exact, text)
        if not places:
            alike = passage_like(passage.exact, text)
            if alike is None:
                yield f"{passage.label}: {_('not found, and nothing like it')}"
            else:
                first = differences(passage.exact, alike)[0]
                reads = _("There the source reads: %(passage)s") % {"passage": alike}
                yield f"{passage.label}: {first} {reads}"
        elif passage.start not in places:
            yield _("%(label)s: stands at %(places)s, recorded at %(start)s") % {
                "label": passage.label,
                "places": ", ".join(map(str, places)),
                "start": passage.start,
            }


def text_fragment(exact: str, prefix: str = "", suffix: str = "") -> str:
    """Give the `#:~:text=` fragment that makes a browser open a page at the words.

    WICG's Scroll to Text Fragment: `[prefix-,]start[,end][,-suffix]`; each part stands in one
    block, so long or many-lined words are named by their first and their last few.
    """
    lines = [line for line in exact.splitlines() if line.strip()]
    if len(lines) > 1 or len(exact) > _SHORT:
        first, last = lines[0].split(), lines[-1].split()
        if len(lines) == 1:
            words = f"{_encoded(' '.join(first[:6]))},{_encoded(' '.join(first[-6:]))}"
        else:
            words = f"{_encoded(' '.join(first[:6]))},{_encoded(' '.join(last[-6:]))}"
    else:
        words = _encoded(exact.strip())
    before = f"{_encoded(prefix.strip())}-," if prefix.strip() else ""
    after = f",-{_encoded(suffix.strip())}" if suffix.strip() else ""
    return f"#:~:text={before}{words}{after}"


def _encoded(term: str) -> str:
    # "-" and "," are the fragment's own punctuation; quote() leaves "-" alone.
    return quote(term, safe="").replace("-", "%2D")
