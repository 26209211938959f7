"""How soon a busy server has stopped working for a client that has gone."""

import datetime
import json
import shutil
import socket
import struct
import subprocess
import sys
import time

from . import http_load
from .setting import Failure, row

LEADING = ("p99", False)
CONNECTIONS = 32
SHAPES = ["fin", "reset"]


def go_away(port, number, shape):
    """Asks for what takes for ever, waits until the server is at it, and leaves. Returns when, in ns since 1970."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /wait?n=%d HTTP/1.1\r\nHost: gone\r\n\r\n" % number)
        time.sleep(0.05)
        if shape == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return time.time_ns()


def ended(log):
    """Of each request for what takes for ever: its number, and when its record was made, in ns since 1970."""
    with open(log) as lines:
        for line in lines:
            if '"url.path":"/wait"' in line and line.endswith("\n"):
                entry = json.loads(line)
                at = datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00"))
                yield int(entry["url.query"].removeprefix("n=")), int(at.timestamp() * 1e6) * 1000


def measure(server, log, cores, count):
    with http_load.running(server, "weir", log, cores[:2], 1) as (_, port):
        load = subprocess.Popen(["taskset", "-c", str(cores[1 % len(cores)]), "wrk", "-t1", f"-c{CONNECTIONS}",
                                 f"-d{count // 10}s", f"http://127.0.0.1:{port}/hello"], stdout=subprocess.DEVNULL)
        left = {number: (SHAPES[number % 2], go_away(port, number, SHAPES[number % 2])) for number in range(count)}
        load.wait(timeout=60)
        limit = time.monotonic() + 10
        while len(seen := dict(ended(log))) < count:
            if time.monotonic() > limit:
                raise Failure(f"client_gone: {count - len(seen)} requests still wait for clients that have gone")
            time.sleep(0.05)
    times = {shape: sorted(seen[number] - at for number, (which, at) in left.items() if which == shape)
             for shape in SHAPES}
    return [(shape, metric, of[min(len(of) - 1, int(len(of) * share))]) for shape, of in times.items()
            for metric, share in (("p50", 0.5), ("p99", 0.99))]


def run(bench):
    server = bench.programs / "http_server"
    if not server.exists() or shutil.which("wrk") is None:
        print("client_gone: left out: it needs the Beast adapter and wrk", file=sys.stderr)
        return
    for repetition, subject in bench.in_turns("client_gone", 1 if bench.quick else 3, ["weir"]):
        try:
            for shape, metric, value in measure(server, bench.scratch / "access.log", bench.cores,
                                                40 if bench.quick else 100):
                yield row("client_gone", shape, subject, metric, "ns", value, repetition)
        except http_load.Failure as failure:
            raise Failure(f"client_gone: {failure}") from failure


def targets(results):
    for shape in SHAPES:
        slowest = results.median("p99", (shape, "weir"))
        yield f"weir {slowest / 1e6:.1f} ms ({shape}, p99), at most 50", slowest <= 50e6
