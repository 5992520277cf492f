"""A migration under readers, and the code of before on the database of now: `make drill-migration`.

A throw-away migration changes the table of events on PostgreSQL, behind a question that takes its
time. Then the last commit before the newest migration serves what that migration left.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg

from benchmarks.bench import stop_cleanly
from benchmarks.served import ROOT, Server, ours, serving
from drills import number_asked
from drills.site import Clients, Site, read, say, table
from tests.clusters import cluster
from tests.machine import postgres

READS = number_asked(500, least=100)
PATIENCE = 2.5  # seconds that a reader may wait: `lock_timeout`, and a little
MARK = b"// of before"
MIGRATIONS = "sahel/migrations"
MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("sahel", "{newest}")]
    operations = [
        migrations.RunSQL("ALTER TABLE sahel_event ADD COLUMN drill text NOT NULL DEFAULT ''"),
        migrations.RunSQL("CREATE INDEX sahel_drill ON sahel_event (slug)"),
    ]
"""


def main() -> int:
    """Run both parts; give 1 where a figure misses its bar."""
    programs = postgres()
    if not programs:
        sys.exit("PostgreSQL's programs are wanted: apt install postgresql")
    table()
    stop_cleanly()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(cluster(programs))
        site = Site(url, str(folder))
        site.prepare()
        newest = max(path.stem for path in (ROOT / MIGRATIONS).glob("[0-9]*.py"))
        held = [*under_readers(site, folder, newest), *of_before(site, folder, newest)]
    return 0 if all(held) else 1


def under_readers(site: Site, folder: Path, newest: str) -> Iterator[bool]:
    """Migrate while readers read: behind a long question, then in peace."""
    copy = folder / "next"
    for name in ("sahel", "templates", "static", "manage.py"):
        (shutil.copytree if (ROOT / name).is_dir() else _copy)(ROOT / name, copy / name)
    (copy / MIGRATIONS / "9999_drill.py").write_text(MIGRATION.format(newest=newest))
    address = site.environment["DATABASE_URL"].replace("postgres://", "postgresql://")
    with site.serve() as server:
        with psycopg.connect(address) as long, Clients(8, read).connect(server.port) as readers:
            readers.wait_for(READS)
            before = len(readers.times)
            long.execute("SELECT FROM sahel_event")  # and the transaction goes on
            came = migrated(site, copy)
            readers.wait_for(before + READS)
        what = f"a migration behind a long question: {came}"
        yield unharmed(what, readers, before, done=came == "gave up")
        with Clients(8, read).connect(server.port) as readers:
            readers.wait_for(READS)
            before = len(readers.times)
            came = migrated(site, copy)
            readers.wait_for(before + READS)
        yield unharmed(f"the same in peace: {came}", readers, before, done=came == "done")


def migrated(site: Site, copy: Path) -> str:
    """Migrate with the code in a copy, and give what came of it."""
    began = time.monotonic()
    try:
        site.python(str(copy / "manage.py"), "migrate", "--verbosity=0")
    except RuntimeError as error:
        if "lock timeout" not in str(error) or time.monotonic() - began > 60:
            raise
        return "gave up"
    return "done"


def of_before(site: Site, folder: Path, newest: str) -> Iterator[bool]:
    """Serve every page with the last code that did not know the newest migration."""
    git = ["git", "-C", str(ROOT)]
    path = f"{MIGRATIONS}/{newest}.py"
    found = subprocess.run(
        [*git, "log", "--diff-filter=A", "--format=%h", "-1", "--", path],
        capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    if not found:
        sys.exit(f"The commit that brought {path} is wanted: run this in a clone with its history.")
    former = folder / "former"
    former.mkdir()
    packed = subprocess.run([*git, "archive", f"{found}^"], capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(former)], input=packed.stdout, check=True)
    data = folder / "former-data"
    data.mkdir()
    with (former / "static/sw.js").open("ab") as script:
        script.write(MARK)
    before = Site(site.environment["DATABASE_URL"], str(data))
    before.python(str(former / "manage.py"), "collectstatic", "--noinput", "--verbosity=0")
    with serving(ours(), before.environment, cwd=former) as server:
        pages = [
            page for section in listed(server, "/sitemap.xml") for page in listed(server, section)
        ]
        assert MARK in server.ask("/sw.js").body, "that is not the code of before"
        statuses = Counter(server.ask(page).status for page in pages)
        with Clients(8, read).connect(server.port) as readers:
            readers.wait_for(READS)
    figure = f"{len(pages)} pages: {dict(statuses)}"
    yield say(f"the code before {newest}", figure, "200", held=set(statuses) == {200})
    total = sum(readers.counts.values())
    failed = total - readers.counts["200"]
    figure = f"{failed} of {total:,} reads failed"
    yield say("the same, asked by many", figure, "0", held=failed == 0)


def listed(server: Server, path: str) -> list[str]:
    """Give the addresses, without the host, that a sitemap has."""
    return re.findall(r"<loc>http://[^/]+(.*?)</loc>", server.ask(path).body.decode())


def unharmed(what: str, readers: Clients, before: int, *, done: bool) -> bool:
    """Say how many reads failed, and how long the slowest took before the migration and since."""
    total, slowest = sum(readers.counts.values()), max(readers.times[before:])
    failed = total - readers.counts["200"]
    figure = (
        f"{failed} of {total:,} reads failed, the slowest took {slowest:.2f} s "
        f"({max(readers.times[:before]):.2f} s before)"
    )
    wanted = f"0, {PATIENCE} s at most"
    return say(what, figure, wanted, held=done and failed == 0 and slowest <= PATIENCE)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


if __name__ == "__main__":
    sys.exit(main())
