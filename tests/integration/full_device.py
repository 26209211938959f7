"""A log on a full device: the server goes on, and every record is either in the file or counted as dropped."""

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

from harness import Server, eventually, need


def drive(server, seconds=1):
    """Some thousand requests, every one of which has to be answered."""
    wrk = subprocess.run(["wrk", "-t1", "-c8", f"-d{seconds}s", f"{server.url}/hello"], capture_output=True, text=True,
                         check=True)
    assert "Non-2xx" not in wrk.stdout and "Socket errors" not in wrk.stdout, wrk.stdout
    status, body = server.get("/hello")
    assert (status, body) == (200, b"hello\n")


class Page:
    """What one scrape says of the log."""

    def __init__(self, server):
        samples = server.metrics()

        def total(name, **labels):
            wanted = set(labels.items())
            return sum(value for (found, pairs), value in samples.items() if found == name and wanted <= pairs)

        self.accepted, self.written, self.dropped = (
            total("weir_log_records_total", outcome=outcome) for outcome in ("accepted", "written", "dropped"))
        self.dropped_by_sink = total("weir_log_dropped_total", reason="sink")
        # One record for each finished request, and the one that says that the server has started.
        self.expected = total("http_server_request_duration_seconds_count") + 1

    def is_settled(self):
        return self.accepted == self.expected

    def __repr__(self):
        return str(vars(self))


def settled_page(server):
    def look():
        page = Page(server)
        return page.is_settled() and page
    page = eventually("every request's record is accounted for", look)
    assert page.accepted == page.written + page.dropped, page
    return page


def dev_full():
    with Server(log="/dev/full") as server:
        drive(server)
        page = settled_page(server)
        print("/dev/full:", page)
        assert page.accepted > 1000 and page.written == 0 and page.dropped_by_sink > 0, page
        assert server.stop() == 0


@contextlib.contextmanager
def small_device(size):
    """A tmpfs of its own, or None where mounting is not permitted."""
    with tempfile.TemporaryDirectory(prefix="weir-device-") as directory:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "weir-test", directory],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            print("no small device: ", mounted.stderr.strip())
            yield None
            return
        try:
            yield Path(directory)
        finally:
            subprocess.run(["umount", "--lazy", directory], check=True)


def own_lines(path):
    """The records in the file that somebody logged; the stream's own notices of loss are not counted as records."""
    text = path.read_bytes()
    assert text.endswith(b"\n"), text[-200:]
    return [each for each in map(json.loads, text.splitlines()) if each["logger"] != "weir"]


def require_file_agrees(server, path):
    def look():
        lines = len(own_lines(path))
        page = Page(server)  # its own record comes after the numbers
        return page.is_settled() and page.written == lines and page
    page = eventually("the file holds as many records as were written", look)
    assert page.accepted == page.written + page.dropped, page
    return page


def small_tmpfs():
    with small_device("512k") as device:
        if device is None:
            return
        ballast = device / "ballast"
        ballast.write_bytes(os.urandom(256 * 1024))
        path = device / "server.log"
        with Server(log=path) as server:
            drive(server)
            page = require_file_agrees(server, path)
            print("full:", page)
            assert page.written > 0 and page.dropped_by_sink > 1000, page
            assert path.stat().st_size <= 256 * 1024

            ballast.unlink()
            assert server.get("/there-is-room-again")[0] == 404
            eventually("it records again",
                       lambda: any(each.get("url.path") == "/there-is-room-again" for each in own_lines(path)))
            again = require_file_agrees(server, path)
            assert again.written > page.written, again
            eventually("the log says that it is incomplete",
                       lambda: any(each["logger"] == "weir" and "dropped" in each["message"] for each in
                                   map(json.loads, path.read_bytes().splitlines())))

            drive(server)  # and over the edge once more
            print("full again:", require_file_agrees(server, path))
            assert server.stop() == 0


need("wrk")
dev_full()
small_tmpfs()
