"""Clients that give up are noticed while their handler runs, and a server that is told to stop loses nothing."""

import os
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from harness import Server, eventually, need

MIB = 1 << 20
IMPATIENT = 20


def trace(number):
    return f"{number + 1:032x}"


def traceparent(number):
    return f"00-{trace(number)}-00f067aa0ba902b7-01"


def send(server, target, *headers):
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    lines = [f"GET {target} HTTP/1.1", "Host: test", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode())
    return connection


def read_all(connection):
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def slow_cancelled(server, **labels):
    return server.metric("weir_requests_cancelled_total", http_route="/slow", **labels)


def by_trace(records, message):
    return {each["trace_id"]: each for each in records if each["message"] == message}


def clients_that_give_up():
    with Server() as server:
        def give_up(number):
            curl = subprocess.run(["curl", "-sS", "--max-time", "0.3", "-H", f"traceparent: {traceparent(number)}",
                                   f"{server.url}/slow?ms=60000"], capture_output=True)
            assert curl.returncode == 28, curl  # "operation timeout"

        with ThreadPoolExecutor(IMPATIENT) as pool:
            list(pool.map(give_up, range(IMPATIENT)))
        eventually("each of them is noticed", lambda: slow_cancelled(server, phase="handler") == IMPATIENT)

        # One that only closes its sending side looks the same from here, and is taken for the same.
        half = send(server, "/slow?ms=60000", f"traceparent: {traceparent(IMPATIENT)}")
        half.shutdown(socket.SHUT_WR)
        assert read_all(half) == b""
        eventually("so is the last", lambda: slow_cancelled(server, phase="handler", reason="client_closed") == IMPATIENT + 1)
        assert server.metric("http_server_active_requests", http_request_method="GET") == 1  # the scrape itself

        assert server.stop() == 0
        records = server.records()
        stopped, access = by_trace(records, "stopped early"), by_trace(records, "GET /slow 499")
        for number in range(IMPATIENT + 1):
            assert stopped[trace(number)]["reason"] == "client_closed", stopped
            told = access[trace(number)]
            assert told["span_id"] == stopped[trace(number)]["span_id"]
            assert (told["outcome"], told["error.type"], told["cancel.phase"]) == ("cancelled", "client_closed", "handler")
            assert "http.response.status_code" not in told, told
            # Microseconds; what is excluded here is a handler that goes on for nobody.
            assert 0 <= told["cancel.to_stop_s"] < 0.5, told
            assert told["duration_s"] < 30, told


def stopped_by_sigterm():
    with Server() as server:
        server.add_file("large.bin", 64 * MIB)
        short = [send(server, "/slow?ms=1500", f"traceparent: {traceparent(number)}") for number in range(10)]
        long = [send(server, "/slow?ms=600000", f"traceparent: {traceparent(number)}") for number in range(10, 20)]
        stalled = send(server, "/download/large.bin", f"traceparent: {traceparent(20)}")  # and never reads
        idle = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        eventually("all are under way", lambda: server.metric("http_server_active_requests") == 22)  # and the scrape

        begun = time.monotonic()
        status = server.stop()
        print(f"stopped in {time.monotonic() - begun:.1f} s")
        assert status == 0, status
        assert all(b" 200 OK" in answer and answer.endswith(b"done after 1500 ms\n") for answer in map(read_all, short))
        assert all(read_all(connection) == b"" for connection in (*long, idle))
        assert 0 < len(read_all(stalled)) < 64 * MIB

        records = server.records()
        access = {each["trace_id"]: each for each in records if each["logger"] == "access"}
        for number in range(10):
            assert access[trace(number)]["outcome"] == "completed", access[trace(number)]
        for number in range(10, 21):
            told = access[trace(number)]
            assert (told["outcome"], told["error.type"]) == ("cancelled", "shutdown"), told
            assert told["cancel.phase"] == ("handler" if number < 20 else "write"), told
        early = by_trace(records, "stopped early")
        assert {each["reason"] for each in early.values()} == {"shutdown"} and len(early) == 10, early
        assert [each["message"] for each in records if each["logger"] == "app"][-1] == "stopped"


def ask(server, target, *headers):
    """Status and headers as curl sees them."""
    options = [option for header in headers for option in ("-H", header)]
    answer = subprocess.run(["curl", "-q", "-sS", "--max-time", "30", "--dump-header", "-", "--output", os.devnull,
                             *options, server.url + target], capture_output=True, text=True, check=True).stdout
    status, *lines = answer.strip().splitlines()
    return int(status.split()[1]), {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


def callers_that_say_how_long_they_wait():
    with Server() as server:
        late = ask(server, "/slow?ms=600000", "X-Request-Timeout-Ms: 100", "X-Request-ID: late")
        assert (late[0], late[1]["x-request-id"]) == (504, "late"), late
        refused = ask(server, "/slow?ms=600000", "grpc-timeout: 0m", "X-Request-ID: <refused>")
        assert refused[0] == 504 and len(refused[1]["x-request-id"]) == 36, refused
        in_time = ask(server, "/hello", "X-Request-Timeout-Ms: 30s", f"b3: {trace(7)}-00f067aa0ba902b7-1")
        assert in_time[0] == 200, in_time
        assert server.metric("weir_deadline_received_total") == 3
        assert server.metric("weir_deadline_expired_on_arrival_total") == 1
        assert slow_cancelled(server, phase="handler", reason="deadline") == 1

        assert server.stop() == 0
        records = server.records()
        access = {each["http.request.id"]: each for each in records if each["logger"] == "access"}
        told = access["late"]
        assert (told["outcome"], told["error.type"], told["http.response.status_code"]) == ("timed_out", "deadline", 504)
        told = access[refused[1]["x-request-id"]]
        assert (told["outcome"], told["error.type"], told["http.response.status_code"]) == ("refused", "deadline", 504)
        told = access[in_time[1]["x-request-id"]]
        assert (told["outcome"], told["trace_id"]) == ("completed", trace(7)), told
        assert len([each for each in records if each["message"] == "stopped early"]) == 1, "the refused one was handled"


need("curl")
clients_that_give_up()
callers_that_say_how_long_they_wait()
stopped_by_sigterm()
