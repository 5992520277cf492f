"""Run the commands of docs/operating.md on an empty Debian 13: `make drill-deployment`.

The machine is a container that systemd boots, with the network of this one: it takes root, and the
ports below. Packages come from Debian and PyPI; the certificate from Pebble, the test server of
Let's Encrypt's makers, in the machine itself.
"""

import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.bench import stop_cleanly
from benchmarks.served import ROOT
from drills.migration import MIGRATION, MIGRATIONS
from drills.site import Clients, named, say, table

GUIDE = (ROOT / "docs" / "operating.md").read_text()
NAME = "timeline.example.org"  # as in the guide
PORTS = 80, 443, 5432, 8001, 8002
MINUTES = 30
READY = "running", "degraded"
STYLE = re.compile(r'"(/static/[^"]+\.css)"')
# What the guide cannot have: a certificate of somebody else's, and a name that leads here.
ACME = """
echo '127.0.0.1 localhost {name}' >>/etc/hosts
apt-get update -qq && apt-get install -qq --yes pebble openssl curl ca-certificates
mkdir -p ~/.config/letsencrypt ~/pebble && cd ~/pebble
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem
cat >settings.json <<END
{{"pebble": {{"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
"certificate": "certificate.pem", "privateKey": "key.pem", "httpPort": 80, "tlsPort": 443}}}}
END
printf '%s\\n' 'server = https://localhost:14000/dir' 'no-verify-ssl = true' 'agree-tos = true' \
    'register-unsafely-without-email = true' 'non-interactive = true' \
    >~/.config/letsencrypt/cli.ini
systemd-run --quiet --working-directory="$PWD" --setenv=PEBBLE_VA_NOSLEEP=1 \
    --setenv=PEBBLE_WFE_NONCEREJECT=0 \
    /usr/bin/pebble -config settings.json
curl --silent --insecure --retry 9 --retry-connrefused https://localhost:15000/roots/0 >root.pem
cat root.pem >>/etc/ssl/certs/ca-certificates.crt
"""


def main() -> int:
    """Print a line for each chapter; 1 where one does not hold."""
    wanted = "debootstrap", "systemd-nspawn", "nsenter", "git"
    if missing := [program for program in wanted if not shutil.which(program)]:
        sys.exit(f"Missing: {', '.join(missing)} (apt install debootstrap systemd-container git).")
    if os.geteuid():
        sys.exit("This drill needs root: it makes a machine and boots it.")
    if taken := [str(port) for port in PORTS if in_use(port)]:
        sys.exit(f"Ports {', '.join(taken)} are in use here, and the machine wants them.")
    stop_cleanly()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        machine = stack.enter_context(booted(folder))
        two_releases(folder / "machine" / "mnt" / "code")
        stack.enter_context(named("127.0.0.1", NAME))
        table()
        held = [
            *deployed(machine),
            *upgraded(machine),
            *restored(machine),
            *moved(machine),
            *at_peace(machine),
        ]
    return 0 if all(held) else 1


class Machine:
    """A container, by the process that is the first in it."""

    def __init__(self, leader: int) -> None:
        """Take the number of that process."""
        self.leader = leader

    def run(self, script: str) -> str:
        """Run a script of bash there, as root would at a terminal, and give what it says."""
        environment = [
            f"HOME={Path('~root').expanduser()}",
            "LANG=C.UTF-8",
            f"PATH={os.defpath}:/usr/sbin:/sbin",
        ]
        environment += ["DEBIAN_FRONTEND=noninteractive"]
        if certificates := os.environ.get("PIP_CERT"):  # where a proxy of one's own is in between
            environment += [f"PIP_CERT={certificates}"]
        done = subprocess.run(
            ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-p", "--",
             "env", "-i", *environment, "bash", "-e", "-c", f"cd\n{script}"],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{script}\n\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return done.stdout.strip()


@contextmanager
def booted(folder: Path) -> Iterator[Machine]:
    """Make an empty Debian 13, boot it, and stop it in the end."""
    root = folder / "machine"
    parts = "--include=systemd-sysv,dbus,iproute2,passwd,login,ca-certificates"
    subprocess.run(
        ["debootstrap", "--variant=minbase", parts, "trixie", str(root)],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    if certificates := os.environ.get("PIP_CERT"):
        there = root / certificates.removeprefix("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(certificates, there)
    command = ["systemd-nspawn", "--quiet", "--directory", str(root), "--register=no", "--boot"]
    command += ["--resolv-conf=copy-host"]
    if not Path("/run/systemd/system").exists():
        command += ["--keep-unit"]
    if not Path("/sys/fs/cgroup/cgroup.controllers").exists():  # of old: systemd has to be told so
        told = "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1", "systemd.unified_cgroup_hierarchy=0"
        command += ["--", *told]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield Machine(leader(process))
    finally:
        process.terminate()
        process.wait(timeout=120)


def leader(process: "subprocess.Popen[bytes]") -> int:
    """Wait until the machine has started; give the number of its first process."""
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.5)
        found = subprocess.run(
            ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        with suppress(RuntimeError):
            if found and Machine(int(found[0])).run("systemctl is-system-running || :") in READY:
                return int(found[0])
    raise RuntimeError("The machine did not start.")


def two_releases(code: Path) -> None:
    """Write the code of here as release 1, and with a migration and another style as release 2."""

    def git(*arguments: str) -> None:
        command = ["git", "-c", "user.name=drill", "-c", "user.email=drill@localhost"]
        subprocess.run([*command, "-C", str(code), *arguments], check=True, capture_output=True)

    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(code)], check=True)
    git("tag", "1")
    newest = max(path.stem for path in (code / MIGRATIONS).glob("[0-9]*.py"))
    (code / MIGRATIONS / "9999_drill.py").write_text(MIGRATION.format(newest=newest))
    with (code / "static" / "sahel.css").open("a") as style:
        style.write("/* of release 2 */\n")  # which gives it another address
    git("add", "."), git("commit", "--quiet", "--message", "Add a column"), git("tag", "2")


