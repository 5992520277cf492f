"""Requests that two servers may read in two ways, and old ways to encrypt: `make drill-smuggling`.

Each goes to the site's own server and through nginx. What is ambiguous is refused, or read in one
way only: what hides behind it must never be answered as a request of its own. TLS is tried by
clients that know one version, or ciphers of one kind, and no better.
"""

import socket
import ssl
import sys
import warnings
from contextlib import suppress

from benchmarks.bench import stop_cleanly
from drills.proxy import UNLIMITED, proxy, two_instances
from drills.site import HOST, say, table

HIDDEN = f"GET /en/hidden/ HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
CHUNKED = f"5\r\nhello\r\n0\r\n\r\n{HIDDEN}"
REFUSED = {400, 405, 408, 411, 413, 414, 417, 431, 501, 505}
CLOSED = 0  # hung up without a word, as on a host that is not ours


def post(*headers: str, body: str = CHUNKED) -> bytes:
    """Give a request with these headers, whose body may end in a second request."""
    lines = ["POST /en/ HTTP/1.1", f"Host: {HOST}", "X-Forwarded-Proto: https", *headers]
    return ("\r\n".join([*lines, "", ""]) + body).encode("latin-1")


def get(*headers: str, first: str = "GET /livez HTTP/1.1", end: str = "\r\n") -> bytes:
    """Give a request without a body."""
    return end.join([first, "X-Forwarded-Proto: https", *headers, "", ""]).encode("latin-1")


# Framings that must be refused: nobody may find a second request in them.
AMBIGUOUS = {
    "length and chunks": post("Content-Length: 4", "Transfer-Encoding: chunked"),
    "chunks and length": post("Transfer-Encoding: chunked", "Content-Length: 4"),
    "Transfer-Encoding with a space before its colon": post("Transfer-Encoding : chunked"),
    "Transfer-Encoding after a tab": post("\tTransfer-Encoding: chunked", "Content-Length: 4"),
    "Transfer-Encoding with a vertical tab": post(
        "Transfer-Encoding: \x0bchunked", "Content-Length: 4"
    ),
    "Transfer-Encoding: xchunked": post("Transfer-Encoding: xchunked", "Content-Length: 4"),
    "Transfer-Encoding: chunked, identity": post("Transfer-Encoding: chunked, identity"),
    "Transfer-Encoding twice": post("Transfer-Encoding: chunked", "Transfer-Encoding: x"),
    "Transfer-Encoding in HTTP/1.0": post("Transfer-Encoding: chunked").replace(b"1.1", b"1.0", 1),
    "two lengths": post("Content-Length: 4", "Content-Length: 5"),
    "lengths with a comma": post("Content-Length: 4, 5"),
    "Content-Length: +3": post("Content-Length: +3"),
    "Content-Length: -1": post("Content-Length: -1"),
    "Content-Length: 0x3": post("Content-Length: 0x3"),
    "a length beyond all numbers": post(f"Content-Length: {'9' * 30}"),
    "a chunk of 0x5": post("Transfer-Encoding: chunked", body=f"0x5\r\nhello\r\n0\r\n\r\n{HIDDEN}"),
    "a chunk of -5": post("Transfer-Encoding: chunked", body=f"-5\r\nhello\r\n0\r\n\r\n{HIDDEN}"),
    "a chunk beyond all numbers": post(
        "Transfer-Encoding: chunked", body=f"{'F' * 17}\r\nhello\r\n0\r\n\r\n{HIDDEN}"
    ),
    "a folded header": post("Transfer-Encoding:\r\n chunked", "Content-Length: 4"),
    "two hosts": get(f"Host: {HOST}", "Host: other.example"),
    "no host": get(),
    "a host that is not ours": get("Host: other.example"),
    "a header with a NUL": get(f"Host: {HOST}", "X-Sample: a\0b"),
    "a header of 70 kB": get(f"Host: {HOST}", f"X-Sample: {'a' * 70_000}"),
    "an address of 70 kB": get(f"Host: {HOST}", first=f"GET /{'a' * 70_000} HTTP/1.1"),
    "a request line of four words": get(f"Host: {HOST}", first="GET /livez x HTTP/1.1"),
    "HTTP/3.7": get(f"Host: {HOST}", first="GET /livez HTTP/3.7"),
}
# Read in one way only by whoever reads them at all.
HARMLESS = {
    "lines that end in LF alone": get(f"Host: {HOST}", end="\n"),
    "an address with scheme and host": get(
        f"Host: {HOST}", first=f"GET http://{HOST}/livez HTTP/1.1"
    ),
    "an address of another host": get(
        f"Host: {HOST}", first="GET http://other.example/livez HTTP/1.1"
    ),
}
UNKNOWN = {
    method: get(f"Host: {HOST}", first=f"{method} /en/ HTTP/1.1")
    for method in ("TRACE", "PUT", "PATCH", "DELETE", "CONNECT", "FOO")
}
# Versions and ciphers, and whether nginx is to agree.
SPOKEN = {
    "TLS 1.0": (ssl.TLSVersion.TLSv1, "ALL", False),
    "TLS 1.1": (ssl.TLSVersion.TLSv1_1, "ALL", False),
    "TLS 1.2": (ssl.TLSVersion.TLSv1_2, "ALL", True),
    "TLS 1.3": (ssl.TLSVersion.TLSv1_3, "ALL", True),
    "keys without forward secrecy": (ssl.TLSVersion.TLSv1_2, "kRSA", False),
    "Diffie-Hellman of a server's own group": (ssl.TLSVersion.TLSv1_2, "kDHE", False),
    "ciphers that do not authenticate": (ssl.TLSVersion.TLSv1_2, "ALL:!AESGCM:!CHACHA20", False),
    "no encryption": (ssl.TLSVersion.TLSv1_2, "eNULL", False),
}


