"""Real clients for the demo: wrk and curl drive the download server, and their own counts are held against weir's."""

import argparse
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path

from stack import Stack

HERE = Path(__file__).resolve().parent
FILE_BYTES = 96 << 20  # far more than the kernel buffers for a connection, so that an abort always cuts it short
WRK_CONNECTIONS = 8


def fail(message):
    print(f"demo: {message}", file=sys.stderr)
    sys.exit(1)


def interrupted(*_):
    raise KeyboardInterrupt


class Clients:
    """Each thread does one kind of request over and over, and notes what came of it."""

    def __init__(self, url, seconds):
        self.url = url
        self.until = time.monotonic() + seconds
        self.counts = Counter()
        self.lock = threading.Lock()
        self.random = random.Random(20)

    def note(self, what):
        with self.lock:
            self.counts[what] += 1

    def curl(self, target, *options):
        # -q: the user's own curlrc may say anything.
        command = ["curl", "-q", "--silent", "--output", "/dev/null", "--write-out", "%{http_code} %{size_download}", *options]
        done = subprocess.run([*command, self.url + target], capture_output=True, text=True, start_new_session=True)
        status, size = done.stdout.split()
        return done.returncode, int(status), int(size)

    def repeat(self, once, pause):
        while time.monotonic() < self.until:
            once()
            time.sleep(pause)

    def whole_download(self):
        code, status, size = self.curl("/download/large.bin")
        self.note("download whole" if (code, status, size) == (0, 200, FILE_BYTES) else "download went wrong")

    def aborted_download(self):
        # Killed at some byte: the kernel closes the connection with data unread.
        stop_at = self.random.randrange(1, FILE_BYTES // 2)
        with subprocess.Popen(["curl", "-q", "--silent", self.url + "/download/large.bin"], stdout=subprocess.PIPE,
                              start_new_session=True) as curl:
            got = 0
            while got < stop_at and (part := curl.stdout.read(min(1 << 16, stop_at - got))):
                got += len(part)
            curl.kill()
        self.note("download aborted" if got == stop_at else "download went wrong")

    def slow_given_up(self):
        code, _, _ = self.curl("/slow?ms=30000", "--max-time", "0.2")
        self.note("slow given up" if code == 28 else "slow went wrong")  # 28: curl's own time-out

    def slow_answered(self):
        code, status, _ = self.curl("/slow?ms=40")
        self.note("slow answered" if (code, status) == (0, 200) else "slow went wrong")

    def timed_out(self):
        code, status, _ = self.curl("/timeout")
        self.note("timed out" if (code, status) == (0, 503) else "timeout went wrong")

    def run(self, seconds):
        wrk = subprocess.Popen(
            ["wrk", "--threads", "1", "--connections", str(WRK_CONNECTIONS), "--duration", f"{seconds}s", "--latency",
             "--script", str(HERE / "paced.lua"), self.url + "/hello"], stdout=subprocess.PIPE, text=True, start_new_session=True)
        kinds = [(self.whole_download, 0.3), (self.aborted_download, 0.2), (self.slow_given_up, 0.05),
                 (self.slow_answered, 0.05), (self.timed_out, 0.1)]
        threads = [threading.Thread(target=self.repeat, args=kind, daemon=True) for kind in kinds]
        for thread in threads:
            thread.start()
        try:
            self.watch(threads, wrk)
        except KeyboardInterrupt:
            wrk.kill()
            raise
        output = wrk.stdout.read()
        found = re.search(r"(\d+) requests in", output)
        if not found:
            fail(f"wrk did not report: {output!r}")
        self.counts["hello"] = int(found.group(1))
        self.hello_latency = {share: re.search(rf"^\s*{share}%\s+(\S+)", output, re.MULTILINE).group(1) for share in (50, 99)}

    def watch(self, threads, wrk):
        while any(thread.is_alive() for thread in threads) or wrk.poll() is None:
            time.sleep(1)
            with self.lock:
                busy = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))
            left = max(0, round(self.until - time.monotonic()))
            print(f"\r  {left:3d} s left: {busy}   ", end="" if sys.stdout.isatty() else "\n", flush=True)
        print()


class Page:
    """One scrape of /metrics."""

    def __init__(self, url):
        self.text = urllib.request.urlopen(url + "/metrics", timeout=10).read().decode()
        self.samples = []
        for line in self.text.splitlines():
            if line and not line.startswith("#"):
                name, labels, value = re.fullmatch(r"([\w:]+)(?:\{(.*)\})? (\S+)", line).groups()
                self.samples.append((name, dict(re.findall(r'(\w+)="([^"]*)"', labels or "")), float(value)))

    def sum(self, metric, **labels):
        wanted = labels.items()
        return int(sum(value for name, has, value in self.samples if name == metric and wanted <= has.items()))

    def requests(self, **labels):
        return self.sum("http_server_request_duration_seconds_count", **labels)


