"""What observing costs a server."""

import shutil
import sys

from . import go_programs, http_load
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
    gin = go_programs.build(bench, "http", ["github.com/gin-gonic/gin", "go.uber.org/zap",
                                            "github.com/prometheus/client_golang"])
    subjects = ["bare", "bare_writing", "weir", "weir_deadline", "weir_polling", "beast", "beast_weir"]
    subjects += ["spdlog_sync", "spdlog_sync_flush", "spdlog_async"]
    subjects += ["gin"] if gin else []
    for repetition, subject in bench.in_turns("http", 1 if bench.quick else 5, subjects):
        program = gin if subject == "gin" else server
        try:
            yield from marked(repetition, http_load.measure(program, subject, bench.scratch / "access.log", bench.cores,
                                                            seconds=1 if bench.quick else 2))
        except http_load.Failure as failure:
            raise Failure(f"http: {subject}: {failure}") from failure


# Each with the same without weir.
PAIRS = [("weir", "bare"), ("beast_weir", "beast")]
# On two cores, of which wrk fills one, some of what weir is slower is lost to writing so many bytes, whoever does it.
COMPARED = PAIRS + [("weir", "bare_writing")]


def targets(results):
    for shape in ["c1", "c32", "c256", http_load.TWO_THREADS]:
        for observed, without in COMPARED:
            ratio = results.ratio("requests_per_s", (shape, observed), (shape, without))
            yield f"{observed} {ratio:.2f} x {without} ({shape}), at least 0.97", ratio >= 0.97
            slowest = results.ratio("p99", (shape, observed), (shape, without))
            yield f"{observed}'s p99 {slowest:.2f} x {without}'s ({shape}), at most 1.1", slowest <= 1.1
        changed = results.ratio("requests_per_s", (shape, "weir"), (shape, "beast"))
        yield f"weir's own server, everything on, {changed:.2f} x beast ({shape}), at least 1", changed >= 1
        if "gin" in results.subjects(shape):
            against_gin = results.ratio("requests_per_s", (shape, "weir"), (shape, "gin"))
            yield f"weir {against_gin:.2f} x gin ({shape}), at least 1.9", against_gin >= 1.9
    for observed, without in PAIRS:
        slowest = results.ratio("p99", (http_load.RESTING, observed), (http_load.RESTING, without))
        yield f"{observed}'s p99 {slowest:.2f} x {without}'s ({http_load.RESTING}), at most 1.1", slowest <= 1.1
    if "gin" in results.subjects("c1"):
        awake = results.ratio("requests_per_s", ("c1", "weir_polling"), ("c1", "gin"))
        yield f"weir that stays awake {awake:.2f} x gin (c1), at least 1.9", awake >= 1.9
    for observed, without in PAIRS:
        own = results.difference("serving_ns_per_op", ("c32", observed), ("c32", without))
        yield f"{observed}'s serving thread {own:.0f} ns a request more than {without}'s (c32), at most 300", own <= 300
    timed = results.ratio("requests_per_s", ("c32", "weir_deadline"), ("c32", "bare"))
    yield f"weir with a deadline for each request {timed:.2f} x bare (c32), at least 0.97", timed >= 0.97
    for observed, without in PAIRS:
        own = [results.median("allocations_per_request", ("c32", subject)) for subject in (observed, without)]
        # A connection's are among them, the more the shorter the run.
        yield f"{observed} {own[0]:.2f} allocations a request, {without} {own[1]:.2f}; no more", own[0] <= own[1] + 0.05
    idle = results.ratio("requests_per_s", ("c32_idle10k", "weir"), ("c32", "weir"))
    if idle is not None:
        yield f"weir with 10 000 idle connections {idle:.2f} x without, at least 0.95", idle >= 0.95