def main() -> int:
    """Send all of them to both; give 1 where one is answered otherwise than it should."""
    table()
    stop_cleanly()
    held: list[bool] = []
    with (
        two_instances() as (folder, instances),
        proxy(folder, instances, *UNLIMITED) as (tls, context),
    ):
        for requests, wanted in (
            (AMBIGUOUS, REFUSED),
            (HARMLESS, REFUSED | {200}),
            (UNKNOWN, {405, 501}),
        ):
            for what, request in requests.items():
                server = send(request, instances[0].port)
                nginx = send(request, tls, context)
                figure = f"the server: {server}, nginx: {nginx}"
                # The site refuses a form of nobody's before its body is read, however it is framed.
                well = is_one_of(server, wanted | {403}) and is_one_of(nginx, wanted)
                held.append(say(what, figure, "one answer of each", held=well))
        for what, (version, ciphers, wanted) in SPOKEN.items():
            agreed = agrees(tls, version, ciphers)
            figure = "agreed" if agreed else "refused"
            held.append(say(what, figure, "agreed" if wanted else "refused", held=agreed == wanted))
    return 0 if all(held) else 1


def agrees(port: int, version: ssl.TLSVersion, ciphers: str) -> bool:
    """Say whether a client that knows this version and these ciphers alone is let in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = context.maximum_version = version
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")  # whatever this machine thinks of it
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=2) as line,
            context.wrap_socket(line, server_hostname=HOST),
        ):
            return True
    except (ssl.SSLError, ConnectionError):
        return False


def is_one_of(statuses: list[int], wanted: set[int]) -> bool:
    """Say whether there was one answer, of those wanted, or none."""
    return len(statuses) == 1 and statuses[0] in wanted | {CLOSED}


def send(request: bytes, port: int, context: ssl.SSLContext | None = None) -> list[int]:
    """Send bytes as they are, and give the status of every answer that comes within 2 seconds."""
    line: socket.socket = socket.create_connection(("127.0.0.1", port), timeout=2)
    if context:
        line = context.wrap_socket(line, server_hostname=HOST)
    received = b""
    with line, suppress(OSError):
        line.sendall(request)
        while piece := line.recv(1 << 16):
            received += piece
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]] or [CLOSED]


if __name__ == "__main__":
    sys.exit(main())