def commands(chapter: str, release: str = "") -> str:
    """Give the commands of a chapter of the guide, with what it leaves open."""
    text = GUIDE.partition(f"\n## {chapter}")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith(4 * " ")]
    script = textwrap.dedent("\n".join(lines))
    return script.replace("<address of the code>", "/mnt/code").replace(
        "<name of the release>", release
    )


def deployed(machine: Machine) -> Iterator[bool]:
    """Deploy it, and renew its certificate."""
    machine.run(ACME.format(name=NAME))
    began = time.monotonic()
    machine.run(commands("First deployment", "1"))
    with readers(machine, 1) as clients:
        clients.wait_for(20)
    took = time.monotonic() - began
    well = set(clients.counts) == {"200"}
    figure = f"{dict(clients.counts)} after {took:.0f} s"
    yield say("first deployment", figure, f"200, {MINUTES} min", held=well and took < MINUTES * 60)
    before = ssl.get_server_certificate((NAME, 443))
    machine.run("certbot renew --force-renewal --no-random-sleep-on-renew")
    time.sleep(2)  # until nginx has read it
    other = ssl.get_server_certificate((NAME, 443)) != before
    figure = "another one is shown" if other else "the same is shown"
    yield say("the certificate is renewed behind nginx", figure, "another one", held=other)


def upgraded(machine: Machine) -> Iterator[bool]:
    """Upgrade it under readers."""
    with readers(machine, 2) as clients:
        clients.wait_for(20)
        machine.run(commands("Upgrades", "2"))
        clients.wait_for(sum(clients.counts.values()) + 20)
    failed = sum(clients.counts.values()) - clients.counts["200"]
    slowest, total = max(clients.times), sum(clients.counts.values())
    there = machine.run(". /srv/sahel/8001/deploy/commands.sh; manage showmigrations sahel")
    figure = f"{failed} of {total} reads failed, the slowest took {slowest:.1f} s"
    yield say("upgrade", figure, "0", held=not failed and "[X] 9999_drill" in there)


def restored(machine: Machine) -> Iterator[bool]:
    """Restore a backup beside, then in the place of a database that is lost."""
    said = machine.run(commands("Backup and restore"))
    with readers(machine, 1) as clients:
        clients.wait_for(20)
    figure = f"{dict(clients.counts)}; {' '.join(said.split())}"
    twice = said.count("rows are back, each as it was written"), said.count("unbroken")
    held = set(clients.counts) == {"200"} and twice == (2, 2)
    yield say(
        "a backup restored, beside and in place", figure, "200, all rows, unbroken", held=held
    )


def moved(machine: Machine) -> Iterator[bool]:
    """Have the site run on a file, then move it to PostgreSQL."""
    machine.run("""
        . /srv/sahel/8001/deploy/commands.sh
        sed -i '/^DATABASE_URL=/d' /etc/sahel.env
        echo DATABASE_URL=sqlite:////var/lib/sahel/sahel.sqlite3 >>/etc/sahel.env
        manage migrate --verbosity 0 && manage load && systemctl restart sahel@8001 sahel@8002
    """)
    said = machine.run(commands("From SQLite"))
    with readers(machine, 1) as clients:
        clients.wait_for(20)
    figure = f"{dict(clients.counts)}; {' '.join(said.split())}"
    held = set(clients.counts) == {"200"} and "each as it is here" in said and "unbroken" in said
    yield say("from SQLite to PostgreSQL", figure, "200, all rows, unbroken", held=held)


def at_peace(machine: Machine) -> Iterator[bool]:
    """Run what timers run; nothing has failed since the machine started."""
    machine.run("systemctl start sahel-job@{publish_due,dump,backup}")
    failed = machine.run(
        "systemctl list-units --failed --no-legend 'sahel*' nginx certbot 'postgres*'"
    )
    yield say("timers' jobs; services that failed", failed or "none", "none", held=not failed)


@contextmanager
def readers(machine: Machine, number: int) -> Iterator[Clients]:
    """Read pages as so many readers do, by TLS, as often as nginx lets one address ask."""
    trusting = ssl.create_default_context(cadata=machine.run("cat ~/pebble/root.pem"))

    def calmly(line: HTTPConnection, number: int) -> str:
        time.sleep(0.3)
        line.request("GET", f"/{'en' if number % 2 else 'fr'}/?n={number}")
        page = line.getresponse()
        came, sheets = page.status, STYLE.findall(page.read().decode())
        for sheet in sheets:
            line.request("GET", f"{sheet}?n={number}")
            style = line.getresponse()
            style.read()
            if style.status != 200:
                return f"{style.status} {sheet}"
        return str(came) if sheets else "no style"

    with Clients(number, calmly).connect(443, trusting, NAME) as clients:
        yield clients


def in_use(port: int) -> bool:
    """Say whether somebody listens on a port of this machine."""
    line = HTTPConnection("127.0.0.1", port, timeout=1)
    with suppress(OSError):
        line.connect()
        line.close()
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
