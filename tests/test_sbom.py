"""The bill of materials names what is installed, and what browsers are sent."""

import base64
import hashlib
import json
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from packaging.markers import Marker
from packaging.requirements import Requirement

pytestmark = pytest.mark.one_database
ROOT = Path(settings.BASE_DIR)


@pytest.fixture(scope="module")
def bill():
    printed = subprocess.run(
        [sys.executable, "bin/sbom.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(printed.stdout)


def test_it_is_cyclonedx_and_every_part_is_named_once(bill):
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    names = [each["bom-ref"] for each in bill["components"]]
    assert len(names) == len(set(names)) > 20
    [ours] = bill["dependencies"]
    assert set(ours["dependsOn"]) <= set(names)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert len(ours["dependsOn"]) == len(project["dependencies"]) <= 14


def test_it_names_what_is_installed_with_the_hashes_that_are_pinned(bill):
    packages = [each for each in bill["components"] if each["bom-ref"].startswith("pkg:pypi/")]
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pinned = [
        Requirement(line.rstrip(" \\")) for line in lines if "==" in line[:60] and line[0] != " "
    ]
    assert [each["name"] for each in packages] == [each.name for each in pinned]
    for each, requirement in zip(packages, pinned, strict=True):
        assert each["properties"]
        if requirement.marker is None or Marker(str(requirement.marker)).evaluate():
            assert version(each["name"]) == each["version"]


def test_what_browsers_get_is_what_it_names(bill):
    scripts = {each["name"]: each for each in bill["components"] if "pkg:npm" in each["bom-ref"]}
    assert set(scripts) == {"htmx.org", "jquery", "select2", "xregexp"}
    for each in scripts.values():
        values = {one["name"]: one["value"] for one in each["properties"]}
        served = finders.find(values["sahel:within"].partition("static/")[2])
        assert served
        digest = hashlib.sha384(Path(served).read_bytes())
        assert each["hashes"] == [{"alg": "SHA-384", "content": digest.hexdigest()}]
        integrity = base64.b64encode(digest.digest()).decode()
        assert values["sahel:integrity"] == f"sha384-{integrity}"
