"""One http_server under wrk: requests a second, latency, and the processor time that a request costs."""

import contextlib
import http.client
import os
import re
import resource
import signal
import socket
import subprocess
from pathlib import Path

from .processes import first_thread_time_ns, memory_bytes, processor_time_ns

CONNECTIONS = [1, 32, 256]
POLLED = [1]  # where a thread that stays awake finds nothing to do now and then
TWO_THREADS = "c32_2threads"
RESTING = "c32_resting"  # each connection waits 0 to 2 ms before a request: no core is full
REST = Path(__file__).parent / "rest.lua"
ALL_SHAPES = {"bare", "bare_writing", "weir", "beast", "beast_weir", "gin"}  # the others have those of CONNECTIONS, or of POLLED
IDLE = 10_000
UNLOGGED = {"bare", "beast"}
UNITS_NS = {"us": 1e3, "ms": 1e6, "s": 1e9}


class Failure(Exception):
    """The server or wrk did not do what is measured."""


def run_wrk(cores, port, connections, seconds, script=None):
    done = subprocess.run(["taskset", "-c", ",".join(map(str, cores)), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
                           *(["--script", script] if script else []), f"http://127.0.0.1:{port}/hello"],
                          stdout=subprocess.PIPE, text=True, timeout=seconds + 30)
    rate = re.search(r"Requests/sec:\s*([0-9.]+)", done.stdout)
    count = re.search(r"(\d+) requests in", done.stdout)
    p99 = re.search(r"99%\s*([0-9.]+)(us|ms|s)\b", done.stdout)
    if done.returncode != 0 or not (rate and count and p99):
        raise Failure(f"wrk failed:\n{done.stdout}")
    if re.search(r"Non-2xx|Socket errors", done.stdout):
        raise Failure(f"wrk saw errors:\n{done.stdout}")
    return float(rate[1]), int(count[1]), float(p99[1]) * UNITS_NS[p99[2]]


@contextlib.contextmanager
def running(server, subject, log, cores, threads):
    """Yields (process id, port). At the end the server must stop in order and have logged every request."""
    command = ["taskset", "-c", ",".join(map(str, cores)), server, "--subject", subject, "--log", log]
    # A Go program has as many threads at work as the servers here have to serve.
    command += [] if subject == "gin" else ["--threads", str(threads)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                               env=dict(os.environ, GOMAXPROCS=str(threads)))
    try:
        words = process.stdout.readline().split()
        if words[:1] != ["port"]:
            raise Failure("the server did not start")
        yield process.pid, int(words[1])
        process.send_signal(signal.SIGTERM)
        try:
            words = process.communicate(timeout=30)[0].split()
        except subprocess.TimeoutExpired as late:
            raise Failure("the server did not end within 30 s") from late
        if process.returncode != 0 or words[:1] != ["requests"]:
            raise Failure("the server did not end in order")
        if subject not in UNLOGGED:
            with open(log, "rb") as lines:
                written = sum(chunk.count(b"\n") for chunk in iter(lambda: lines.read(1 << 20), b""))
            if written != int(words[1]):
                raise Failure(f"{words[1]} requests, but {written} lines in the access log")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
        with contextlib.suppress(FileNotFoundError):
            os.remove(log)


@contextlib.contextmanager
def idle_connections(port, count):
    """So many connections that have had an answer each, and keep silent."""
    request = b"GET /hello HTTP/1.1\r\nHost: idle\r\n\r\n"
    with contextlib.ExitStack() as opened:
        for _ in range(count):
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            connection.sendall(request)
            if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
                raise Failure("an idle connection got no answer")
        yield


def may_open(files):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return files <= max(soft, hard)


def allocations(port):
    """Of the server's thread so far. A request like the others, but for its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/allocations")
        return int(connection.getresponse().read())


def measure(server, subject, log, cores, seconds):
    """One thread that serves has the first core; the loggers' threads share the second with wrk. Two threads that
    serve have both, and wrk others, if there are any."""
    results = []

    def tell(shape, metric, unit, value):
        results.append({"bench": "http", "shape": shape, "subject": subject, "metric": metric, "unit": unit,
                        "value": value})

    def load(shape, process, port, connections, wrk_cores, script=None):
        before = processor_time_ns(process), first_thread_time_ns(process)
        rate, count, p99 = run_wrk(wrk_cores, port, connections, seconds, script)
        spent = processor_time_ns(process) - before[0], first_thread_time_ns(process) - before[1]
        tell(shape, "requests_per_s", "requests/s", rate)
        tell(shape, "p99", "ns", p99)
        tell(shape, "ns_per_op", "ns", spent[0] / count)
        if subject != "gin" and shape != TWO_THREADS:
            tell(shape, "serving_ns_per_op", "ns", spent[1] / count)
        return count

    has_room = may_open(IDLE + 500)
    second = [cores[1 % len(cores)]]
    # Left to the kernel, a Go server that one connection keeps waiting moves to wrk's core, where it is woken in a
    # quarter of the time: that would compare places.
    with running(server, subject, log, cores[:1] if subject == "gin" else cores[:2], 1) as (process, port):
        for connections in POLLED if subject == "weir_polling" else CONNECTIONS:
            shape = f"c{connections}"
            if subject == "gin":
                load(shape, process, port, connections, second)
                continue
            before = allocations(port)
            count = load(shape, process, port, connections, second)
            tell(shape, "allocations_per_request", "count", round((allocations(port) - before) / count, 2))
        if subject in ALL_SHAPES:
            load(RESTING, process, port, 32, second, REST)
        if has_room and subject in ALL_SHAPES:
            before = memory_bytes(process)[0]
            with idle_connections(port, IDLE):
                tell("c32_idle10k", "bytes_per_connection", "bytes", (memory_bytes(process)[0] - before) / IDLE)
                load("c32_idle10k", process, port, 32, second)
    if subject in ALL_SHAPES:
        with running(server, subject, log, cores[:2], 2) as (process, port):
            load(TWO_THREADS, process, port, 32, cores[2:4] or cores)
    return results
