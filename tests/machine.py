"""What this machine has for the tests: Chromium, Nu, TimelineJS, LibreOffice, PostgreSQL."""

import os
import re
import shutil
import subprocess
from pathlib import Path


def chromium() -> str | None:
    """Give the path of Chromium: the one that CHROMIUM names, or one on PATH."""
    names = os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"
    return next(filter(None, (shutil.which(name) for name in names if name)), None)


def checker() -> list[str] | None:
    """Give the command of the Nu HTML checker: Java with the jar that VNU names, or `vnu`."""
    java, jar, vnu = shutil.which("java"), os.environ.get("VNU"), shutil.which("vnu")
    if java and jar and Path(jar).is_file():
        return [java, "-jar", jar]
    return [vnu] if vnu else None


def timelinejs() -> Path | None:
    """Give the folder of TimelineJS as it is published: `dist` in what TIMELINEJS names."""
    named = os.environ.get("TIMELINEJS")
    dist = Path(named) / "dist" if named else None
    return dist if dist and (dist / "js/timeline.js").is_file() else None


def soffice() -> str | None:
    """Give the path of LibreOffice, where it has its spreadsheets."""
    found = shutil.which("soffice")
    calc = Path(found).resolve().parent / "libsclo.so" if found else None
    return found if calc and calc.exists() else None


def postgres() -> Path | None:
    """Give the folder of PostgreSQL's server programs, the newest where there are several."""
    found = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    if config := shutil.which("pg_config"):
        asked = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        found.append(Path(asked.stdout.strip() or "/nonexistent"))
    # Debian and Ubuntu keep the server's programs of each version off PATH.
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    # Where a program on PATH is a link, what it needs lies beside what the link means.
    real = ((folder / "initdb").resolve().parent for folder in found)
    return next((f for f in real if (f / "initdb").exists() and (f / "pg_ctl").exists()), None)


def _version(folder: Path) -> float:
    found = re.search(r"\d+(\.\d+)?", str(folder))
    return float(found[0]) if found else 0
