"""What the documents and translations promise is what the code does."""

import gettext
import re
from dataclasses import fields
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from sahel.exports.formats import FORMATS
from sahel.exports.shapes import KINDS
from sahel.filters import NAMES, Filters
from sahel.words import WORDS

ROOT = Path(settings.BASE_DIR)
README = (ROOT / "README.md").read_text()


def test_the_readme_names_every_word_of_the_query_string():
    table = README.partition("## The words of the query string")[2].partition("##")[0]
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`[^|]+) \|", table, re.M))))
    known = {NAMES.get(field.name, field.name) for field in fields(Filters)}
    assert named == known == WORDS.keys()


def test_the_readme_names_every_format_and_of_what_it_is_to_be_had():
    table = README.partition("## Take it with you")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|$", table, re.M)
    assert rows == [
        (each.ending, "all" if each.kinds == KINDS else ", ".join(each.kinds))
        for each in FORMATS.values()
    ]


def test_the_readme_names_every_setting():
    table = README.partition("## Settings")[2].partition("##")[0]
    named = set(re.findall(r"`([A-Z_]+)`", " ".join(re.findall(r"^\| ([^|]+) \|", table, re.M))))
    read = set(re.findall(r'env\.\w+\("([A-Z_]+)"', (ROOT / "sahel" / "settings.py").read_text()))
    assert named == read


def test_the_readme_names_every_command_and_module():
    ours = {name for name, app in get_commands().items() if app == "sahel"}
    assert all(f"`{name}`" in README for name in ours)
    for path in (ROOT / "sahel").glob("*.py"):
        if path.name not in ("__init__.py", "wsgi.py", "middleware.py"):
            assert f"`{path.name}`" in README, path.name


PO = ROOT / "sahel" / "locale" / "fr" / "LC_MESSAGES" / "django.po"


def test_every_text_is_translated_and_compiled():
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    entries = re.split(r"\n\n+", PO.read_text())[1:]
    for entry in entries:
        assert "#, fuzzy" not in entry, entry
        assert not re.search(r'^msgstr(\[\d\])? ""\s*(\Z|^msgstr)', entry, re.M), entry
        assert entry.startswith("#~") is False, f"no longer used: {entry}"
    ids = re.findall(r'^msgid "(.+)"$', PO.read_text(), re.M)
    catalog = {key for key in compiled._catalog if key}
    assert len(catalog) >= len(ids)


@pytest.mark.parametrize(
    "wrong", [r" [:;?!»]", r"« ", r"\w'\w"], ids=["space before", "space after", "apostrophe"]
)
def test_french_is_typeset_as_french(wrong):
    """No-break spaces in front of double punctuation and inside quotation marks; curly ’."""
    french = re.findall(r'^msgstr(?:\[\d\])? ((?:"[^"]*"\n?)+)', PO.read_text(), re.M)
    for text in french[1:]:
        words = "".join(re.findall(r'"([^"]*)"', text))
        assert not re.search(wrong, words), words
