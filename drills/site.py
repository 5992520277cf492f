"""A site of its own to try things on, and clients that ask it without pause."""

import hashlib
import http.client
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

from benchmarks.served import ROOT, Server, ours, serving
from tests.__main__ import SETTINGS

SESSION = """
import json
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from tests.signin import let_in
client = Client()
let_in(client, User.objects.create_superuser("drill", password="a long pass phrase"))
name = settings.SESSION_COOKIE_NAME  # another one behind TLS
print(json.dumps(f"{name}={client.cookies[name].value}; {settings.CSRF_COOKIE_NAME}="))
"""
TOKEN = "0123456789abcdefghijklmnopqrstuv"  # against forged requests: cookie and form have the same
PATIENCE = 10  # seconds for one answer
HOST = "localhost"
HOSTS, MARK = Path("/etc/hosts"), "# of a drill"
EVENT = {  # as a form of the admin sends it, of the first source of the curated record
    "summary_en": "It happened.",
    "kind": "statement",
    "status": "happened",
    "date": "2021-06",
    "date_basis": "inferred",
    "position": "0",
    "_step": "publish",
    "quotations-TOTAL_FORMS": "1",
    "quotations-INITIAL_FORMS": "0",
    "quotations-0-source": "1",
    "quotations-0-exact": "Something happened.",
    "quotations-0-why_uncheckable_en": "Words of a drill.",
    "quotations-0-language": "en",
    "quotations-0-stance": "claims",
    "quotations-0-order": "0",
    "involvements-TOTAL_FORMS": "0",
    "involvements-INITIAL_FORMS": "0",
    "references-TOTAL_FORMS": "0",
    "references-INITIAL_FORMS": "0",
}


class Site:
    """The site on a database, with the curated record loaded."""

    def __init__(self, url: str, data: str) -> None:
        """Say where; `prepare()` and `serve()` do it."""
        environment = {k: v for k, v in os.environ.items() if k not in SETTINGS}
        self.environment = environment | {"DATABASE_URL": url, "DATA_DIR": data}
        self.environment |= {"SECRET_KEY": "of a drill", "LOG_LEVEL": "CRITICAL"}

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py and give what it says."""
        return self.python("manage.py", *arguments)

    def python(self, *arguments: str) -> str:
        """Run a program of the project's and give what it says."""
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
        return done.stdout.strip()

    def prepare(self) -> None:
        """Migrate, load the fixtures, collect the static files, and sign an editor in."""
        self.manage("migrate", "--verbosity=0")
        self.manage("load", "--verbosity=0")
        self.manage("collectstatic", "--noinput", "--verbosity=0")
        session = json.loads(self.manage("shell", "--verbosity=0", "-c", SESSION).splitlines()[-1])
        self.cookies = session + TOKEN

    @contextmanager
    def serve(self) -> Iterator[Server]:
        """Serve it as `make run` does."""
        with serving(ours(), self.environment) as server:
            yield server


