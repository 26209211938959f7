"""The cpp-httplib example under curl: clients' counts, access log and metrics agree, and clients that go are noticed."""

import collections
import re
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

from harness import BUILD, Server, eventually, need

DURATION = "http_server_request_duration_seconds_count"
need("curl")
clients = collections.Counter()  # (target, what the client saw)


def ask(server, target, *options):
    curl = subprocess.run(["curl", "-q", "--silent", "--max-time", "20", "--write-out", "%{stderr}%{http_code} %{size_download}",
                           *options, server.url + target], capture_output=True)
    status, size = curl.stderr.split()
    clients[target, int(status) if curl.returncode == 0 else f"curl {curl.returncode}"] += 1
    return int(status), int(size), curl.stdout


def send(server, text):
    connection = socket.socket()
    connection.settimeout(20)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # a stream's end must not fit into the kernel
    connection.connect(("127.0.0.1", server.port))
    connection.sendall(text.encode())
    return connection


with Server(program="examples/15_httplib", plain=True) as server:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: ask(server, "/users/7"), range(40)))
        assert answers == [(200, 7, b"user 7\n")] * 40, answers
        broken = list(pool.map(lambda number: ask(server, "/broken")[0], range(5)))
        assert broken == [500] * 5, broken
        quotes = list(pool.map(lambda number: ask(server, "/quote")[0], range(4)))
        assert quotes == [503] * 4, quotes
    status, size, rows = ask(server, "/rows")
    assert status == 200 and rows.endswith(b"\n999999\n"), (status, size)
    assert ask(server, "/missing")[0] == 404
    # Several on one connection.
    subprocess.run(["curl", "-q", "--silent", *[server.url + "/users/8"] * 3], check=True, capture_output=True)
    clients["/users/8", 200] += 3

    # Clients that give up while the handler works: curl's 28 is "operation timeout".
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: ask(server, "/report", "--max-time", "0.3"), range(4)))
    assert clients["/report", "curl 28"] == 4, clients
    eventually("they are noticed", lambda: server.metric("weir_requests_cancelled_total", http_route="/report",
                                                         reason="client_closed", phase="handler") == 4)
    # One that goes within the stream, and one whose request is none.
    gone = send(server, "GET /rows HTTP/1.1\r\nHost: test\r\n\r\n")
    gone.recv(100)
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    gone.close()
    eventually("the broken stream is noticed", lambda: server.metric("weir_requests_cancelled_total", http_route="/rows",
                                                                     phase="write") == 1)
    assert send(server, "NONSENSE\r\n\r\n").recv(100).startswith(b"HTTP/1.1 400 ")
    assert ask(server, "/users/1", "--header", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")[0] == 200

    metrics = eventually("all but this scrape are over", lambda: (
        all_over := server.metrics(), all_over if sum(value for (name, _), value in all_over.items()
                                                      if name == "http_server_active_requests") == 1 else None)[1])
    # The one that is under way when the server is told to stop, which then need not work to its end.
    last = send(server, "GET /report HTTP/1.1\r\nHost: test\r\n\r\n")
    eventually("it is under way", lambda: server.metric("http_server_active_requests") == 2)
    assert server.stop() == 0
    records = [each for each in server.records() if each["logger"] == "access"]

counted = collections.Counter()
for (name, labels), value in metrics.items():
    if name == DURATION:
        labels = dict(labels)
        counted[tuple(labels.get(each, "") for each in ("http_route", "http_response_status_code", "error_type"))] += value
expected = {("/users/{id}", "200", ""): 44, ("/broken", "500", "exception"): 5, ("/quote", "503", "timeout"): 4,
            ("/rows", "200", ""): 1, ("", "404", ""): 1, ("/report", "", "client_closed"): 4,
            ("", "400", "protocol_error"): 1}
seen = {key: value for key, value in counted.items() if key[0] != "/metrics" and not
        (key[0] == "/rows" and key[2].startswith("client"))}
assert seen == expected, (seen, expected)
assert sum(value for key, value in counted.items() if key[0] == "/rows") == 2, counted

# The log says the same, request by request, as the clients do.
logged = collections.Counter((each["url.path"], each["outcome"]) for each in records if each["url.path"] != "/metrics")
assert logged.pop(("/rows", "cancelled")) == 1
assert logged == {("/users/7", "completed"): 40, ("/users/8", "completed"): 3, ("/users/1", "completed"): 1,
                  ("/broken", "failed"): 5, ("/quote", "timed_out"): 4, ("/rows", "completed"): 1,
                  ("/missing", "completed"): 1, ("/report", "cancelled"): 4, ("/report", "completed"): 1, ("", "protocol_error"): 1}, logged
by_clients = sum(clients.values())
assert by_clients == 40 + 3 + 1 + 5 + 4 + 1 + 1 + 4, clients
stopped = [each for each in records if each["url.path"] == "/report"]
assert collections.Counter((each.get("error.type"), each.get("http.response.status_code")) for each in stopped) == {
    ("client_closed", None): 4, (None, 503): 1}, stopped
# Noticed within 10 ms and a step of the handler's loop; the rest is for a busy machine.
assert all(each.get("cancel.to_stop_s", 0) < 1 and each["duration_s"] < 1.8 for each in stopped), stopped
assert [each["http.response.body.size"] for each in records if each["url.path"] == "/rows" and
        each["outcome"] == "completed"] == [size]
traced = [each for each in records if each.get("trace_id") == "4bf92f3577b34da6a3ce929d0e0e4736"]
assert len(traced) == 1 and traced[0]["url.path"] == "/users/1", traced

wrong = subprocess.run([str(BUILD / "examples/15_httplib"), "70000"], capture_output=True, text=True)
assert wrong.returncode == 1 and re.search("70000", wrong.stderr), wrong
