"""Pictures of pages: drawn as SVG by a template, as PNG by resvg, which needs no browser.

Their letters are those of the fonts in `sahel/fonts/`, whatever the machine has.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from resvg_py import svg_to_bytes

from sahel.fields import readers_language

FONTS = sorted(str(path) for path in Path(__file__).with_name("fonts").glob("*.ttf"))
NARROW, WIDE = set("iljtfrI.,;:!'’‘|()[] "), set("mwMWŒœÆæ—…%@")


def draw_png(
    request: HttpRequest, picture: str, context: dict[str, Any], width: int, height: int
) -> HttpResponse:
    """Draw a template of SVG as a PNG of so many pixels."""
    svg = render_to_string(picture, context, request, using=readers_language())
    png = svg_to_bytes(
        svg_string=svg,
        width=width,
        height=height,
        font_files=FONTS,
        skip_system_fonts=True,
        font_family="Noto Serif",
        serif_family="Noto Serif",
        sans_serif_family="Noto Sans",
    )
    response = HttpResponse(bytes(png), content_type="image/png")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # for other sites to show
    return response


def wrapped(text: str, width: float, most: int) -> list[str]:
    """Break a text into lines of so many ems at most; what is too much ends with an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and _ems(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    if len(lines) > most:
        last = lines[most - 1]
        while last and _ems(f"{last}…") > width:
            last = last.rpartition(" ")[0] or last[:-1]
        lines[most - 1 :] = [f"{last.rstrip(' ,;:')}…"]
    return lines


def _ems(text: str) -> float:
    """Estimate the width of a text, in ems: rather too wide than too narrow."""
    return sum(
        0.34 if letter in NARROW else 0.95 if letter in WIDE else 0.72 if letter.isupper() else 0.57
        for letter in text
    )
