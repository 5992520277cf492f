"""`manage.py archive`: write the public site as files that open without a server."""

import shutil
import tempfile
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management.base import BaseCommand, CommandError
from django.http.request import split_domain_port, validate_host

from sahel.archive import Archive
from sahel.folders import MANIFEST
from sahel.models import snapshot


class Command(BaseCommand):
    """Write a dated folder and the same as a zip; what was written on the same day is replaced."""

    help = "Write the whole public site as a folder of files, and as a zip of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take where to write, and whose copy it is."""
        default = settings.DATA_DIR / "archive"
        parser.add_argument("folder", nargs="?", type=Path, default=default)
        parser.add_argument(
            "--site", default="", help="the address of the site, for example https://example.org"
        )

    def handle(self, *args: Any, folder: Path, site: str, **options: Any) -> None:
        """Write beside what is there, and put it in its place when it is whole."""
        site = _site(site)
        try:
            staticfiles_storage.url("archive.css")
        except ValueError as error:
            raise CommandError("Run manage.py collectstatic first.") from error
        day = datetime.now(UTC).date()
        name = f"sahel-archive-{day}"
        written, packed = folder / name, folder / f"{name}.zip"
        began = time.monotonic()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if written.exists() and not (written / MANIFEST).is_file():
                raise CommandError(
                    f"{written} is no archive: move it away, or name another folder."
                )
            with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder) as made:
                root = Path(made, name)

                def told(files: int) -> None:
                    if options["verbosity"] and not files % 50:
                        self._progress(files, time.monotonic() - began)

                with snapshot():
                    archive = Archive(root, site, day, told)
                    kept = archive.write()
                kept.zip_to(Path(made, packed.name), name, day)
                if written.exists():
                    shutil.rmtree(written)
                root.rename(written)
                Path(made, packed.name).replace(packed)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        if options["verbosity"]:
            self._progress(len(kept.hashes), time.monotonic() - began, end="\n")
            self.stdout.write(f"{written}/index.html opens it; {packed} is the same to pass on.")

    def _progress(self, files: int, seconds: float, end: str = "") -> None:
        self.stderr.write(f"\r{files:,} files, {seconds:.0f} s", ending=end)


def _site(given: str) -> str:
    """Give the scheme and host of the site: as given, or of the first host that readers use."""
    if not given:
        hosts = [host for host in settings.ALLOWED_HOSTS if host[:1] not in ("*", ".")]
        if not hosts:
            raise CommandError("Say whose copy it is: --site https://example.org")
        return f"{'https' if settings.HTTPS else 'http'}://{hosts[0]}"
    url = urlsplit(given)
    if url.scheme not in ("http", "https") or not url.netloc or url.path.strip("/") or url.query:
        raise CommandError(f"{given} is no address of a site: give one as https://example.org")
    domain, _port = split_domain_port(url.netloc.lower())
    if not (domain and validate_host(domain, settings.ALLOWED_HOSTS)):
        raise CommandError(f"{url.netloc} is not among ALLOWED_HOSTS.")
    return f"{url.scheme}://{url.netloc.lower()}"
