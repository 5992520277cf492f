"""Have the MDN HTTP Observatory judge the site behind TLS: `make drill-observatory`.

It asks ports 80 and 443 of a name, and for `/` alone: so each page has a name of its own on a
loopback address, at whose `/` nginx shows it. Takes root: for the ports and for /etc/hosts.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from benchmarks.bench import stop_cleanly
from drills.proxy import free_port
from drills.site import named

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.66.1"
# Each name, the page behind it, and the least that it must be given.
PAGES = {
    "timeline.test": ("/en/", 135),
    "event.test": ("/en/events/bounti-strike/", 135),
    "desk.test": ("/en/admin/login/", 135),
}
NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/errors;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;
  fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
  server {{ listen {host}:80; return 301 https://$host$request_uri; }}
  {servers}
}}
"""
SERVER = """
  server {{
    listen {host}:443 ssl; server_name {name};
    proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto https;
    location = / {{ proxy_pass http://127.0.0.1:{port}{page}; }}
    location / {{ proxy_pass http://127.0.0.1:{port}; }}
  }}
"""


def main() -> int:
    """Print a line of Markdown for each page; 1 where one is given less than it must be."""
    scanner = Path(os.environ.get("OBSERVATORY", ""), "src", "scan.js")
    missing = [name for name in ("nginx", "openssl", "node") if not shutil.which(name)]
    if missing or not scanner.is_file() or os.geteuid():
        sys.exit(
            "This drill needs root, nginx, openssl, node, and OBSERVATORY=path/to/node_modules/"
            "@mdn/mdn-http-observatory (npm install --ignore-scripts @mdn/mdn-http-observatory)."
            f" Missing: {', '.join(missing) or 'the scanner, or root'}."
        )
    preloaded = scanner.parent.parent / "conf" / "hsts-preload.json"
    if not preloaded.exists():  # a list that its installation would fetch
        preloaded.write_text("{}")
    failed = False
    stop_cleanly()
    print("| page | grade | score | at least | passed |\n|---|---|--:|--:|--:|", flush=True)
    with (
        tempfile.TemporaryDirectory() as name,
        named(HOST, *PAGES),
        site(Path(name)) as certificate,
    ):
        for host, (page, least) in PAGES.items():
            asked = subprocess.run(
                ["node", scanner, host],
                env={**os.environ, "NODE_EXTRA_CA_CERTS": str(certificate)},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            try:
                scan = json.loads(asked.stdout)["scan"]
                score, grade = int(scan["score"]), scan["grade"]
                passed = f"{scan['testsPassed']}/{scan['testsQuantity']}"
            except (KeyError, ValueError, TypeError):
                print(asked.stdout, asked.stderr, file=sys.stderr)
                score, grade, passed = 0, "none", ""
            print(f"| `{page}` | {grade} | {score} | {least} | {passed} |", flush=True)
            failed |= score < least or grade != "A+"
    return int(failed)


@contextmanager
def site(folder: Path) -> Iterator[Path]:
    """Serve the curated record behind nginx; give the certificate that it shows."""
    port = free_port()
    folder.chmod(0o755)  # nginx's own account reads and writes there
    names = list(PAGES)
    certificate = folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", f"/CN={names[0]}", "-addext", f"subjectAltName=DNS:{',DNS:'.join(names)}",
         "-keyout", folder / "key.pem", "-out", certificate],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    servers = "".join(
        SERVER.format(host=HOST, name=name, port=port, page=page)
        for name, (page, _least) in PAGES.items()
    )
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, host=HOST, servers=servers))
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DEBUG"},
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "DATA_DIR": str(folder / "data"),
        "ALLOWED_HOSTS": ",".join(names),
        "HTTPS": "1",
        "SECRET_KEY": "of a drill " * 6,
        "PORT": str(port),
    }
    started = []
    try:
        for command in (
            [sys.executable, ROOT / "bin" / "serve.py"],
            ["nginx", "-c", folder / "nginx.conf", "-p", folder],
        ):
            with (folder / "log").open("ab") as log:
                started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        for address in (("127.0.0.1", port), (HOST, 443)):
            wait_for(address, folder / "log")
        yield certificate
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(timeout=40)


def wait_for(address: tuple[str, int], log: Path) -> None:
    """Wait until something listens, for two minutes at most."""
    latest = monotonic() + 120
    while monotonic() < latest:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            sleep(0.2)
        else:
            return
    sys.exit(f"Nothing listens at {address}:\n{log.read_text()[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())
