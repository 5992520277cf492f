"""Ask 20,000 things that nobody would ask, on each database: `make drill-fuzz`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic

from benchmarks.bench import stop_cleanly
from drills import number_asked
from tests.__main__ import SETTINGS
from tests.clusters import cluster
from tests.machine import postgres

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
    programs = postgres()
    if not programs:
        sys.exit("PostgreSQL's programs are wanted: apt install postgresql")
    stop_cleanly()
    print("| database | asked | questions | seconds | errors of ours |", flush=True)
    print("|---|---|--:|--:|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder, cluster(programs) as server:
        urls = {"SQLite": f"sqlite:///{folder}/sahel.sqlite3", "PostgreSQL": server}
        asked = [(name, url, *what) for name, url in urls.items() for what in WHAT]
        held = [ask(*each, many, folder) for each in asked]
    return 0 if all(held) else 1


def ask(name: str, url: str, asked: str, test: str, part: int, many: int, folder: str) -> bool:
    """Ask so many things of a database; print a line, and what was wrong."""
    environment = {k: v for k, v in os.environ.items() if k not in SETTINGS}
    environment |= {"DATABASE_URL": url, "DATA_DIR": folder, "SECRET_KEY": "of a drill"}
    began = monotonic()
    tried = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:logging", test],
        cwd=ROOT,
        env=environment | {"FUZZ": str(many)},
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    found = "some, below" if tried.returncode else "**none**"
    took = f"{many // part:,} | {monotonic() - began:.0f}"
    print(f"| {name} | {asked} | {took} | {found} |", flush=True)
    if tried.returncode:
        print(tried.stdout[-4000:], file=sys.stderr)
    return not tried.returncode


if __name__ == "__main__":
    sys.exit(main())
