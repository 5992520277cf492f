"""Ask 20,000 things that nobody would ask, on each database that is found: `make drill-fuzz`."""

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic

from drills import number_asked

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 60 * 60  # seconds, for each line
API = "tests/test_api.py::test_the_api_does_what_its_description_says"
# What is asked, the test that does it, and one of how many questions it makes.
WHAT = (
    ("every page, form and file", "tests/test_fuzz.py", 1),
    ("the API, by its description", API, 5),
)


def main() -> int:
    """Print a line of Markdown for each database; 1 where an answer was an error of ours."""
    many = number_asked(20_000, least=500)
    urls = {"SQLite": "", "PostgreSQL": os.environ.get("POSTGRESQL_URL", "")}
    print(
        "| database | asked | questions | seconds | errors of ours |\n|---|---|--:|--:|---|",
        flush=True,
    )
    failed = False
    for name, url in urls.items():
        if name == "PostgreSQL" and not url:
            print("| PostgreSQL | nothing: set POSTGRESQL_URL to its address | | | |")
            continue
        given = {"DATABASE_URL": url} if url else {}
        for asked, test, part in WHAT:
            began = monotonic()
            tried = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:logging", test],
                cwd=ROOT,
                env={**{k: v for k, v in os.environ.items() if k != "DATABASE_URL"}, **given}
                | {"FUZZ": str(many)},
                capture_output=True,
                text=True,
                timeout=LONGEST,
                check=False,
            )
            found = "**none**" if tried.returncode == 0 else "some, below"
            took = f"{many // part:,} | {monotonic() - began:.0f}"
            print(f"| {name} | {asked} | {took} | {found} |", flush=True)
            if tried.returncode:
                print(tried.stdout[-4000:], file=sys.stderr)
                failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
