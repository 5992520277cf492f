"""A server in processes of its own, and the load that is put on it from another one."""

import json
import os
import re
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 8
IN_A_ROW = 20  # answers on fresh connections; by chance one worker gives them once in a million
PATIENCE = 900  # seconds: a large record takes its time to be read


class Answer(NamedTuple):
    """What came back for one request."""

    status: int
    headers: dict[str, str]
    body: bytes


class Server(NamedTuple):
    """A server that runs."""

    port: int
    pid: int

    def ask(self, address: str, **headers: str) -> Answer:
        """Ask for a page on a fresh connection, so that any of the workers may answer."""
        wanted = {"Host": "localhost", "Connection": "close", **headers}
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(_request(address, wanted))
            received = b"".join(iter(lambda: connection.recv(1 << 18), b""))
        head, _, body = received.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in rest)
        return Answer(int(first.split()[1]), {n.lower(): value for n, _, value in pairs}, body)

    def load(self, addresses: list[str], seconds: float, **headers: str) -> dict[str, Any]:
        """Ask for pages without pause on 8 connections; also give the server's CPU per request."""
        job = {"port": self.port, "addresses": addresses, "seconds": seconds, "headers": headers}
        command = [sys.executable, "-m", "benchmarks.served"]
        before = self.cpu()
        done = subprocess.run(
            command, cwd=ROOT, input=json.dumps(job), capture_output=True, text=True, check=True
        )
        found: dict[str, Any] = json.loads(done.stdout)
        found["cpu"] = 1000 * (self.cpu() - before) / found["requests"]
        return found

    def cpu(self) -> float:
        """Give the seconds of CPU that the server's processes have had."""
        parents, ticks = {}, {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                values = path.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
                continue
            pid = int(path.parent.name)
            parents[pid], ticks[pid] = int(values[1]), int(values[11]) + int(values[12])
        ours = {self.pid}
        while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
            ours |= more
        return sum(ticks.get(pid, 0) for pid in ours) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(command: list[str], environment: dict[str, str], cwd: Path = ROOT) -> Iterator[Server]:
    """Run the command, in which {port} stands for a free port, until the caller is done with it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [part.format(port=port) for part in command]
    with Path(environment["DATA_DIR"], "server.log").open("w+") as log:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            for _ in range(600):
                if process.poll() is not None:
                    break
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                except OSError:
                    time.sleep(0.1)
                else:
                    yield Server(port, process.pid)
                    return
            log.seek(0)
            raise RuntimeError(f"{command} did not start:\n{log.read()}")
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def ours() -> list[str]:
    """Give the command with which `make run` starts the server."""
    return [sys.executable, "bin/serve.py", "{port}"]


# The load: raw sockets in one thread, to leave the CPU to the server ------------------------------


def _request(address: str, headers: dict[str, str]) -> bytes:
    lines = [f"GET {address} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


class _Connection:
    """A connection with one request on its way."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)

    def send(self, request: bytes) -> None:
        self.received, self.length = bytearray(), -1  # -1: not known yet; -2: till a last chunk
        self.status, self.keep = 0, True
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def complete(self) -> bool:
        """Take in what has arrived; say whether it is all."""
        data = self.socket.recv(1 << 18)
        self.received += data
        if self.length == -1 and (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.received[:end]).lower()
            self.status = int(head[9:12])
            self.keep = b"connection: close" not in head
            found = re.search(rb"content-length: *(\d+)", head)
            size = int(found[1]) if found else 0
            chunked = b"transfer-encoding: chunked" in head
            self.length = -2 if chunked else end + 4 + size
        if not data and len(self.received) < self.length:
            raise ConnectionError("the server hung up within an answer")
        if self.length == -2:
            return self.received.endswith(b"0\r\n\r\n")
        return 0 <= self.length <= len(self.received)


def _drive(port: int, addresses: list[str], seconds: float, headers: dict[str, str]) -> Any:
    headers = {"Host": "localhost", **headers}
    requests = cycle([_request(address, headers) for address in addresses])
    waiting = selectors.DefaultSelector()
    latencies: list[float] = []
    statuses: Counter[int] = Counter()

    def begin(connection: _Connection) -> None:
        connection.send(next(requests))
        waiting.register(connection.socket, selectors.EVENT_READ, connection)

    began = time.perf_counter()
    for _ in range(CONNECTIONS):
        begin(_Connection(port))
    while waiting.get_map():
        for key, _mask in waiting.select():
            connection = key.data
            if not connection.complete():
                continue
            now = time.perf_counter()
            waiting.unregister(connection.socket)
            latencies.append(now - connection.began)
            statuses[connection.status] += 1
            if not connection.keep or now - began >= seconds:
                connection.socket.close()
            if now - began < seconds:
                begin(connection if connection.keep else _Connection(port))
    latencies.sort()
    took = time.perf_counter() - began
    return {
        "requests": len(latencies),
        "rate": len(latencies) / took,
        "p50": 1000 * latencies[len(latencies) // 2],
        "p99": 1000 * latencies[-(-99 * len(latencies) // 100) - 1],
        "statuses": statuses,
    }


if __name__ == "__main__":
    print(json.dumps(_drive(**json.load(sys.stdin))))
