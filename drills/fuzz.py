"""Ask 20,000 things that nobody would ask, on each database that is found: `make drill-fuzz`."""

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).resolve().parent.parent
MANY = 20_000
LONGEST = 60 * 60  # seconds, on each database


def main() -> int:
    """Print a line of Markdown for each database; 1 where an answer was an error of ours."""
    many = os.environ.get("N") or str(MANY)
    if not many.isascii() or not many.isdigit() or int(many) < 10:
        sys.exit(f"N={many} is no number of questions: give one from 10.")
    urls = {"SQLite": "", "PostgreSQL": os.environ.get("POSTGRESQL_URL", "")}
    print("| database | questions | seconds | errors of ours |\n|---|--:|--:|---|", flush=True)
    failed = False
    for name, url in urls.items():
        if name == "PostgreSQL" and not url:
            print("| PostgreSQL | none: set POSTGRESQL_URL to its address | | |")
            continue
        given = {"DATABASE_URL": url} if url else {}
        began = monotonic()
        asked = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:logging", "tests/test_fuzz.py"],
            cwd=ROOT,
            env={**{k: v for k, v in os.environ.items() if k != "DATABASE_URL"}, **given}
            | {"FUZZ": many},
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        found = "**none**" if asked.returncode == 0 else "some, below"
        print(f"| {name} | {int(many):,} | {monotonic() - began:.0f} | {found} |", flush=True)
        if asked.returncode:
            print(asked.stdout[-4000:], file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
