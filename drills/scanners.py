"""Have two scanners look for a way in, as a stranger and as an editor: `make drill-scanners`.

wapiti walks the site and sends its forms; sqlmap tries every word of the addresses below, headers
and cookies too. The site counts what it was asked, and what it could not answer.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from time import monotonic
from urllib.parse import urlencode

from benchmarks.bench import stop_cleanly
from benchmarks.served import Server
from drills import number_asked
from drills.site import TOKEN, Site

WATCHER = "of a drill"
# Without those that ask other hosts, and those of TLS, which nginx ends: the Observatory's drill
# judges what is said there. Without `ldap`, of which the site has none: it takes every word for
# which two answers differ, as those of a search must, for a way in.
MODULES = (
    "crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,sql,timesql,upload"
    ",xss"
)
OF_TLS = "HTTP Strict Transport Security (HSTS)"
# What would sign the scanner out, and what a stranger reads.
LEFT_OUT = ("logout/", "password_change/", "second-step/another/", "auth/user/*")
FILTERS = urlencode(
    {
        "actor": "france", "year": "2021", "from": "2020", "to": "2021-12", "place": "mali",
        "kind": "statement", "status": "reported", "source": "guardian-retranslated-2022",
        "q": "m", "order": "newest",
    }
)  # fmt: skip
READ = (
    f"/en/?{FILTERS}",
    "/en/?q=m&after=bounti-strike&find=france",
    f"/api/v1/events?{FILTERS.replace('&order=newest', '')}&limit=5",
    "/api/v1/sources?q=a&fields=slug&limit=2",
    "/en/events.csv?actor=france&q=m",
    "/en/lanes/?q=m&rows=48",
    "/en/changes/?what=new&event=bounti-strike&page=1",
    "/en/embed/?actor=france&theme=dark",
    "/oembed?url=http%3A%2F%2Flocalhost%2Fen%2F&format=json&maxwidth=400",
    "/en/events/bounti-strike/1/?x=1",
)
DESK = (
    "/en/admin/sahel/event/?q=a&kind__exact=coup&publication__exact=draft&o=1&p=0",
    "/en/admin/sahel/quotation/?q=a&o=-2",
    "/en/admin/sahel/source/?q=a&o=1",
    "/en/admin/sahel/change/?q=a",
    "/en/admin/autocomplete/?term=a&app_label=sahel&model_name=event&field_name=place",
    "/en/admin/sahel/event/read/date/?date=2021",
)
FORMS = {
    "/en/admin/sahel/actor/add/": {
        "name_en": "a", "name_fr": "a", "slug": "a", "kind": "state", "aliases": "a", "why": "a",
    },
    "/en/admin/sahel/event/": {
        "action": "delete_selected", "_selected_action": "1", "select_across": "0", "index": "0",
    },
}  # fmt: skip


def main() -> int:
    """Print a line of Markdown for each run; 1 where something was found."""
    stop_cleanly()
    wapiti = os.environ.get("WAPITI") or shutil.which("wapiti")
    sqlmap = shutil.which("sqlmap")
    if not wapiti or not Path(wapiti).is_file() or not sqlmap:
        sys.exit(
            "wapiti and sqlmap are wanted: pip install wapiti3 into an environment of its own and"
            " WAPITI=path/to/bin/wapiti; apt install sqlmap."
        )
    seconds = number_asked(400, least=30)  # of each run
    print("| scanner | as | seconds | requests | pages of the desk | found |", flush=True)
    print("|---|---|--:|--:|--:|---|", flush=True)
    sound = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = Site(f"sqlite:///{folder}/sahel.sqlite3", name)
        site.environment |= {"METRICS_TOKEN": WATCHER, "LOG_LEVEL": "ERROR"}
        site.environment |= {"EMAIL_URL": "dummymail://", "EMAIL_FROM": "drill@localhost"}
        site.prepare()
        with site.serve() as server:
            log = folder / "server.log"
            # Last the one that saves what it likes in the record.
            for scanner, cookies in (
                (sqlmap, ""), (sqlmap, site.cookies), (wapiti, ""), (wapiti, site.cookies)
            ):  # fmt: skip
                began, before, start = monotonic(), _requests(server), log.stat().st_size
                run = _sqlmap if scanner == sqlmap else _wapiti
                found, how_far = run(scanner, server.port, cookies, seconds, folder)
                asked, seen = (b - a for a, b in zip(before, _requests(server), strict=True))
                found += [f"an error of ours: {path}" for path in _errors(log, start)]
                if cookies and (
                    seen < seconds or server.ask(DESK[0], Cookie=cookies).status != 200
                ):
                    found.append("hardly let in, or signed out: less was tried than it seems")
                print(
                    f"| {Path(scanner).name} | {'an editor' if cookies else 'a stranger'} |"
                    f" {monotonic() - began:.0f} | {asked:,} | {seen:,} |"
                    f" {'; '.join(found) or '**nothing**'}{how_far} |",
                    flush=True,
                )
                # A scanner that was let in nowhere asks little.
                sound &= not found and asked > 5 * seconds
    return 0 if sound else 1


def _wapiti(
    program: str, port: int, cookies: str, seconds: int, folder: Path
) -> tuple[list[str], str]:
    site, report = f"http://127.0.0.1:{port}", folder / "wapiti.json"
    started = [*DESK, *FORMS] if cookies else [*READ[:4], "/en/alerts/"]
    begin = f"{site}/en/admin/" if cookies else f"{site}/"
    command = [program, "-u", begin, "--scope", "folder", "-m", MODULES]
    command += [part for path in started for part in ("-s", site + path)]
    for language in ("en", "fr"):
        for path in LEFT_OUT:
            command += ["-x", f"{site}/{language}/admin/{path}"]
    command += ["--flush-session", "--store-session", str(folder / "wapiti"), "--no-bugreport"]
    command += ["--max-links-per-page", "40", "--max-files-per-dir", "6", "--tasks", "4"]
    command += ["--max-scan-time", str(seconds // 6), "-f", "json", "-o", str(report), "-v", "0"]
    command += ["--max-attack-time", str(max(5, seconds // 25))]
    command += ["-C", cookies] if cookies else []
    _run(command, seconds * 3, folder)  # it ends what it began
    if not report.exists():
        return ["no report: it did not end by itself"], ""
    told = json.loads(report.read_text())
    found = [
        f"{kind}: {each['method']} {each['path']} {each['parameter']} ({each['info']})"
        for part in ("vulnerabilities", "anomalies")
        for kind, all_of_them in told[part].items()
        for each in all_of_them
        if kind != OF_TLS
    ]
    return found, ""


def _sqlmap(
    program: str, port: int, cookies: str, seconds: int, folder: Path
) -> tuple[list[str], str]:
    forms = FORMS if cookies else {"/en/admin/login/": {"username": "a", "password": "a"}}
    token = {"csrfmiddlewaretoken": TOKEN}
    asked = [(path, "") for path in (DESK if cookies else READ)]
    asked += [(path, urlencode(form | token)) for path, form in forms.items()]
    found, ended, until = [], 0, monotonic() + seconds
    for number, (path, body) in enumerate(asked):
        share = (until - monotonic()) / (len(asked) - number)
        command = [program, "-u", f"http://127.0.0.1:{port}{path}", "--batch", "--level", "3"]
        # What would work on other databases would take all the time.
        command += ["--risk", "2", "--threads", "4", "--technique", "BEUST", "--time-sec", "2"]
        command += ["--dbms", "SQLite"]
        command += ["--flush-session", "--output-dir", str(folder / "sqlmap"), "--disable-coloring"]
        command += ["--skip", "csrfmiddlewaretoken", *(["--data", body] if body else [])]
        cookie = cookies or f"csrftoken={TOKEN}"
        command += ["--cookie", cookie, "--ignore-code", "*"]
        told = _run(command, share, folder)
        ended += "[*] ending @" in told
        parameters = re.findall(r"^Parameter: (.+)$", told, re.M)
        found += [f"{path.partition('?')[0]} {parameter}" for parameter in parameters]
    return found, f"; {ended} of {len(asked)} addresses to the end"


def _run(command: list[str], seconds: float, folder: Path) -> str:
    """Run for so long at most, and give what was said."""
    with (folder / "said").open("w+") as said:
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                command, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                timeout=seconds, check=False, cwd=folder,
            )  # fmt: skip
        said.seek(0)
        return said.read()


def _requests(server: Server) -> tuple[int, int]:
    """Give how many requests the site has had, and to how many it showed a page of the desk."""
    told = server.ask("/metrics", Authorization=f"Bearer {WATCHER}").body.decode()
    rows = re.findall(r"^sahel_http_requests_total\{(.*)\} (\S+)$", told, re.M)
    numbers = {labels: int(float(number)) for labels, number in rows}
    return sum(numbers.values()), numbers['kind="admin",status="2xx"']


def _errors(log: Path, start: int) -> list[str]:
    """Give the addresses that the site could not answer, by its log from there."""
    told = log.read_bytes()[start:].decode(errors="replace")
    return sorted(set(re.findall(r"^ERROR .*: (\S+) status_code=500", told, re.M)))


if __name__ == "__main__":
    sys.exit(main())
