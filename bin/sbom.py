"""The software bill of materials, CycloneDX 1.6: `make sbom` prints what production is made of.

Packages with the hashes that requirements.txt pins, and what is vendored: scripts that packages
bring for browsers, and our fonts. The same releases give the same bytes.
"""

import base64
import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(
    r"^([\w.-]+)==(\S+)(?: ; ([^\\]+?))? \\\n((?:    --hash=sha256:\w+.*\n?)+)", re.M
)
# Scripts of others that browsers get: package, path, name, and how the file says its version.
VENDORED = (
    ("django_htmx", "static/django_htmx/htmx-2.min.js", "htmx.org", r'version:"([\d.]+)"'),
    ("django", "contrib/admin/static/admin/js/vendor/jquery/jquery.min.js", "jquery", r"v([\d.]+)"),
    (
        "django",
        "contrib/admin/static/admin/js/vendor/select2/select2.full.min.js",
        "select2",
        r"Select2 ([\d.]+)",
    ),
    (
        "django",
        "contrib/admin/static/admin/js/vendor/xregexp/xregexp.min.js",
        "xregexp",
        r"XRegExp ([\d.]+\d)",
    ),
)


def packages() -> Iterator[dict[str, Any]]:
    """Give each package that requirements.txt names, with the SHA-256 of its files."""
    for name, version, marker, hashes in PINNED.findall((ROOT / "requirements.txt").read_text()):
        yield {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            **({"description": f"only where {marker}"} if marker else {}),
            "properties": [
                {"name": "sahel:file:sha256", "value": value}
                for value in re.findall(r"sha256:(\w+)", hashes)
            ],
        }


def vendored() -> Iterator[dict[str, Any]]:
    """Give the scripts that browsers load, with their SHA-384, and our fonts."""
    for package, path, name, pattern in VENDORED:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            sys.exit(f"{package} is not installed: make venv")
        content = (Path(spec.origin).parent / path).read_bytes()
        version = re.search(pattern, content.decode())
        if version is None:
            sys.exit(f"{path} does not say its version any more: mend VENDORED in bin/sbom.py.")
        digest = hashlib.sha384(content)
        yield {
            "type": "library",
            "bom-ref": f"pkg:npm/{name}@{version[1]}",
            "name": name,
            "version": version[1],
            "purl": f"pkg:npm/{name}@{version[1]}",
            "hashes": [{"alg": "SHA-384", "content": digest.hexdigest()}],
            "properties": [
                {"name": "sahel:within", "value": f"{package}/{path}"},
                {"name": "sahel:integrity", "value": integrity(digest.digest())},
            ],
        }
    for font in sorted((ROOT / "sahel" / "fonts").glob("*.ttf")):
        content = font.read_bytes()
        yield {
            "type": "file",
            "bom-ref": f"sahel/fonts/{font.name}",
            "name": f"sahel/fonts/{font.name}",
            "hashes": [{"alg": "SHA-384", "content": hashlib.sha384(content).hexdigest()}],
        }


def integrity(digest: bytes) -> str:
    """Give a SHA-384 as browsers take it."""
    return f"sha384-{base64.b64encode(digest).decode()}"


def bill() -> dict[str, Any]:
    """Give the whole document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    ours = f"pkg:generic/{project['name']}@{project['version']}"
    components = [*packages(), *vendored()]
    known = {each["name"]: each["bom-ref"] for each in components}
    direct = [re.split(r"[\[<>=]", each)[0] for each in project["dependencies"]]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": ours,
                "name": project["name"],
                "version": project["version"],
                "description": project["description"],
                "licenses": [{"license": {"id": "MIT"}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": ours, "dependsOn": [known[name] for name in direct]}],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(bill(), indent=2) + "\n")
