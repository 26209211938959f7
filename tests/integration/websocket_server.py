"""The example with WebSockets: the request ends at the hand-over with an outcome of its own, whatever comes after."""

import base64
import hashlib
import os
import re
import socket
import struct
import subprocess

from harness import Example, eventually, need, read_responses

need("curl")
KEY = base64.b64encode(os.urandom(16))


def connect():
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


def upgrade(client, target, version=13):
    """RFC 6455 section 4.1. The status."""
    client.sendall(b"GET %s HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   b"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: %d\r\n\r\n" % (target, KEY, version))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        assert byte, head
        head += byte
    accepted = base64.b64encode(hashlib.sha1(KEY + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    status = int(head[9:12])
    assert (status == 101) == (accepted in head), head
    return status


def send(client, text):
    """One short message, masked as RFC 6455 section 5.3 has it."""
    mask = os.urandom(4)
    client.sendall(struct.pack("!BB", 0x81, 0x80 | len(text)) + mask +
                   bytes(byte ^ mask[i % 4] for i, byte in enumerate(text)))


def receive(client):
    wanted, got = 2, b""
    while len(got) < wanted:
        part = client.recv(wanted - len(got))
        assert part, got
        got += part
        if len(got) == 2:
            wanted += got[1]
    return got[2:]


with Example("20_websocket") as server:
    plain = subprocess.run(["curl", "-q", "--silent", server.url + "/plain"], capture_output=True, text=True)
    assert plain.stdout == "ask for a WebSocket\n", plain
    with connect() as kept, connect() as closed:
        assert upgrade(closed, b"/closed") == 101
        # Its record is there while the WebSocket lives, and has what was known at the hand-over.
        eventually("the record of the hand-over", lambda: "GET /closed 101" in server.read_log())
        for client in (kept, closed):
            if client is kept:
                assert upgrade(client, b"/reset") == 101
            send(client, b"over and over")
            assert receive(client) == b"over and over"
        # One goes with a reset in the middle of a frame; the other without a word.
        kept.sendall(b"\x81\xfe")
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with connect() as refused:
        assert upgrade(refused, b"/refused", version=8) == 426
    with connect() as gone:
        # A pipelined request before it is answered as ever.
        gone.sendall(b"GET /before HTTP/1.1\r\nHost: test\r\n\r\n")
        assert read_responses(gone, 1) == [(200, b"ask for a WebSocket\n")]
        assert upgrade(gone, b"/after") == 101
lines = server.log.splitlines()
told = {re.search(r"GET (\S+ \d+)", each).group(1): re.search(r"outcome=(\w+)", each).group(1) for each in lines}
assert told == {"/plain 200": "completed", "/closed 101": "upgraded", "/reset 101": "upgraded",
                "/refused 426": "protocol_error", "/before 200": "completed", "/after 101": "upgraded"}, lines
assert len(lines) == len(told), lines
assert all("error" not in each for each in lines if "outcome=upgraded" in each), lines
