"""Every page of the curated record says what it shows in words that schema.org has."""

import json
import re

import pytest

from sahel.models import Actor, Place, Source
from sahel.things import TYPES
from tests.schema import faults, kinds, said

PAGES = [
    "",
    "?actor=france&year=2021",
    "?actor=framce",
    "histogram/",
    "lanes/",
    "map/",
    "events/bounti-strike/",
    "events/wagner-presence/",
    "events/eu-au-summit/",
    "actors/",
    "actors/?find=framce",
    "actors/emmanuel-macron/",
    "actors/bounti-dead/",
    "places/",
    "places/bamako/",
    "sources/",
    "sources/guardian-retranslated-2022/",
    "quotations/fa26f2510208ad31/",
    "changes/?what=new",
    "about/",
    "offline/",
]


@pytest.mark.django_db
@pytest.mark.usefixtures("article")
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_speaks_the_words_of_schema_org(client, page, language):
    data = said(client, f"/{language}/{page}")
    assert faults(data) == []
    assert data["inLanguage"] == language
    assert data["@id"].startswith(f"http://testserver/{language}/{page.partition('?')[0]}")
    assert not re.search(
        r'[:,\[](null|""|\[\]|\{\})[,}\]]', json.dumps(data, separators=(",", ":"))
    )


def test_every_kind_of_thing_has_a_type_that_schema_org_has():
    for model, root in ((Actor, "Thing"), (Place, "Place"), (Source, "CreativeWork")):
        types = TYPES[model._meta.model_name]
        assert set(types) == set(model.Kind)
        for name in types.values():
            assert all(root in kinds(each) for each in ([name] if isinstance(name, str) else name))


def test_what_is_no_word_of_schema_org_is_found():
    wrong = {"@context": "https://schema.org/", "@type": "Event", "titel": "x", "geo": 1}
    assert faults(wrong) == ["dropped: titel", "geo of {'Event'}"]
    assert faults({**wrong, "@type": "Evnt"})[-2:] == ["no type: Evnt", "geo of {'Evnt'}"]
