"""The curated record keeps its promises, as far as can be told without the article's text.

`make verify TEXT=path/to/article.txt` holds the quotations against the text itself.
"""

import json
import re
from itertools import pairwise

import pytest

from sahel.management.commands.load import fixture_files
from sahel.models import Actor, Event, Place, Quotation, Reference, Source

pytestmark = [pytest.mark.usefixtures("article"), pytest.mark.django_db]

ARTICLE = "guardian-retranslated-2022"
EVENTS = [path for path in fixture_files() if path.parent.name == "events"]
TRANSLATED = ["title", "summary", "date_note", "note"]


def test_the_whole_article_is_there():
    events = Event.objects.published()
    assert 25 <= events.count() == len(EVENTS)
    kinds = set(events.values_list("kind", flat=True))
    assert {"coup", "strike", "sanction", "protest", "withdrawal", "diplomacy", "negotiation",
            "announcement", "statement", "assessment", "deployment"} <= kinds  # fmt: skip
    quoted = {q.speaker.slug for q in Quotation.objects.select_related("speaker") if q.speaker}
    for name in ["Drian", "Macron", "Powell", "United Nations", "France", "European diplomat",
                 "diplomat from the region", "Reuters"]:  # fmt: skip
        people = Actor.objects.filter(slug__in=quoted, name_en__icontains=name)
        assert people.exists(), f"{name} is not quoted"


def test_every_event_carries_a_quotation_of_the_article():
    for event in Event.objects.all():
        assert event.quotations.filter(source__slug=ARTICLE).exists(), event.slug
        assert event.involvements.exists(), event.slug


def test_quotations_that_overlap_agree_to_the_letter():
    source = Source.objects.get(slug=ARTICLE)
    text: dict[int, str] = {}
    for quotation in source.quotations.all():
        assert quotation.end <= source.text_length
        start = quotation.start - len(quotation.prefix)
        words = quotation.prefix + quotation.exact + quotation.suffix
        assert len(quotation.exact) == quotation.end - quotation.start
        assert "\n" not in words, quotation
        for position, letter in enumerate(words, start):
            assert text.setdefault(position, letter) == letter, (quotation, position)
    # What no event quotes is the title, the last line, and the spaces between.
    assert source.text_length - len(text) < 200


def test_all_is_written_in_both_languages():
    for event in Event.objects.all():
        for name in TRANSLATED:
            en, fr = getattr(event, f"{name}_en"), getattr(event, f"{name}_fr")
            assert bool(en) == bool(fr), (event.slug, name)
        assert event.title_en, event.slug
        assert event.summary_en, event.slug
    for named in (*Actor.objects.all(), *Place.objects.all()):
        assert named.name_en, named.slug
        assert named.name_fr, named.slug
        assert bool(named.description_en) == bool(named.description_fr), named.slug
    for quotation in Quotation.objects.all():
        assert bool(quotation.speaker_role_en) == bool(quotation.speaker_role_fr)
    for reference in Reference.objects.all():
        assert reference.note_en, reference
        assert reference.note_fr, reference


def test_a_date_says_what_it_rests_on():
    for event in Event.objects.prefetch_related("references", "quotations"):
        if event.date_basis == "stated":
            assert event.date_words, event.slug
        else:
            assert event.date_note_en, event.slug
        if event.date_basis == "corroborated":
            assert event.references.filter(supports="date").exists(), event.slug
        if event.date_words:
            words = [q.exact + q.suffix for q in event.quotations.all()]
            assert any(event.date_words in each for each in words), event.slug


def test_both_sides_of_a_disputed_matter_are_named():
    strike = Event.objects.get(slug="bounti-strike")
    assert strike.status == "disputed"
    sides = dict(strike.quotations.values_list("stance", "speaker__slug"))
    assert sides["denies"] == "france"
    assert {"reports", "claims"} & set(sides)
    for event in Event.objects.filter(status="disputed"):
        assert event.quotations.count() > 1 or event.note_en, event.slug


def test_what_lay_ahead_of_the_article_is_planned():
    written = Source.objects.get(slug=ARTICLE).date.sort_date
    for event in Event.objects.filter(sort_date__gt=written):
        assert event.status == "planned", event.slug


def test_the_source_says_what_it_is():
    source = Source.objects.get(slug=ARTICLE)
    assert source.title == (
        "France is preparing to announce the withdrawal of military forces from Mali | mali"
    )
    assert source.text_sha256.startswith("af4b384addef39f8")
    assert source.text_length == 5246
    assert "retranslated" in source.note_en
    assert source.original.publisher == "The Guardian"
    assert source.texts.count() == 0  # the article's text is not ours to give


def test_other_pages_are_named_and_not_quoted():
    quoted = set(Quotation.objects.values_list("source__slug", flat=True))
    assert quoted == {ARTICLE}
    for source in Source.objects.exclude(slug=ARTICLE):
        assert source.publisher, source.slug
        assert not re.search("utm_|fbclid", source.url), source.slug
    supporting = Source.objects.filter(references__isnull=False)
    assert all(source.url for source in supporting)


@pytest.mark.parametrize("path", fixture_files(), ids=lambda path: path.stem)
def test_a_file_can_be_read_as_a_diff(path):
    content = path.read_text()
    entries = json.loads(content)
    assert content.endswith("]\n")
    assert all(len(re.findall(r'"[a-z_]+": ', line)) <= 1 or '": "' in line
               for line in content.splitlines())  # fmt: skip
    assert "\\u" not in content
    if path in EVENTS:
        assert entries[0]["model"] == "sahel.event"
        assert entries[0]["fields"]["slug"] == path.stem
        parts = "event", "involvement", "quotation", "estimate", "reference"
        order = [f"sahel.{part}" for part in parts]
        ranks = [order.index(entry["model"]) for entry in entries]
        assert ranks == sorted(ranks)
    assert all("pk" not in entry for entry in entries)


@pytest.mark.parametrize("name", ["actors", "places", "sources"])
def test_what_others_stand_under_comes_before_them_and_the_rest_by_slug(name):
    [path] = [path for path in fixture_files() if path.stem == name]
    entries = [entry["fields"] for entry in json.loads(path.read_text())]
    above = "original" if name == "sources" else "parent"
    depth: dict[str, int] = {}
    for entry in entries:
        depth[entry["slug"]] = depth[entry[above][0]] + 1 if entry.get(above) else 0
    keys = [(depth[entry["slug"]], entry["slug"]) for entry in entries]
    assert all(a < b for a, b in pairwise(keys))


def test_french_is_typeset_as_french():
    for event in Event.objects.all():
        for name in TRANSLATED:
            text = getattr(event, f"{name}_fr")
            assert not re.search(r" [:;?!»]|« |\w'\w", text), (event.slug, name, text)
            assert not re.search(r"\w'\w|\s\"|\"\s", getattr(event, f"{name}_en")), event.slug
