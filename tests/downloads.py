"""Files as a reader takes them: asked for, and read whole."""

import csv
import io
from typing import Any

from django.test import Client


def get(client: Client, path: str, **headers: Any) -> Any:
    """Give an answer, with all it sends as `body`."""
    answer: Any = client.get(path, **headers)
    answer.body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer


def text(client: Client, path: str) -> str:
    """Give what an address answers, which must be 200."""
    answer = get(client, path)
    assert answer.status_code == 200, path
    body: str = answer.body.decode()
    return body


def rows(client: Client, path: str) -> list[dict[str, str]]:
    """Give the rows of a CSV file by their columns."""
    return list(csv.DictReader(io.StringIO(text(client, path))))
