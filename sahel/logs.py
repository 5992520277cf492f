"""What the site says of itself to whoever runs it: one line a record, no secret, no reader.

Each line has the id of the request in which it was written, which is also what error pages show.
"""

import json
import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_network
from time import perf_counter
from typing import Any, override

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

WELL_FORMED = re.compile(r"[A-Za-z0-9-]{1,64}")
# What ends a line or moves the cursor: a forged name must not write a line of its own.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# A password in an address: postgres://user:password@host.
PASSWORD = re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+@")
ADDRESSES = ("address", "ip", "client", "remote_addr")  # names of extra fields that hold one
# What every record has; the rest is what the code that logs gave as `extra`.
OWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request", "taskName"}

request_id: ContextVar[str] = ContextVar("request_id", default="")
slow = logging.getLogger("sahel.queries")


class RequestIds:
    """Outermost middleware: each request has an id, for logs and for whoever reports an error.

    A proxy's own is taken where one stands in front. Pages are the same bytes for all readers:
    the id is sent with errors, and to editors, alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Remember what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Know the request by its id until the thread takes the next one."""
        told = request.headers.get("X-Request-ID", "") if settings.HTTPS else ""
        known = told if WELL_FORMED.fullmatch(told) else uuid.uuid4().hex
        request_id.set(known)
        response = self.get_response(request)
        if response.status_code >= 400 or settings.SESSION_COOKIE_NAME in request.COOKIES:
            response["X-Request-ID"] = known
        return response


class PlainFormatter(logging.Formatter):
    """Lines for people: level, message, the request's id; below it an exception, as ever."""

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        """Give the message as one line."""
        said = f"{record.levelname} {record.name}: {record.message}"
        said += "".join(f" {name}={value}" for name, value in _extra(record).items())
        said += f" [{known}]" if (known := request_id.get()) else ""
        return CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), said)

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Give the record without what must not be read by others."""
        return without_secrets(super().format(record))


class JSONFormatter(logging.Formatter):
    """A JSON object a line, in ASCII: no name or message can break a line or hide in one."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Give time (UTC, ISO 8601), level, logger, message, request, exception, extra fields."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if known := request_id.get():
            told["request"] = known
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        told |= {name: value for name, value in _extra(record).items() if name not in told}
        # Before it is JSON: a secret may hold a character that JSON writes in another way.
        return json.dumps({name: _clean(value) for name, value in told.items()})


def _clean(value: Any) -> Any:
    return without_secrets(value) if isinstance(value, str) else value


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    """Give the plain values that were logged besides the message; of addresses the beginning."""
    extra: dict[str, str | int | float | None] = {}
    for name, value in vars(record).items():
        if name in OWN or not isinstance(value, str | int | float | bool | None):
            continue
        if name in ADDRESSES:
            if settings.LOG_ADDRESSES:
                extra[name] = shortened(str(value))
            continue
        extra[name] = value
    return extra


def shortened(address: str) -> str:
    """Give the network of an address, /24 or for IPv6 /48; empty for what is no address."""
    try:
        network = ip_network(f"{address}/{48 if ':' in address else 24}", strict=False)
    except ValueError:
        return ""
    return str(network.network_address)


def without_secrets(text: str) -> str:
    """Replace what no log may hold: our keys, tokens, and passwords, also within addresses."""
    text = PASSWORD.sub(r"\1:***@", text)
    for secret in _secrets():
        text = text.replace(secret, "***")
    return text


@cache
def _secrets() -> tuple[str, ...]:
    mailers = getattr(settings, "MAILERS", {}).values()
    found = {
        settings.SECRET_KEY,
        *settings.SECRET_KEY_FALLBACKS,
        settings.METRICS_TOKEN,
        *(database.get("PASSWORD") or "" for database in settings.DATABASES.values()),
        *(mailer.get("OPTIONS", {}).get("password") or "" for mailer in mailers),
    }
    # A password of a few letters is a word that occurs elsewhere.
    return tuple(secret for secret in found if len(secret) >= 8)


def watch_queries(connection: Any, **_about: Any) -> None:
    """Have a connection's queries timed, once however often it connects (`connection_created`)."""
    if settings.SLOW_QUERY_MS and timed not in connection.execute_wrappers:
        connection.execute_wrappers.append(timed)


def timed(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run a query, and log one that took long: its SQL with placeholders, never what they hold."""
    started = perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        took = 1000 * (perf_counter() - started)
        if took >= settings.SLOW_QUERY_MS:
            text = " ".join(str(sql).split())[:2000]
            slow.warning(
                "A query took %.0f ms: %s", took, text, extra={"milliseconds": round(took)}
            )
