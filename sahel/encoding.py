"""What is asked and sent is UTF-8, whatever a request says of itself.

Django reads the address, too, in the charset that a Content-Type names: `?q=goita` would be other
words, and the page of those would be kept for all who ask the same address. Charsets that are none
of text, and types that are too long, it does not read at all.
"""

import re
from collections.abc import Callable
from typing import Any

FORM = re.compile(r"\s*application/x-www-form-urlencoded\s*(;|$)", re.I)
FORM_WITH_FILES = re.compile(
    r"""\s*multipart/form-data\s*;.*?\bboundary=("?)([\w'()+,./:=?-]{1,70})\1\s*(;|$)""",
    re.I | re.A,
)


class ReadAsUTF8:
    """A WSGI application that is told of forms alone, and of them no more than how they are cut."""

    def __init__(self, application: Callable[..., Any]) -> None:
        """Remember what comes next."""
        self.application = application

    def __call__(self, environ: dict[str, Any], *rest: Any) -> Any:
        """Leave of the Content-Type what the site reads, if anything."""
        environ["CONTENT_TYPE"] = _form(environ.get("CONTENT_TYPE", "")[:1000])
        return self.application(environ, *rest)


def _form(said: str) -> str:
    if FORM.match(said):
        return "application/x-www-form-urlencoded"
    cut = FORM_WITH_FILES.match(said)
    return f'multipart/form-data; boundary="{cut[2]}"' if cut else ""
