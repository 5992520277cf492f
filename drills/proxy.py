"""nginx by the example in `deploy/`, in front of instances by the unit in `deploy/`: on loopback.

Only names, ports, paths and certificate are put in place of the example's.
"""

import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from benchmarks.served import ROOT
from drills.site import HOST, Site

DEPLOY = ROOT / "deploy"
MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 2;
events {{ worker_connections 2048; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {example}
}}
"""
# What one address may ask, and how often: here one asks for many.
UNLIMITED = (("rate=20r/s", "rate=99999r/s"), ("limit_conn lines 30", "limit_conn lines 2000"))


class Instance:
    """The site as the unit runs it, on a port of its own."""

    def __init__(self, site: Site, folder: Path) -> None:
        """Choose a port; `start()` starts it."""
        self.environment, self.log = site.environment, folder / f"{id(self)}.log"
        self.port = free_port()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        unit = (DEPLOY / "sahel@.service").read_text()
        told = re.search(r"^ExecStart=(.+)$", unit, re.M)
        assert told
        command = told[1].replace("/srv/sahel/%i/.venv/bin", str(Path(sys.executable).parent))
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                shlex.split(command.replace("%i", str(self.port))),
                cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        for _ in range(600):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            time.sleep(0.05)
        raise RuntimeError(self.log.read_text())

    def workers(self) -> list[int]:
        """Give the numbers of its processes that serve."""
        command = ["pgrep", "-P", str(self.process.pid)]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        # The one that only keeps account of what is shared holds no socket.
        return [int(pid) for pid in found.stdout.split() if "tracker" not in _command_of(int(pid))]

    def memory(self) -> int:
        """Give the bytes that all its processes hold."""
        pages = 0
        for pid in (self.process.pid, *self.workers()):
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def kill(self) -> None:
        """Kill all its processes at once."""
        for pid in (self.process.pid, *self.workers()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Stop it as systemd does, once what is under way has ended."""
        self.process.terminate()
        self.process.wait(timeout=60)

    def reload(self) -> None:
        """Have it put new processes in the place of those it has; wait until they are."""
        before = set(self.workers())
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 60
        while before & set(self.workers()):
            assert time.monotonic() < end, "the processes of before are still there"
            time.sleep(0.1)


@contextmanager
def two_instances() -> Iterator[tuple[Path, list[Instance]]]:
    """Run two instances of a site with TLS in front; give their folder, and both."""
    if not shutil.which("nginx"):
        sys.exit("nginx is wanted: apt install nginx-light")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        site = Site(f"sqlite:///{folder}/sahel.sqlite3", str(folder))
        site.environment |= {"HTTPS": "1", "ALLOWED_HOSTS": HOST, "SECRET_KEY": "of a drill " * 6}
        site.prepare()
        instances = [Instance(site, folder) for _ in range(2)]
        for instance in instances:
            instance.start()
            stack.callback(instance.kill)
        yield folder, instances


@contextmanager
def proxy(
    folder: Path, instances: list[Instance], *changes: tuple[str, str]
) -> Iterator[tuple[int, ssl.SSLContext]]:
    """Run nginx; give the port of TLS, and what trusts its certificate."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    plain, tls = free_port(), free_port()
    example = (DEPLOY / "nginx.conf").read_text()
    for old, new in (
        ("timeline.example;", f"{HOST};"),
        ("https://timeline.example$", f"https://{HOST}:{tls}$"),
        ("/etc/ssl/timeline.example.pem", str(certificate)),
        ("/etc/ssl/timeline.example.key", str(key)),
        ("/var/cache/nginx/sahel", str(folder / "cache")),
        ("/var/log/nginx/sahel", str(folder / "nginx")),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
        ("listen 443", f"listen 127.0.0.1:{tls}"),
        ("listen [::]:80", f"listen [::1]:{plain}"),
        ("listen [::]:443", f"listen [::1]:{tls}"),
        ("127.0.0.1:8001", f"127.0.0.1:{instances[0].port}"),
        ("127.0.0.1:8002", f"127.0.0.1:{instances[1].port}"),
        *changes,
    ):
        assert old in example, old
        example = example.replace(old, new)
    path = folder / "nginx.conf"
    path.write_text(MAIN.format(folder=folder, example=example))
    folder.chmod(0o755)
    process = subprocess.Popen(["nginx", "-c", str(path), "-p", str(folder)])
    try:
        for _ in range(200):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", tls), timeout=1).close()
                break
            time.sleep(0.05)
        yield tls, ssl.create_default_context(cafile=str(certificate))
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    """Give a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _command_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""