class Clients:
    """Threads that do something again and again until told to stop; what came of it is counted."""

    def __init__(self, number: int, what: Callable[[http.client.HTTPConnection, int], str]) -> None:
        """Take what a client does with its connection and a number of its own: it says what came.

        Its connection is opened anew after an error, which counts by its name.
        """
        self.what, self.numbers = what, count()
        self.counts: Counter[str] = Counter()
        self.times: list[float] = []
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(number)]

    def connect(self, port: int, context: ssl.SSLContext | None = None, host: str = HOST) -> Self:
        """Say where; with a context, by TLS."""
        self.port, self.context, self.host = port, context, host
        return self

    def __enter__(self) -> Self:
        """Start."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop, and wait until what is under way has ended."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, total: int, seconds: float = 600) -> None:
        """Wait until so much was done; TimeoutError where that takes too long."""
        end = time.monotonic() + seconds
        while sum(self.counts.values()) < total:
            if time.monotonic() > end:
                raise TimeoutError(f"{total} were wanted; {self.counts}")
            time.sleep(0.05)

    def _run(self) -> None:
        line = self._line()
        while not self._stop.is_set():
            began = time.perf_counter()
            with self._lock:
                number = next(self.numbers)
            try:
                came = self.what(line, number)
            except (OSError, http.client.HTTPException) as error:
                came = type(error).__name__
                line.close()
                line = self._line()
                time.sleep(0.02)
            with self._lock:
                self.counts[came] += 1
                self.times.append(time.perf_counter() - began)

    def _line(self) -> http.client.HTTPConnection:
        if self.context:
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=PATIENCE, context=self.context
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)


def read(line: http.client.HTTPConnection, number: int) -> str:
    """Ask for one of many pages that nobody asked for before, and give the status."""
    paths = (
        f"/en/?year={2012 + number % 11}&q=m&n={number}",
        f"/fr/events/bounti-strike/?n={number}",
        f"/fr/?actor=france&n={number}",
        f"/en/actors/france/?n={number}",
    )
    line.request("GET", paths[number % len(paths)])
    answer = line.getresponse()
    answer.read()
    return str(answer.status)


def saving(
    cookies: str, saved: list[str], name: str = "drill"
) -> Callable[[http.client.HTTPConnection, int], str]:
    """Give what an editor does who adds an actor: its slug is in `saved` once that is acknowledged.

    It says "saved" where the site does, else the status.
    """

    def save(line: http.client.HTTPConnection, number: int) -> str:
        slug = f"{name}-{number}"
        form = {"name_en": slug, "name_fr": slug, "slug": slug, "kind": "state", "aliases": ""}
        return _sent(line, cookies, "actor", form, saved)

    return save


def publishing(
    cookies: str, saved: list[str], name: str = "drill"
) -> Callable[[http.client.HTTPConnection, int], str]:
    """Give what an editor does who publishes an event with a quotation; as `saving()` else."""

    def publish(line: http.client.HTTPConnection, number: int) -> str:
        slug = f"{name}-{number}"
        # The form asks after titles that are alike.
        word = hashlib.sha256(slug.encode()).hexdigest()
        form = EVENT | {"slug": slug, "title_en": f"{word[:12]} {word[12:24]} {word[24:36]}"}
        return _sent(line, cookies, "event", form, saved)

    return publish


def _sent(
    line: http.client.HTTPConnection,
    cookies: str,
    model: str,
    form: dict[str, str],
    saved: list[str],
) -> str:
    body = urlencode({**form, "csrfmiddlewaretoken": TOKEN})
    headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    line.request("POST", f"/en/admin/sahel/{model}/add/", body, headers)
    answer = line.getresponse()
    answer.read()
    if answer.status == 302 and f"/sahel/{model}/" in (answer.getheader("Location") or ""):
        saved.append(form["slug"])
        return "saved"
    return str(answer.status)


@contextmanager
def named(address: str, *names: str) -> Iterator[None]:
    """Have names lead to an address of this machine for a while; takes root."""
    before = HOSTS.read_text()
    HOSTS.write_text(f"{before.rstrip()}\n{address} {' '.join(names)} {MARK}\n")
    try:
        yield
    finally:
        kept = [line for line in HOSTS.read_text().splitlines(True) if MARK not in line]
        HOSTS.write_text("".join(kept))


def table() -> None:
    """Print the head of the table of figures."""
    print("| fault | figure | wanted | |\n|---|---|---|---|", flush=True)


def say(fault: str, figure: str, wanted: str, *, held: bool) -> bool:
    """Print a line of the table."""
    print(f"| {fault} | {figure} | {wanted} | {'held' if held else '**missed**'} |", flush=True)
    return held


def percentile(times: list[float], part: float) -> float:
    """Give the milliseconds within which that part of the answers came."""
    return 1000 * sorted(times)[min(len(times) - 1, int(len(times) * part))]
