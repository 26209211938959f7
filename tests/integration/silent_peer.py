"""A peer that falls silent without a packet, in the handler and while it is sent a download: its requests end."""

import contextlib
import json
import os
import subprocess
import sys

from harness import BUILD, need, skip

need("ip")
ends = [f"weir{os.getpid()}{end}" for end in "sc"]  # network namespaces: the server's, the client's
addresses = ["198.18.7.1", "198.18.7.2"]  # RFC 2544: for tests


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


CLIENT = """
import socket, sys
asking = [socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20) for _ in range(2)]
for client, target in zip(asking, ("wait", "endless")):
    client.sendall(b"GET /%s HTTP/1.1\\r\\nHost: test\\r\\n\\r\\n" % target.encode())
while True:
    try:
        asking[1].recv(65536)
    except OSError:
        pass
"""

try:
    for name in ends:
        made = ip("netns", "add", name, check=False)
        if made.returncode != 0:
            skip("network namespaces cannot be made here: " + made.stderr.strip())
    ip("link", "add", "weir", "netns", ends[0], "type", "veth", "peer", "name", "weir", "netns", ends[1])
    for name, address in zip(ends, addresses):
        ip("-n", name, "address", "add", address + "/24", "dev", "weir")
        ip("-n", name, "link", "set", "weir", "up")
    server = subprocess.Popen(["ip", "netns", "exec", ends[0], str(BUILD / "tests/integration/silence_server"),
                               addresses[0]], stdout=subprocess.PIPE, text=True)
    port = server.stdout.readline().strip()
    client = subprocess.Popen(["ip", "netns", "exec", ends[1], sys.executable, "-c", CLIENT, addresses[0], port])
    for _ in range(2):
        assert server.stdout.readline().startswith("begun"), "the server has ended"
    # From now on nothing of the client's arrives, and it does not know.
    ip("-n", ends[1], "route", "replace", "blackhole", addresses[0] + "/32")
    records = [json.loads(server.stdout.readline()) for _ in range(2)]
    ended = {each["url.path"]: (each["outcome"], each["error.type"], each["cancel.phase"]) for each in records}
    assert ended == {"/wait": ("cancelled", "client_reset", "handler"),
                     "/endless": ("cancelled", "client_reset", "write")}, records
finally:
    for process in ("client", "server"):
        with contextlib.suppress(KeyError):
            globals()[process].kill()
            globals()[process].wait()
    for name in ends:
        ip("netns", "del", name, check=False)
