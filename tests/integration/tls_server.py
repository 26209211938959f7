"""The example with TLS: scheme and keep-alive, clients that go with and without close_notify, what is no TLS."""

import re
import socket
import ssl
import subprocess
import time

from harness import Example, need

need("curl")
CURL = ["curl", "-q", "--silent", "--insecure"]
trusting = ssl.create_default_context()
trusting.check_hostname = False
trusting.verify_mode = ssl.CERT_NONE


gone = []


def leave(target, tells, closes=True):
    """Asks, and ends its side before the answer, in TLS, or its connection's, or both. To close would be a reset, as there are session tickets to read."""
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    client = trusting.wrap_socket(plain)
    client.sendall(b"GET %s HTTP/1.1\r\nHost: test\r\n\r\n" % target)
    if tells:
        client.setblocking(False)
        try:
            client.unwrap()  # sends close_notify; the server's own would come only now
        except ssl.SSLWantReadError:
            pass
    if closes:
        client.shutdown(socket.SHUT_WR)
    gone.append(client)


with Example("19_tls_server") as server:
    assert server.url.startswith("https://"), server.url
    kept = subprocess.run([*CURL, "--write-out", "%{num_connects}\n", server.url + "/a", server.url + "/b"],
                          capture_output=True, text=True)
    assert kept.stdout == "hello\n1\nhello\n0\n", kept
    leave(b"/notified", True)
    leave(b"/only-notified", True, closes=False)
    leave(b"/truncated", False)
    with trusting.wrap_socket(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as eager:
        eager.sendall(b"GET /e HTTP/1.1\r\nHost: test\r\n\r\n")
        time.sleep(0.1)  # while it is handled, or before: the answers are the same
        eager.sendall(b"GET /f HTTP/1.0\r\nHost: test\r\n\r\n")
        answers = b""
        while part := eager.recv(4096):
            answers += part
        assert answers.count(b"hello") == 2, answers
    given_up = subprocess.run([*CURL, "--max-time", "0.3", server.url + "/c"])
    assert given_up.returncode == 28, given_up
    late = subprocess.run([*CURL, "--header", "X-Request-Timeout-Ms: 100", server.url + "/late"], capture_output=True)
    assert late.stdout == b"too late\n", late
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wrong:
        wrong.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        while wrong.recv(4096):
            pass
    # The records of those that have gone come when the server has noticed, before this one's: half a second later.
    subprocess.run([*CURL, "--http1.0", server.url + "/d"], check=True, capture_output=True)
lines = server.log.splitlines()
told = {re.search(r"GET (\S+) \d+", each).group(0): each for each in lines}
assert sorted(told) == ["GET /a 200", "GET /b 200", "GET /c 499", "GET /d 200", "GET /e 200",
                        "GET /f 200", "GET /late 504", "GET /notified 499", "GET /only-notified 499", "GET /truncated 499"], lines
assert len(lines) == len(told), lines
for what, line in told.items():
    assert "url.scheme=https" in line, line
    assert ("error.type=client_closed cancel.phase=handler" in line) == what.endswith("499"), line
