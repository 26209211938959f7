"""What it takes to flush a stream that has nothing to write, and to close one that has 64 MiB."""

from .setting import marked

LEADING = None
CLOSE_LIMIT_MS = 100


def run(bench):
    log = bench.scratch / "flush.log"
    for repetition, _ in bench.in_turns("flush", 2 if bench.quick else 5, ["weir"]):
        yield from marked(repetition, bench.run("flush", file=log, limit_ms=CLOSE_LIMIT_MS))


def targets(results):
    empty = results.median("p50", ("empty", "weir"))
    yield f"weir flushes an empty queue in {empty / 1e3:.0f} us, at most 100", empty <= 100e3
    stuck = results.median("ms", ("close_64mib_stuck", "weir"))
    yield (f"weir closes with 64 MiB that cannot be written in {stuck:.0f} ms, at a limit of {CLOSE_LIMIT_MS} ms",
           stuck <= 1.2 * CLOSE_LIMIT_MS)
