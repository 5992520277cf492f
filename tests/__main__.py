"""`make test`: all tests on SQLite, then on PostgreSQL; what is left out is said, one line each.

With CI=true, leaving anything out is an error. Arguments go to pytest; `-n 0` runs one at a time.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import partial

from tests.clusters import cluster
from tests.machine import checker, chromium, postgres, soffice, timelinejs

# A developer's own settings must not decide whether the tests pass.
SETTINGS = ("DATABASE_URL", "ALLOWED_HOSTS", "DEBUG", "HTTPS", "LOG_LEVEL", "CONTACT", "PORT")
SETTINGS += ("APPROVAL", "LINK_CHECK", "EMAIL_URL", "EMAIL_FROM", "SECRET_KEY_FALLBACKS")
SETTINGS += ("LOG_FORMAT", "LOG_ADDRESSES", "SLOW_QUERY_MS", "METRICS_TOKEN")
# What some tests need besides a database, and what is left out without it.
WANTED = (
    (chromium, "the browser's tests (no Chromium found)"),
    (checker, "the check of all HTML (VNU names no vnu.jar, or there is no Java)"),
    (timelinejs, "our files in TimelineJS (TIMELINEJS names no folder of it)"),
    (soffice, "our files in LibreOffice (no soffice with Calc found)"),
    (partial(shutil.which, "pdftotext"), "what a printed dossier says (no pdftotext found)"),
    (partial(shutil.which, "systemd-analyze"), "what systemd says of its units (no systemd found)"),
)
INTERRUPTED = 2  # what pytest ends with after Ctrl-C
# Each worker begins with its own half, in order: the browser's tests, which come last, then share
# no worker with tests that come after them.
TWO_AT_A_TIME = "-n", "2", "--dist", "worksteal"


def main() -> int:
    """Run pytest once for each database; give 0 if all went well."""
    server = os.environ.get("TEST_DATABASE_URL")
    programs = postgres()
    left_out = []
    if not (server or programs):
        left_out.append("left out: PostgreSQL (no server found, and no TEST_DATABASE_URL)")
    left_out += [f"left out: {what}" for found, what in WANTED if not found()]
    if left_out and os.environ.get("CI", "").lower() in {"true", "1"}:
        say(*left_out, "CI=true: nothing may be left out.")
        return 1

    # An end asked for by somebody else, like Ctrl-C, still stops the server and removes its data.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    with ExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory())
        code = pytest("SQLite", f"sqlite:///{data}/sahel.sqlite3", data)
        if programs and not server and code != INTERRUPTED:
            server = stack.enter_context(cluster(programs))
        if server and code != INTERRUPTED:
            code = pytest("PostgreSQL", server, data) or code
    say(*left_out)
    return code


def pytest(name: str, database: str, data: str) -> int:
    """Run pytest on the database and give its exit code."""
    say(f"Tests on {name}")
    environment = {key: value for key, value in os.environ.items() if key not in SETTINGS}
    environment |= {"DATABASE_URL": database, "DATA_DIR": data, "SECRET_KEY": "of the tests"}
    command = [sys.executable, "-m", "pytest", *TWO_AT_A_TIME, *sys.argv[1:]]
    process = subprocess.Popen(command, env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:  # Ctrl-C reached pytest too, which ends in its own time
        return process.wait()
    except SystemExit:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise


def say(*lines: str) -> None:
    """Print lines, each at once."""
    for line in lines:
        print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
