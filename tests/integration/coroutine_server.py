"""The example with coroutine sessions: keep-alive, pipelining, HTTP/1.0, chunked bodies, a caller's deadline that
passes, and a client that goes."""

import re
import socket
import subprocess

from harness import Example, need, read_responses

need("curl")
with Example("18_coroutine_server") as server:
    # One connection, kept: curl says how many it took.
    kept = subprocess.run(["curl", "-q", "--silent", "--write-out", "%{num_connects}\n", server.url + "/a",
                           server.url + "/b"], capture_output=True, text=True)
    assert kept.stdout == "hello, you\n1\nhello, you\n0\n", kept
    chunked = subprocess.run(["curl", "-q", "--silent", "--header", "Transfer-Encoding: chunked", "--data", "Ada",
                              server.url + "/c"], capture_output=True, text=True)
    assert chunked.stdout == "hello, Ada\n", chunked
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(b"".join(b"GET /%c HTTP/1.1\r\nHost: test\r\n\r\n" % name for name in b"de") +
                       b"GET /f HTTP/1.0\r\n\r\n")
        assert read_responses(client) == [(200, b"hello, you\n")] * 3
    # The connection goes on.
    late = subprocess.run(["curl", "-q", "--silent", "--write-out", "%{http_code} %{num_connects}\n", "--header",
                           "X-Request-Timeout-Ms: 100", server.url + "/late", server.url + "/later"],
                          capture_output=True, text=True)
    assert late.stdout == "504 1\n504 0\n", late
    given_up = subprocess.run(["curl", "-q", "--silent", "--max-time", "0.1", server.url + "/g"])
    assert given_up.returncode == 28, given_up
    # Its record is written when the server has noticed, before this one's: half a second later.
    subprocess.run(["curl", "-q", "--silent", server.url + "/h"], check=True, capture_output=True)
lines = server.log.splitlines()
assert [re.search(r"(GET|POST) \S+ \d+", each).group(0) for each in lines] == [
    "GET /a 200", "GET /b 200", "POST /c 200", "GET /d 200", "GET /e 200", "GET /f 200", "GET /late 504", "GET /later 504", "GET /g 499",
    "GET /h 200"], lines
for each in lines:
    assert re.search(r"trace_id=[0-9a-f]{32} span_id=[0-9a-f]{16}", each), each
assert "http.request.body.size=3" in lines[2], lines[2]
assert "network.protocol.version=1.0" in lines[5], lines[5]
for each in lines[6:8]:
    assert "outcome=timed_out" in each, each
assert "error.type=client_closed cancel.phase=handler" in lines[8], lines[8]