class LivePage:
    """The first snapshot that the live page is sent."""

    def __init__(self, url):
        with urllib.request.urlopen(url + "/weir/events", timeout=10) as events:
            data = next(line for line in events if line.startswith(b"data: "))
        self.snapshot = json.loads(data[len(b"data: "):])

    def requests(self):
        return self.snapshot["requests"]["total"]

    def cancelled(self, *reasons):
        return sum(sum(self.snapshot["cancelled"]["reasons"][reason]) for reason in reasons)


# The live page's: a browser that looks on while the demo runs is none of its clients.
LIVE_ROUTES = ("/weir", "/weir/events")


def compare_live(counts, page, live):
    """What a browser shows at the same time; true if that agrees as well. Whoever looked meanwhile is not counted."""
    cut = lambda *reasons: live.cancelled(*reasons) - sum(
        page.sum("weir_requests_cancelled_total", http_route=route, reason=reason) for route in LIVE_ROUTES for reason in reasons)
    done = sum(count for what, count in counts.items() if not what.endswith("wrong"))
    # The scrapes are requests, too, and the last of them had not ended when it was answered.
    all_else = live.requests() - sum(page.requests(http_route=route) for route in LIVE_ROUTES) - page.requests(http_route="/metrics") - 1
    rows = [("all requests", done, all_else), ("client closed or reset", counts["download aborted"] + counts["slow given up"],
            cut("client_closed", "client_reset")), ("timeout", counts["timed out"], cut("timeout"))]
    agreed = True
    print(f"\n{'on the live page':32} {'clients':>10} {'page':>10}")
    for name, clients, shown in rows:
        in_flight = 0 if name == "timeout" else WRK_CONNECTIONS
        good = clients <= shown <= clients + in_flight
        agreed &= good
        print(f"{name:32} {clients:10} {shown:10}  {'agree' if good else 'DIFFER'}")
    return agreed


def settled(url):
    """A page without requests under way (but the scrape itself): what clients ended, the server has noticed."""
    deadline = time.monotonic() + 10
    while True:
        page = Page(url)
        if page.sum("http_server_active_requests") <= 1 or time.monotonic() > deadline:
            return page
        time.sleep(0.1)


def compare(counts, page):
    """Prints the table; true if everything agrees."""
    routes = {"hello": "/hello", "download": "/download/{file}", "slow": "/slow", "timeout": "/timeout"}
    cut = "weir_requests_cancelled_total"
    download, slow, timeout = routes["download"], routes["slow"], routes["timeout"]
    gone = {route: page.sum(cut, http_route=route, reason="client_closed") + page.sum(cut, http_route=route, reason="client_reset")
            for route in (download, slow)}
    rows = [
        ("GET /hello, by wrk", counts["hello"], page.requests(http_route="/hello"), WRK_CONNECTIONS),
        ("downloads, whole", counts["download whole"], page.requests(http_route=download) - gone[download], 0),
        ("downloads, aborted midway", counts["download aborted"], gone[download], 0),
        ("slow, answered", counts["slow answered"], page.requests(http_route=slow, http_response_status_code="200"), 0),
        ("slow, client gave up", counts["slow given up"], gone[slow], 0),
        ("timed out (503)", counts["timed out"], page.requests(http_route=timeout, http_response_status_code="503"), 0),
    ]
    agreed = True
    print(f"\n{'requests by outcome':32} {'clients':>10} {'weir':>10}")
    for name, clients, weir, in_flight in rows:
        # wrk does not count what was under way on its connections when its time was over.
        good = clients <= weir <= clients + in_flight
        agreed &= good
        print(f"{name:32} {clients:10} {weir:10}  {'agree' if good else 'DIFFER'}")
    by_clients = [("client closed or reset", counts["download aborted"] + counts["slow given up"],
                   ("client_closed", "client_reset")),
                  ("timeout", counts["timed out"], ("timeout",)),
                  ("for any other reason", 0, ("deadline", "shutdown", "application", "overload"))]
    print(f"\n{'cancellations by reason':32} {'clients':>10} {'weir':>10}")
    for name, clients, reasons in by_clients:
        # Of /hello wrk says nothing but how many were answered: what it left open at its end is not compared.
        each = {reason: page.sum(cut, reason=reason)
                - sum(page.sum(cut, reason=reason, http_route=route) for route in ("/hello", *LIVE_ROUTES)) for reason in reasons}
        good = clients == sum(each.values())
        agreed &= good
        detail = ", ".join(f"{count} {reason}" for reason, count in each.items() if count) or "none"
        print(f"{name:32} {clients:10} {sum(each.values()):10}  {'agree' if good else 'DIFFER'} ({detail})")
    wrong = {what: count for what, count in counts.items() if what.endswith("wrong")}
    if wrong:
        print("unexpected answers:", wrong)
    return agreed and not wrong


