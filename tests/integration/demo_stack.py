"""The demo's Prometheus answers what the server counted, and stops with the demo."""

import re
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

from harness import BUILD, SOURCE, need


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def run(directory):
    # The port is free now; should somebody take it before the server does, another one is tried.
    for _ in range(5):
        done = subprocess.run([sys.executable, SOURCE / "examples/demo/traffic.py", "--stack", "--seconds", "2", "--server",
                               BUILD / "examples/02_download_server", "--port", str(free_port()), "--directory", directory],
                              capture_output=True, text=True, timeout=90)
        if "in use" not in done.stderr:
            break
    return done.stdout, done.stderr


def main():
    need("prometheus", "curl", "wrk")
    with tempfile.TemporaryDirectory(prefix="weir-demo-") as directory:
        said, errors = run(directory)
    address = re.search(r"demo: Prometheus on (http://127\.0\.0\.1:\d+)", said)
    assert address, said + errors
    # By weir's own column: on a busy machine a client may have given up before its request was on the way.
    counted = {name: int(weir) for name, weir in re.findall(r"(?m)^(\S.*?) +\d+ +(\d+)  (?:agree|DIFFER)$", said)}
    answers = [counted[name] for name in counted if name.startswith("sum(")]
    assert answers == [counted[name] for name in ("downloads, aborted midway", "slow, client gave up", "timed out (503)",
                                                  "slow, answered")], said + errors
    assert all(answers), said
    assert re.search(r"(?m)^job:http_server_requests_cancelled:ratio_rate5m +[\d.]+ %$", said), said
    assert re.search(r"(?m)^alerts that fire +0$", said), said
    try:
        urllib.request.urlopen(f"{address.group(1)}/-/ready", timeout=5)
        raise AssertionError("the demo's Prometheus goes on")
    except urllib.error.URLError:
        pass
    print(f"{len(answers)} answers of Prometheus agree with the server")


if __name__ == "__main__":
    main()
