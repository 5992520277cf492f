"""Bring the database and the static files up to date and become the server: `make run`."""

import os
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"


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
    os.environ["DJANGO_SETTINGS_MODULE"] = "sahel.settings"
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
    """Become gunicorn: a fresh process has no open connection that its workers would share."""
    os.chdir(ROOT)
    options = "--config=bin/gunicorn.conf.py", f"--bind={HOST}:{port}"
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *options])  # noqa: S606


def say(line: str) -> None:
    """Print a line at once: what follows may take a while."""
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    asked = port()
    prepare()
    serve(asked)
