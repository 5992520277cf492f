"""The table of security requirements names each of them, and tests that exist."""

import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.one_database
ROOT = Path(settings.BASE_DIR)
TABLE = (ROOT / "docs" / "asvs.md").read_text()
ROWS = re.findall(
    r"^\| (\d+)\.(\d+)\.(\d+) \| ([12]) \| ([^|]+) \| (yes|n/a|open) \| ([^|]+) \|$", TABLE, re.M
)
# How many of levels 1 and 2 ASVS 5.0 has in each chapter.
ASKED = (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7)


def test_every_requirement_of_both_levels_is_answered_once():
    numbers = [row[:3] for row in ROWS]
    assert len(numbers) == len(set(numbers)) == len(re.findall(r"^\| \d", TABLE, re.M))
    chapters = [int(chapter) for chapter, _section, _number in numbers]
    assert tuple(chapters.count(chapter) for chapter in range(1, 18)) == ASKED


def test_every_test_that_is_named_exists():
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", TABLE))
    assert len(named) > 50
    assert {name for name in named if f"def {name}(" not in tests} == set()


def test_what_is_held_is_held_by_something():
    for *_number, level, words, state, ground in ROWS:
        assert len(ground) > 3, words
        assert level in "12"
        assert state
