"""What observing costs a server."""

import shutil
import sys

from . import http_load
from .setting import Failure, marked

LEADING = ("requests_per_s", True)


def run(bench):
    server = bench.programs / "http_server"
    if not server.exists():
        print("http: left out: weir was built without its Beast adapter", file=sys.stderr)
        return
    if shutil.which("wrk") is None:
        print("http: left out: wrk is not installed", file=sys.stderr)
        return
    for repetition, subject in bench.in_turns("http", 1 if bench.quick else 5,
                                              ["bare", "weir", "spdlog_sync", "spdlog_sync_flush", "spdlog_async"]):
        try:
            yield from marked(repetition, http_load.measure(server, subject, bench.scratch / "access.log", bench.cores,
                                                            seconds=1 if bench.quick else 2))
        except http_load.Failure as failure:
            raise Failure(f"http: {subject}: {failure}") from failure


def targets(results):
    for shape in results.column("shape"):
        ratio = results.ratio("requests_per_s", (shape, "weir"), (shape, "bare"))
        yield f"weir {ratio:.2f} x bare ({shape}), at least 0.93", ratio >= 0.93
