"""A folder of files to pass on: where each page stands in it, its hashes, the same as a zip."""

import hashlib
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

MANIFEST = "MANIFEST.sha256"
_DEVICES = re.compile(r"(con|prn|aux|nul|(com|lpt)\d)", re.I)  # no names of folders on Windows


def file_of(language: str, address: str, number: int = 1) -> str:
    """Give the place in the folder of a page: folders for paths and queries, files for sheets."""
    path, _mark, query = address.partition("?")
    folder, _slash, name = path.rpartition("/")
    words = query.split("=") if query else []
    if name and words:
        stem, dot, form = name.partition(".")
        name = f"{'-'.join([stem, *words])}{dot}{form}"
    elif not name:
        folder = "/".join([folder, *words])
        name = "index.html" if number == 1 else f"page-{number}.html"
    parts = [language, *folder.split("/"), name]
    return "/".join(f"{part}_" if _DEVICES.fullmatch(part) else part for part in parts if part)


@dataclass
class Folder:
    """Files as they are written, each with its SHA-256."""

    root: Path
    hashes: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file, piece by piece."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        self.hashes[name] = digest.hexdigest()

    def write_manifest(self) -> None:
        """List all files with their hashes, for `sha256sum -c`."""
        lines = (f"{self.hashes[name]}  {name}\n".encode() for name in sorted(self.hashes))
        self.write(MANIFEST, list(lines))

    def zip_to(self, path: Path, inside: str, day: date) -> None:
        """Put all files into a zip, within a folder: the same files and day are the same bytes."""
        with ZipFile(path, "w") as packed:
            for name in sorted(self.hashes):
                entry = ZipInfo(f"{inside}/{name}", (day.year, day.month, day.day, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                entry.create_system = 3  # Unix, on whatever machine
                entry.compress_type = ZIP_STORED if name.endswith(".png") else ZIP_DEFLATED
                with (self.root / name).open("rb") as file, packed.open(entry, "w") as to:
                    shutil.copyfileobj(file, to)
