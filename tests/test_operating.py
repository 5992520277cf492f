"""What the guide for whoever runs the site names is there: settings, commands, numbers to watch."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from sahel import metrics

ROOT = Path(settings.BASE_DIR)
GUIDE = (ROOT / "docs" / "operating.md").read_text()


@pytest.mark.django_db
def test_every_number_to_watch_is_one_that_is_told():
    told = {
        line.split()[2]
        for text in metrics._lines()
        for line in text.splitlines()
        if "# TYPE" in line
    }
    named = set(re.findall(r"sahel_\w+", GUIDE.partition("## What to watch")[2]))
    assert named
    assert {name.removesuffix("_bucket") for name in named} <= told


def test_every_setting_of_the_guide_is_one():
    read = set(
        re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "sahel" / "settings.py").read_text())
    )
    _before, written, _after = re.split(r"<<END\n|^ +END$", GUIDE, flags=re.M)
    named = set(re.findall(r"^ {7}([A-Z_]+)=", written, re.M))
    assert named
    assert named <= read
