"""Which database is asked: readers' pages ask a standby where there is one, editors the primary.

Several hosts in DATABASE_URL are libpq's business: it finds the primary, and a standby, among them.
Where there is one host, or SQLite, all of this is "default".
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

PRIMARY, STANDBY = DEFAULT_DB_ALIAS, "standby"
LOST = InterfaceError, OperationalError  # what a connection says that is lost, or cannot be had
# SQLSTATEs: of a server that was the primary, and of a question that took too long.
READ_ONLY, TOO_LONG = "25006", "57014"

_alias: ContextVar[str] = ContextVar("alias", default=PRIMARY)


def read_from(alias: str) -> None:
    """Let this thread read from there, until the next request says otherwise."""
    _alias.set(alias)


def alias() -> str:
    """Give the alias of the database from which this thread reads."""
    return _alias.get()


def reading() -> BaseDatabaseWrapper:
    """Give the connection by which this thread reads."""
    return connections[_alias.get()]


def gave_up(error: BaseException | None) -> bool:
    """Say whether an error is one of no database that would answer, or take what is written.

    A server that was the primary and is a standby now is left for whichever is the primary.
    """
    read_only = error is not None and getattr(error.__cause__, "sqlstate", "") == READ_ONLY
    if read_only:
        connections[PRIMARY].close()
    return read_only or isinstance(error, LOST)


class Router:
    """Lets models be read from where the thread reads, and written on the primary."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Give where the thread reads."""
        return _alias.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Give the primary."""
        return PRIMARY

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        """Say that both are the same record, wherever they were read."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Say that a standby is migrated by its primary."""
        return db != STANDBY


_held: list[BaseDatabaseWrapper] = []


def hold_open() -> None:
    """Keep a connection to SQLite's file as long as this process lives.

    The first one makes a file beside it, the last one takes it away: on a full disk nobody could
    read any more once all were closed.
    """
    if connections[PRIMARY].vendor == "sqlite":
        held = connections.create_connection(PRIMARY)
        held.inc_thread_sharing()
        with held.cursor() as cursor:
            cursor.execute("SELECT 1 FROM sqlite_master")
        _held.append(held)


def is_reading(request: HttpRequest) -> bool:
    """Say whether a request is for what readers read, whoever asks."""
    first, _slash, rest = request.path_info[1:].partition("/")
    desk = "admin/", "preview/", "alerts/"
    path = rest if first in dict(settings.LANGUAGES) else f"{first}/{rest}"
    return request.method in ("GET", "HEAD") and not path.startswith(desk)


def is_public(request: HttpRequest) -> bool:
    """Say whether a request is a reader's: nobody who asks so can have saved anything."""
    return is_reading(request) and settings.SESSION_COOKIE_NAME not in request.COOKIES


class Databases:
    """Middleware: chooses the database, and asks readers' pages once more where one was lost."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Remember what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Choose. What is sent later, in pieces, is still read from there."""
        both = STANDBY in connections.settings
        public = is_public(request)
        read_from(STANDBY if both and public else PRIMARY)
        if both and not public:
            wait_for_nobody(saving=request.method not in ("GET", "HEAD"))
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], given: Any, named: Any
    ) -> HttpResponseBase | None:
        """Draw a reader's page; where a connection was lost meanwhile, once more on a new one."""
        if not is_public(request) or reading().in_atomic_block:
            return None
        try:
            answer: HttpResponseBase = view(request, *given, **named)
        except LOST as error:
            if getattr(error.__cause__, "sqlstate", "") == TOO_LONG:
                raise  # it would take as long once more
            reading().close()
            answer = view(request, *given, **named)
        return answer


WAITS_IN_VAIN = """
SELECT current_setting('synchronous_standby_names') <> ''
   AND NOT EXISTS (SELECT FROM pg_stat_get_wal_senders())
"""
# What waits is written here, and its editor is told that it may not be saved.
WAIT_NO_LONGER = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE wait_event = 'SyncRep' AND usename = current_user
"""


def waits_in_vain(cursor: Any) -> bool:
    """Say whether the primary waits for a standby, and there is none; end the saves that do.

    It would let them wait until there is one again, for hours if need be, and readers behind them.
    """
    cursor.execute(WAITS_IN_VAIN)
    (found,) = cursor.fetchone()
    if found:
        cursor.execute(WAIT_NO_LONGER)
    return bool(found)


def wait_for_nobody(*, saving: bool) -> None:
    """Refuse what would wait in vain, as if no database answered.

    Who only reads may: what that writes, the use of a session, is kept by the primary alone.
    """
    connection = connections[PRIMARY]
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        try:
            found = waits_in_vain(cursor)
        except LOST:  # it may have been lost since it was last used
            connection.close()
            return
        if found and saving:
            raise OperationalError("The primary waits for a standby, and there is none.")
        raw: Any = connection.connection
        if found != getattr(raw, "alone", False):
            cursor.execute(f"SET synchronous_commit TO {'LOCAL' if found else 'DEFAULT'}")
            raw.alone = found


# What watches the site asks these -----------------------------------------------------------------


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Say that the process answers, whatever else does."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether readers get their pages (or 503), and whether editors can save."""
    reads, writes = answers(alias()), answers(PRIMARY)
    said = f"reads: {'yes' if reads else 'no'}\nwrites: {'yes' if writes else 'no'}\n"
    answer = HttpResponse(said, content_type="text/plain", status=200 if reads else 503)
    answer["Cache-Control"] = "no-store"
    return answer


def answers(alias: str) -> bool:
    """Say whether a database answers; the primary, that it takes what is written."""
    connection = connections[alias]
    for _attempt in range(2):  # a connection may have been lost since it was last used
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT version FROM sahel_record")
                cursor.fetchone()
                if alias == PRIMARY and connection.vendor == "postgresql":
                    if waits_in_vain(cursor):
                        return False
                    cursor.execute("SHOW transaction_read_only")
                    if cursor.fetchone() != ("off",):
                        connection.close()
                        continue
        except LOST:
            if not connection.in_atomic_block:
                connection.close()
        else:
            return True
    return False
