"""Turn the editors' guide, `docs/editing.md` and its translation, into parts of a page."""

import re
from pathlib import Path

from markdown import markdown

ROOT = Path(__file__).resolve().parent.parent
GUIDES = {"en": ROOT / "docs" / "editing.md", "fr": ROOT / "docs" / "editing.fr.md"}
PIECES = {
    language: ROOT / "sahel" / "templates" / "admin" / f"_guide_{language}.html"
    for language in GUIDES
}


def drawn(language: str) -> str:
    """Give the guide of a language as a template of Django's, without its title."""
    text = re.sub(
        r"(?m)^(# .*|\*\[.*\]\(editing.*\)\*)$", "", GUIDES[language].read_text(encoding="utf-8")
    )
    html = markdown(text, extensions=["tables", "toc"])
    pictures = re.sub(r'src="\.\./static/([^"]+)"', r'src="{% static "\1" %}"', html)
    made = f"{{# Made of {GUIDES[language].name} by `make messages`. #}}"
    return f"{made}\n{{% load static %}}\n{pictures}\n"


if __name__ == "__main__":
    for name, piece in PIECES.items():
        piece.write_text(drawn(name), encoding="utf-8")
