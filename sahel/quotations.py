"""Where a quotation stands in its source, whether it still does, and a link that opens it there.

Positions count code points, as W3C's TextPositionSelector does. Words are compared letter by
letter: nothing is ever moved to a passage that is merely alike.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sahel.filters import fold

CONTEXT = 32  # characters of prefix and suffix, as the W3C's examples keep
MANY = 500  # places of the same words that are looked at
MOST = 20  # differences that are told at once
_SLACK = 20  # letters around a passage among which its ends are looked for
_PIECE, _PIECES = 5, 300  # letters of a piece by which a passage is looked for, and pieces
_COMPARED = 5000  # letters that are compared one by one
_RUN = 4  # letters in a row that tell where a passage begins and ends
_SHORT = 120  # a quotation up to this long is named whole in a link


def find(exact: str, text: str) -> list[int]:
    """Give the positions at which the words stand, letter by letter: the first `MANY` of them."""
    found: list[int] = []
    position = text.find(exact)
    while position >= 0 and exact and len(found) < MANY:
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
        if not self.typed:
            told = _("Character %(position)s: the source has %(found)s, and you have nothing.")
        elif not self.found:
            told = _("Character %(position)s: you have %(typed)s, and the source has nothing.")
        else:
            told = _("Character %(position)s: you have %(typed)s, the source has %(found)s.")
        names = {"typed": name(self.typed), "found": name(self.found)}
        return told % {"position": self.position + 1, **names}


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


ACCENTS = {
    "\u0300": gettext_lazy("grave accent"),
    "\u0301": gettext_lazy("acute accent"),
    "\u0302": gettext_lazy("circumflex"),
    "\u0303": gettext_lazy("tilde"),
    "\u0308": gettext_lazy("diaeresis"),
    "\u0327": gettext_lazy("cedilla"),
}


def name(character: str) -> str:
    """Give a character with what it is called and its number, so that look-alikes differ."""
    if not character:
        return ""
    called = str(LOOK_ALIKES.get(character) or _letter(character))
    shown = character if character.isprintable() and not character.isspace() else "␣"
    return f"{shown} (U+{ord(character):04X}, {called})"


def _letter(character: str) -> str:
    """Say which letter it is, with its accents; any other character goes by its Unicode name."""
    letter, *accents = list(unicodedata.normalize("NFD", character))
    if not (letter.isascii() and letter.isalpha() and all(each in ACCENTS for each in accents)):
        return unicodedata.name(character, "control").lower()
    kind = _("capital letter %(letter)s") if letter.isupper() else _("letter %(letter)s")
    return ", ".join([kind % {"letter": letter}, *(str(ACCENTS[each]) for each in accents)])


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
    """Give the passage of a text that the words most likely mean; None where none is alike.

    It begins and ends with whole words.
    """
    # Each letter remembers its place in the text. Spaces do not count: French marks have theirs.
    letters, origin = _letters(text)
    wanted, _origin = _letters(exact)
    start = letters.find(wanted)
    stop = start + len(wanted)
    if not wanted:
        return None
    if start < 0:
        about = _about(wanted, letters)
        if about is None:
            return None
        around = letters[max(0, about - _SLACK) : about + len(wanted) + 2 * _SLACK]
        matcher = SequenceMatcher(None, wanted[:_COMPARED], around, autojunk=False)
        # A lone letter matches anywhere: it says nothing of where the words begin and end.
        runs = [run for run in matcher.get_matching_blocks() if run.size >= _RUN]
        if max((run.size for run in runs), default=0) < min(12, max(_RUN, len(wanted) // 3)):
            return None
        start = max(0, max(0, about - _SLACK) + runs[0].b - runs[0].a)
        stop = max(0, about - _SLACK) + runs[-1].b + len(wanted) - runs[-1].a
    first, last = origin[start], origin[min(stop, len(letters)) - 1] + 1
    while first > 0 and text[first - 1].isalnum() and text[first].isalnum():
        first -= 1
    while last < len(text) and text[last - 1].isalnum() and text[last].isalnum():
        last += 1
    return text[first:last]


def _about(wanted: str, letters: str) -> int | None:
    """Give about where most pieces of what is wanted stand as far from each other as in it."""
    votes: Counter[int] = Counter()
    step = max(1, len(wanted) // _PIECES)
    for offset in range(0, max(1, len(wanted) - _PIECE + 1), step):
        piece = wanted[offset : offset + _PIECE]
        at = letters.find(piece)
        for _time in range(_SLACK):
            if at < 0:
                break
            votes[(at - offset) // _SLACK] += 1
            at = letters.find(piece, at + 1)
    if not votes:
        return None
    # Pieces on both sides of a slip may fall into two neighbouring stretches.
    best = max(votes, key=lambda stretch: (votes[stretch] + votes[stretch + 1], -stretch))
    return max(0, best * _SLACK)


def _letters(text: str) -> tuple[str, list[int]]:
    """Give a text's letters and marks, folded and without spaces, and where each comes from."""
    letters: list[str] = []
    origin: list[int] = []
    for position, character in enumerate(text):
        for letter in fold(_ALIKE.get(character, character)):
            if not letter.isspace():
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
