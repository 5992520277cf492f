"""Events that do not exist, as many as wanted and always the same ones, to measure with.

Who takes part follows Zipf's law (the commonest actor is in about a third of the events), places
and kinds likewise; a fifth of the dates are imprecise, a few are open. No title or quotation here
is anybody's: the words are drawn from a list whose frequencies are those of prose.
"""

import calendar
import random
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import accumulate, islice
from typing import NamedTuple

from sahel.models import Event, Involvement

ACTORS = 600
PLACES = 400
COUNTRIES = ["ML", "BF", "NE", "TD", "MR", "SN"]
SOURCES = 1000
FIRST_DAY = date(2012, 1, 1)
LAST_DAY = date(2026, 12, 31)
DAYS = [FIRST_DAY + timedelta(n) for n in range((LAST_DAY - FIRST_DAY).days)]
KINDS = Event.Kind.values[:12]
STATUSES = [Event.Status.HAPPENED.value] * 7 + [Event.Status.REPORTED.value] * 2
STATUSES += [Event.Status.DISPUTED.value, Event.Status.PLANNED.value]
VOCABULARY = 5000  # words, of which the commonest are real
TITLE, SUMMARY, QUOTATION = 6, 18, 14  # words of each
BLOCK = 1000  # events drawn at once; a smaller number of events is cut from whole blocks


class Drawn(NamedTuple):
    """One event with all that hangs on it; actors, places and sources by their number from 0."""

    date: str
    earliest: date | None
    latest: date | None
    kind: str
    status: str
    title: str
    summary: str
    published: bool
    involvements: list[tuple[int, str]]
    places: list[int]
    quotations: list[tuple[int, str, int | None]]  # source, words, speaker


def drawn(number: int, seed: int = 2022) -> Iterator[Drawn]:
    """Give `number` events in no order of time: the same for the same seed, fewer or more."""
    for first in range(0, number, BLOCK):
        chance = random.Random(f"{seed} {first}")  # noqa: S311 - not a secret
        yield from islice(_block(first, chance), number - first)


def _block(first: int, chance: random.Random) -> Iterator[Drawn]:
    """Give the events from number `first` on; what is drawn in bulk is drawn ten times faster."""

    def many[T](population: list[T] | tuple[T, ...], k: int = BLOCK) -> list[T]:
        return chance.choices(population, k=k)

    def skewed[T](population: list[T], weights: list[float], k: int = BLOCK) -> list[T]:
        return chance.choices(population, cum_weights=weights, k=k)

    actors, places, quotations = many((1, 2, 2, 3, 4)), many((1, 1, 1, 2)), many((1, 1, 2))
    who = _taker(skewed(_ACTORS, _BY_ACTOR, sum(actors)))
    where = _taker(skewed(_PLACES, _BY_PLACE, sum(places)))
    whence = iter(skewed(_SOURCES, _BY_SOURCE, sum(quotations)))
    words = (TITLE + SUMMARY) * BLOCK + QUOTATION * sum(quotations)
    said = _taker(skewed(WORDS, _BY_WORD, words))
    roles, statuses = iter(many(Involvement.Role.values, sum(actors))), many(STATUSES)
    kinds = skewed(KINDS, _BY_KIND)
    for n in range(BLOCK):
        part = list(dict.fromkeys(who(actors[n])))
        yield Drawn(
            *_when(chance),
            kind=kinds[n],
            status=statuses[n],
            title=f"{_sentence(said(TITLE))} {first + n}",
            summary=f"{_sentence(said(SUMMARY))}.",
            published=chance.random() < 0.97,
            involvements=[(actor, next(roles)) for actor in part],
            places=list(dict.fromkeys(where(places[n]))),
            quotations=[
                (
                    next(whence),
                    f"{' '.join(said(QUOTATION))} ({first + n}.{k})",
                    chance.choice((None, *part)),
                )
                for k in range(quotations[n])
            ],
        )


def _taker[T](values: list[T]) -> Callable[[int], list[T]]:
    """Give a function that takes the next few of the values."""
    rest = iter(values)
    return lambda number: list(islice(rest, number))


def _sentence(words: list[str]) -> str:
    text = " ".join(words)
    return text[0].upper() + text[1:]


def _when(chance: random.Random) -> tuple[str, date | None, date | None]:
    """Give a date as EDTF with its first and last possible day."""
    day = DAYS[int(chance.random() * len(DAYS))]
    text = day.isoformat()
    form = chance.random()
    if form < 0.80:
        return text, day, day
    if 0.96 <= form < 0.985:
        end = day + timedelta(chance.randrange(1, 60))
        return f"{text}/{end.isoformat()}", day, end
    month = day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
    if form < 0.90:
        return text[:7], *month
    if form < 0.94:
        return text[:4], date(day.year, 1, 1), date(day.year, 12, 31)
    if form < 0.96:
        return f"{text[:7]}~", *month
    if form < 0.9925:
        return f"../{text[:4]}", None, date(day.year, 12, 31)
    return f"{text[:7]}/..", month[0], None


# What is drawn from -------------------------------------------------------------------------------

# Common words come first: the n-th is drawn about n times less often than the first. Of some forty
# words an event has the first nearly always, the tenth in a third of the cases, the last hardly.
_REAL = (  # noqa: SIM905 - a list of quoted words is harder to read
    "force attaque village soldats armée région Ménaka convoi civils groupe poste frontière "
    "opération Gao négociation accord sanctions président marché école Tombouctou retrait "
    "patrouille embuscade otages communiqué médiation transition élection manifestation "
    "déplacés blocus drone hélicoptère mine cessez-le-feu Kidal Ansongo Djibo Tillabéri "
    "émissaire ambassade junte colonel sécheresse cotonnier transhumance goudron"
).split()
_ONSETS = ["b", "br", "d", "dr", "f", "fl", "g", "l", "m", "n", "r", "s", "t", "tr", "v"]
_VOWELS = ["a", "e", "i", "o", "é", "è", "ô", "aï", "ou", "ai"]
_ENDINGS = ["tion", "ment", "dure", "geance", "tique", "teur", "sité", "vage", "reau", "lance"]


def _vocabulary() -> list[str]:
    """Give the real words, then such as could be words, without two alike but for accents."""
    # The endings are those of nouns for things, so that no word is anybody's name.
    chance = random.Random("words")  # noqa: S311 - not a secret
    syllables = [onset + vowel for onset in _ONSETS for vowel in _VOWELS] + ["ça", "ço", "çou"]
    words = {_bare(word): word for word in _REAL}
    while len(words) < VOCABULARY:
        word = "".join(chance.sample(syllables, 2)) + chance.choice(_ENDINGS)
        words.setdefault(_bare(word), word)
    return list(words.values())


def _bare(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word.lower()) if c.isascii())


def _zipf(number: int, steepness: float) -> list[float]:
    """Give cumulative weights by which the n-th is drawn n**steepness times less than the first."""
    return list(accumulate(1 / (rank**steepness) for rank in range(1, number + 1)))


WORDS = _vocabulary()
_ACTORS, _PLACES, _SOURCES = list(range(ACTORS)), list(range(PLACES)), list(range(SOURCES))
_BY_ACTOR, _BY_PLACE, _BY_SOURCE = _zipf(ACTORS, 0.9), _zipf(PLACES, 0.8), _zipf(SOURCES, 0.7)
_BY_KIND, _BY_WORD = _zipf(len(KINDS), 0.6), _zipf(VOCABULARY, 1.05)
