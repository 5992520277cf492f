"""Events that do not exist, as many as wanted and always the same ones, to measure with.

Who takes part follows Zipf's law (the commonest actor is in about a third of the events), places
and kinds likewise; a fifth of the dates are imprecise, a few are open. No title or quotation here
is anybody's: the words are drawn from a list.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import TypeVar

from sahel.models import Event, Involvement

T = TypeVar("T")

ACTORS = 600
PLACES = 400
COUNTRIES = ["ML", "BF", "NE", "TD", "MR", "SN"]
SOURCES = 1000
FIRST_DAY = date(2012, 1, 1)
DAYS = (date(2026, 12, 31) - FIRST_DAY).days
KINDS = Event.Kind.values[:12]
STATUSES = [Event.Status.HAPPENED] * 7 + [Event.Status.REPORTED] * 2
STATUSES += [Event.Status.DISPUTED, Event.Status.PLANNED]

# Common words come first: the n-th is drawn about n times less often than the first.
WORDS = (  # noqa: SIM905 - a list of quoted words is harder to read
    "force attaque village soldats armée région Ménaka convoi civils groupe poste frontière "
    "opération Gao négociation accord sanctions président marché école Tombouctou retrait "
    "patrouille embuscade otages communiqué médiation transition élection manifestation "
    "déplacés blocus drone hélicoptère mine cessez-le-feu Kidal Ansongo Djibo Tillabéri "
    "émissaire ambassade junte colonel sécheresse cotonnier transhumance goudron"
).split()


@dataclass(frozen=True)
class Drawn:
    """One event with all that hangs on it; actors, places and sources by their number from 0."""

    date: str
    kind: str
    status: str
    title: str
    summary: str
    published: bool
    involvements: list[tuple[int, str]]
    places: list[int]
    quotations: list[tuple[int, str, int | None]]  # source, words, speaker


def drawn(number: int, seed: int = 2022) -> Iterator[Drawn]:
    """Give `number` events, the same for the same seed, in no order of time."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    actors, places = _zipf(ACTORS, 0.9), _zipf(PLACES, 0.8)
    kinds, words, sources = _zipf(len(KINDS), 0.6), _zipf(len(WORDS), 1), _zipf(SOURCES, 0.7)

    def some(population: Sequence[T], weights: list[float], k: int) -> list[T]:
        return list(dict.fromkeys(chance.choices(population, cum_weights=weights, k=k)))

    for n in range(number):
        said = chance.choices(WORDS, cum_weights=words, k=24)
        who = some(range(ACTORS), actors, chance.choice((1, 2, 2, 3, 4)))
        yield Drawn(
            date=_edtf(chance),
            kind=some(KINDS, kinds, 1)[0],
            status=chance.choice(STATUSES),
            title=" ".join(said[:6]).capitalize() + f" {n}",
            summary=" ".join(said[6:]).capitalize() + ".",
            published=chance.random() < 0.97,
            involvements=[(actor, chance.choice(Involvement.Role.values)) for actor in who],
            places=some(range(PLACES), places, chance.choice((1, 1, 1, 2))),
            quotations=[
                (
                    some(range(SOURCES), sources, 1)[0],
                    " ".join(chance.choices(WORDS, cum_weights=words, k=14)) + f" ({n}.{k})",
                    chance.choice([None, *who]),
                )
                for k in range(chance.choice((1, 1, 2)))
            ],
        )


def _zipf(number: int, steepness: float) -> list[float]:
    """Give cumulative weights by which the n-th is drawn n**steepness times less than the first."""
    return list(accumulate(1 / (rank**steepness) for rank in range(1, number + 1)))


def _edtf(chance: random.Random) -> str:
    day = FIRST_DAY + timedelta(chance.randrange(DAYS))
    form = chance.random()
    if form < 0.80:
        return day.isoformat()
    if form < 0.90:
        return f"{day:%Y-%m}"
    if form < 0.94:
        return f"{day:%Y}"
    if form < 0.96:
        return f"{day:%Y-%m}~"
    if form < 0.985:
        return f"{day.isoformat()}/{(day + timedelta(chance.randrange(1, 60))).isoformat()}"
    return f"../{day:%Y}" if form < 0.9925 else f"{day:%Y-%m}/.."
