"""A service that calls others: whom it calls sees its trace, its caller's deadline, and its end."""

import http.client
import http.server
import json
import re
import socket
import threading

from harness import Server, eventually

TRACE = "0123456789abcdef0123456789abcdef"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


class Called:
    """A server that keeps what it is sent."""

    def __init__(self):
        called = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                called.requests.append((self.headers, json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/called"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def post(server, calls, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("POST", "/", json.dumps(calls), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def carries_on(server, called):
    headers = {"traceparent": TRACEPARENT, "tracestate": "a=1 , b=2", "baggage": "user=u%20v", "X-Request-ID": "r-1",
               "X-Request-Timeout-Ms": "5000"}
    calls = [{"url": called.url, "arguments": [1, {"two": "2"}]}, {"url": called.url, "arguments": []}]
    status, body = post(server, calls, **headers)
    assert (status, json.loads(body)) == (200, [200, 200]), (status, body)
    assert [arguments for _, arguments in called.requests] == [[1, {"two": "2"}], []]
    spans = set()
    for sent, _ in called.requests:
        (traceparent,) = sent.get_all("traceparent")
        found = re.fullmatch(rf"00-{TRACE}-([0-9a-f]{{16}})-0[13]", traceparent)
        assert found, traceparent
        spans.add(found.group(1))
        assert sent["tracestate"].replace(" ", "") == "a=1,b=2"
        assert sent["baggage"] == "user=u%20v" and sent["X-Request-ID"] == "r-1"
        assert 0 < int(re.match(r"\d+", sent["X-Request-Timeout-Ms"]).group()) <= 5000, sent["X-Request-Timeout-Ms"]
    assert len(spans) == 2 and "00f067aa0ba902b7" not in spans, spans
    records = eventually("the calls' and the request's records", lambda: len(
        r := [each for each in server.records() if each.get("trace_id") == TRACE]) == 3 and r)
    request = [each for each in records if each["logger"] == "access"][0]
    made = [each for each in records if each["logger"] == "calls"]
    assert {each["span_id"] for each in made} == spans
    assert {each["parent_span_id"] for each in made} == {request["span_id"]}


def chain(server, called):
    """Through the service three times."""
    called.requests.clear()
    inner = [{"url": called.url, "arguments": []}]
    for _ in range(2):
        inner = [{"url": f"http://127.0.0.1:{server.port}/", "arguments": inner}]
    assert post(server, inner)[0] == 200
    ((sent, _),) = called.requests
    trace = sent["traceparent"].split("-")[1]
    records = eventually("three requests and three calls", lambda: len(
        r := [each for each in server.records() if each.get("trace_id") == trace]) == 6 and r)
    requests = {each["span_id"] for each in records if each["logger"] == "access"}
    parents = {each["parent_span_id"] for each in records if each["logger"] == "calls"}
    assert len(requests) == 3 and requests == parents, records


def ends(server):
    """A call that is never answered: by the caller's deadline, and by the caller's going."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(10)
        call = [{"url": f"http://127.0.0.1:{silent.getsockname()[1]}/", "arguments": []}]
        assert post(server, call, **{"X-Request-Timeout-Ms": "100"})[0] == 504
        first, _ = silent.accept()
        gone(first)
        body = json.dumps(call)
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            second, _ = silent.accept()
        gone(second)
    records = eventually("both are told", lambda: len(
        r := [each for each in server.records() if each["logger"] == "calls" and "error.type" in each]) == 2 and r)
    assert [each["error.type"] for each in records] == ["deadline", "client_closed"], records


def gone(connection):
    """The service ends it."""
    connection.settimeout(10)
    while connection.recv(65536):
        pass
    connection.close()


def bad(server):
    for text in ("", "{}", "[1]", "[", "nonsense"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("POST", "/", text)
        assert connection.getresponse().status == 400, text
        connection.close()
    status, body = post(server, [{"url": "https://x/", "arguments": []}, {"url": "http://127.0.0.1:1/", "arguments": []}, {}])
    results = json.loads(body)
    assert status == 200 and len(results) == 3 and all(isinstance(each, str) for each in results), results


if __name__ == "__main__":
    with Server(program="examples/21_traced_service", plain=True) as server:
        called = Called()
        carries_on(server, called)
        chain(server, called)
        ends(server)
        bad(server)