def compare_log(log_path):
    """Prints latencies by route, of the access log; returns how many lines and access records it has."""
    durations = {}
    lines = access = 0
    with open(log_path, encoding="utf-8") as log:
        for line in log:
            record = json.loads(line)
            lines += 1
            if record["logger"] == "access":
                access += 1
                durations.setdefault(record["http.route"], []).append(record["duration_s"])
    print(f"\n{'latency in the access log':32} {'requests':>10} {'p50 ms':>10} {'p99 ms':>10}")
    for route, values in sorted(durations.items()):
        values.sort()
        p50, p99 = (1000 * values[min(len(values) - 1, int(len(values) * share))] for share in (0.5, 0.99))
        print(f"{route or '(no route)':32} {len(values):10} {p50:10.2f} {p99:10.2f}")
    return lines, access


def start_server(arguments, log_path, root):
    command = [arguments.server, "--root", str(root), "--port", str(arguments.port), "--log", str(log_path)]
    # A session of its own: Ctrl-C is for this program, which then ends the server when it has read its last page.
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    line = server.stdout.readline()
    if not line:
        fail(server.stderr.read().strip() or "the server did not start")
    return server


def stop_server(server):
    server.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(timeout=15)
    if server.returncode != 0:
        server.kill()
        print(f"the server ended with {server.returncode}")
    return server.returncode == 0


def main():
    parser = argparse.ArgumentParser()
    for name in ("--server", "--directory"):
        parser.add_argument(name, required=True)
    for name in ("--seconds", "--port"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--stack", action="store_true")
    arguments = parser.parse_args()

    sys.stdout.reconfigure(line_buffering=True)  # into a file or a pipe, too, while it goes on
    os.environ["no_proxy"] = "127.0.0.1"
    for ending in (signal.SIGINT, signal.SIGTERM):  # SIGINT is ignored where a shell runs this in the background
        signal.signal(ending, interrupted)

    directory = Path(arguments.directory).resolve()
    root = directory / "files"
    root.mkdir(parents=True, exist_ok=True)
    large = root / "large.bin"
    if not large.exists() or large.stat().st_size != FILE_BYTES:
        with open(large, "wb") as file:
            for _ in range(FILE_BYTES >> 20):
                file.write(os.urandom(1 << 20))
    log_path = directory / "server.log"
    log_path.unlink(missing_ok=True)

    server = start_server(arguments, log_path, root)
    url = f"http://127.0.0.1:{arguments.port}"
    stack = None
    try:
        print(f"demo: live page {url}/weir, for a browser")
        print(f"demo: {url} for {arguments.seconds} s, with wrk and curl")
        if arguments.stack:
            stack = Stack(directory, arguments.port)
            print(f"demo: Prometheus on {stack.url}, with the alerts on {stack.url}/alerts")
        clients = Clients(url, arguments.seconds)
        clients.run(arguments.seconds)
        page = settled(url)
        live = LivePage(url)
        agreed = compare(clients.counts, page)
        agreed &= compare_live(clients.counts, page, live)
        if stack:
            agreed &= stack.compare(clients.counts)
        print(f"\n/hello as wrk saw it: p50 {clients.hello_latency[50]}, p99 {clients.hello_latency[99]}")
        metrics_path = directory / "metrics.txt"
        metrics_path.write_text(page.text)
        if arguments.keep:
            print(f"\nlog        {log_path}\nlive page  {url}/weir\nmetrics    {url}/metrics\ndashboards {HERE.parent.parent}/dashboards/grafana"
                  f"\nThe server goes on; Ctrl-C ends it.")
            with contextlib.suppress(KeyboardInterrupt):
                server.wait()
        if stack:
            stack.stop()  # or its next scrape comes between the last page and the end of the log
        last = None if server.poll() is not None else settled(url)
        stopped = stop_server(server) if server.poll() is None else server.returncode == 0
    except KeyboardInterrupt:
        stop_server(server)
        fail("interrupted")
    except RuntimeError as error:  # the stack's
        stop_server(server)
        fail(error)
    finally:
        if stack:
            stack.stop()
        if server.poll() is None:
            server.kill()

    lines, access = compare_log(log_path)
    print(f"\n{'log records':32} {'in the file':>10} {'weir':>10}")
    if last is not None:
        written, dropped = (last.sum("weir_log_records_total", outcome=outcome) for outcome in ("written", "dropped"))
        requests = last.requests() + 1  # the last scrape itself ends after its page was made
        good = access == requests if dropped == 0 else access + dropped >= requests
        agreed &= good
        print(f"{'access records, for requests':32} {access:10} {requests:10}  {'agree' if good else 'DIFFER'}")
        good = lines >= written
        agreed &= good
        print(f"{'written, when last scraped':32} {lines:10} {written:10}  {'agree' if good else 'DIFFER'}"
              f" ({lines - written} came later)")
        print(f"{'records dropped':32} {'':10} {dropped:10}")
    print(f"\nlog        {log_path}\nmetrics    {metrics_path} (the last scrape; {url}/metrics while it runs)"
          f"\ndashboards {HERE.parent.parent}/dashboards: for Grafana, see its README")
    print("\n" + ("All counts agree." if agreed and stopped else "The counts do not agree."))
    return 0 if agreed and stopped else 1


if __name__ == "__main__":
    sys.exit(main())
