"""`make bench-servers`: which server serves the timeline best, on one database of 10,000 events.

Servers that the project does not depend on come into a virtual environment in a temporary folder.
The table goes to benchmarks/SERVERS.md.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.bench import collect, environment, run, say, stop_cleanly
from benchmarks.report import machine, rounded, table
from benchmarks.served import IN_A_ROW, ROOT, Server, ours, serving

SERVERS = Path(__file__).with_name("SERVERS.md")
EVENTS = 10_000
SECONDS_OF_LOAD = 4.0
# Ninety actors times ninety places: more than any server answers while we measure.
NEVER_ASKED = [
    f"/en/?actor=actor-{actor}&place=-place-{place}" for place in range(90) for actor in range(90)
]


def main() -> None:
    """Measure every server and write the table."""
    rows = []
    left_out = []
    stop_cleanly()
    with tempfile.TemporaryDirectory(prefix="sahel-servers-") as name:
        folder = Path(name)
        collect(folder)
        database = f"sqlite:///{folder / 'sahel.sqlite3'}"
        say(f"Filling a database with {EVENTS:,} events")
        run(database, folder, "fill", EVENTS)
        settings = environment(folder, DATABASE_URL=database)
        python, why = others(folder / "servers")
        if why:
            left_out += [f"left out: gunicorn, uvicorn ({why})", ""]
        # The others find the project's packages where the project has them.
        paths = str(ROOT), sysconfig.get_path("purelib")
        borrowed = {**settings, "PYTHONPATH": os.pathsep.join(paths)}
        for title, command in commands(python).items():
            say(title)
            ours = command[0] == sys.executable
            with serving(command, settings if ours else borrowed) as server:
                rows += [[title, *row] for row in measured(server)]
    titles = ["server", "asked for", "requests per second", "median, ms", "99th percentile, ms"]
    lines = [
        "# Servers compared",
        "",
        "`make bench-servers` wrote this: 8 connections kept alive (where the server keeps them), "
        f"{EVENTS:,} events in SQLite, two workers each, compressed.",
        "",
        *machine(),
        "",
        *table([*titles, "CPU per request, ms"], rows, "No server was measured."),
        *left_out,
    ]
    SERVERS.write_text("\n".join(lines))
    print("\n".join(lines))


def others(folder: Path) -> tuple[str, str]:
    """Install the servers that are not ours; give their Python, or why there is none."""
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    for command in ([sys.executable, "-m", "venv", str(folder)], [*pip, "gunicorn", "uvicorn"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return "", (done.stderr.strip() or "no reason given").splitlines()[-1]
    return python, ""


def commands(python: str) -> dict[str, list[str]]:
    """Give the commands that start the servers, by their names."""
    found = {"granian, 2 × 4 threads (ours)": ours()}
    if python:
        gunicorn = "--workers=2 --log-level=warning --no-control-socket --bind=127.0.0.1:{port}"
        uvicorn = "--factory --workers=2 --host=127.0.0.1 --no-access-log --log-level=warning"
        for kind in ("gthread --threads=4", "sync"):
            found[f"gunicorn {kind.split()[0]}, 2"] = [
                *(python, "-m", "gunicorn", *gunicorn.split(), "--worker-class", *kind.split()),
                "sahel.wsgi",
            ]
        found["uvicorn asgi, 2"] = [
            *(python, "-m", "uvicorn", *uvicorn.split(), "--port={port}"),
            "django.core.asgi:get_asgi_application",
        ]
    return found


def measured(server: Server) -> list[list[str]]:
    """Give a row for each way of asking."""
    browser = {"Accept-Encoding": "gzip"}
    for _ in range(IN_A_ROW):  # every worker has read the record
        page = server.ask("/en/", **browser)
    tag = page.headers.get("etag", "")
    asked = {
        "an empty page": (["/empty/"], browser, 200),
        "pages never asked before": (NEVER_ASKED, browser, 200),
        "the same page again": (["/en/"], browser, 200),
        "the same with If-None-Match": (["/en/"], {**browser, "If-None-Match": tag}, 304),
    }
    rows = []
    for title, (addresses, headers, wanted) in asked.items():
        if wanted == 304 and not tag:
            rows.append([title, "no ETag", "", "", ""])
            continue
        load = server.load(addresses, SECONDS_OF_LOAD, **headers)
        odd = Counter(load["statuses"])
        del odd[str(wanted)]
        rate = f"{load['rate']:,.0f}{f' {dict(odd)}' if odd else ''}"
        times = (rounded(load[name]) for name in ("p50", "p99", "cpu"))
        rows.append([title, rate, *times])
    return rows


if __name__ == "__main__":
    main()
