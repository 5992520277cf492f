"""Bring the database and the static files up to date and become the server: `make run`."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread
from time import sleep

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sahel.settings")


def port() -> int:
    """Give the port asked for, or end with a sentence if nothing could listen there."""
    asked = os.environ.get("PORT") or "8000"
    if not (asked.isascii() and asked.isdigit() and 0 < int(asked) < 65536):
        sys.exit(f"PORT={asked} is not a port: give a number from 1 to 65535.")
    with socket.socket() as probe:
        # As the server will: a port that was in use a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(asked)))
        except PermissionError:
            sys.exit(f"Port {asked} is not open to this account; try make run PORT=8001.")
        except OSError:
            sys.exit(f"Port {asked} is taken; stop what listens there or try make run PORT=8001.")
    return int(asked)


def prepare() -> None:
    """Migrate, load the fixtures into a new database, collect the static files."""
    sys.path.insert(0, str(ROOT))
    import django
    from django.core.management import CommandError, call_command

    django.setup()
    try:
        say("Preparing the database.")
        call_command("migrate", verbosity=0)
        call_command("load", once=True)
        say("Collecting the static files.")
        call_command("collectstatic", interactive=False, verbosity=0)
    except CommandError as error:
        sys.exit(str(error))


def serve(port: int) -> None:
    """Serve until told to stop, with two processes of four threads each."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    # No question of a reader's takes that long; one that did would hold up the others.
    os.environ.setdefault("PGOPTIONS", "-c statement_timeout=10s")
    server = Granian(
        "sahel.wsgi:application",
        HOST,
        port,
        interface=Interfaces.WSGI,
        workers=2,
        blocking_threads=4,
        # A thread that ends takes its connection to the database with it.
        blocking_threads_idle_timeout=600,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=30,
        log_level=LogLevels.warning,
        working_dir=ROOT,
    )

    Thread(target=say_when_ready, args=[port], daemon=True).start()
    Thread(target=repeat, args=["publish_due", 60], daemon=True).start()
    if os.environ.get("EMAIL_URL"):
        Thread(target=repeat, args=["send_alerts", 60 * 60], daemon=True).start()
    server.serve()


def repeat(command: str, seconds: int) -> None:
    """Do again and again what elsewhere a timer does."""
    while True:
        sleep(seconds)
        subprocess.run([sys.executable, ROOT / "manage.py", command], check=False)  # noqa: S603


def say_when_ready(port: int) -> None:
    """Say where the timeline is, as soon as something listens there."""
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            sleep(0.05)
        else:
            break
    say(f"The timeline is at http://{HOST}:{port}/ (Ctrl-C ends it).")
    say(f"To edit it: make editor, then sign in at http://{HOST}:{port}/admin/")


def say(line: str) -> None:
    """Print a line at once: what follows may take a while."""
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]))
    else:
        asked = port()
        prepare()
        # A fresh process, without all that preparing took and opened.
        os.execv(sys.executable, [sys.executable, __file__, str(asked)])  # noqa: S606
