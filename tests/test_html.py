"""Every kind of page is valid HTML, and every figure valid SVG, as the Nu checker sees them."""

import json
import subprocess

import pytest

from sahel.models import Change
from tests.machine import checker

pytestmark = pytest.mark.one_database

PAGES = [
    "",
    "?actor=france&year=-2021&q=bamako&from=2020&order=newest",
    "?actor=framce",
    "histogram/",
    "lanes/?year=2021",
    "map/?place=mali",
    "events/bounti-strike/",
    "events/wagner-presence/",
    "actors/",
    "actors/france/",
    "places/",
    "places/mali/",
    "sources/",
    "sources/guardian-retranslated-2022/",
    "about/",
    "changes/",
    "data/?actor=france",
    "api/",
    "quotations/fa26f2510208ad31/",
    "cite/?actor=france&year=2021",
    "record/2020-01-01/",
    "offline/",
    "embed/?actor=france&year=2021",
    "embed/events/bounti-strike/?theme=dark",
    "embed/quotations/fa26f2510208ad31/",
    "embed/actors/france/",
    "embed/events/nowhere/",
    "embed/make/",
    "embed/make/?url=/en/events/bounti-strike/",
    "nowhere/",
    "lanes.svg",
    "map.svg",
    "histogram.svg",
]


@pytest.mark.django_db
@pytest.mark.usefixtures("article")
@pytest.mark.skipif(not checker(), reason="VNU names no vnu.jar, or there is no Java")
def test_the_nu_checker_finds_nothing(client, tmp_path):
    names, entry = {}, Change.objects.get(slug="bounti-strike")
    past = [f"events/{entry.slug}/{entry.number}/", f"record/{entry.at.date()}/"]
    for number, page in enumerate([*PAGES, *past]):
        for language in ("en", "fr"):
            answer = client.get(f"/{language}/{page}")
            kind = "svg" if "svg" in answer["Content-Type"] else "html"
            file = tmp_path / f"{number}-{language}.{kind}"
            file.write_bytes(answer.content)
            names[file.name] = f"/{language}/{page}"
    done = subprocess.run(
        [*checker(), "--format", "json", "--also-check-svg", "--exit-zero-always", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = [
        f"{names[message['url'].rpartition('/')[2]]}: {message['message']} {message.get('extract')}"
        for message in json.loads(done.stderr)["messages"]
    ]
    assert found == []
