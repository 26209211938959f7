"""How soon a record is in its file when no other follows."""

from .setting import marked

LEADING = ("p99", False)
RECORDS = {"alone": 10, "often": 50}


def run(bench):
    log = bench.scratch / "lone_record.log"
    for repetition, subject in bench.in_turns("lone_record", 1 if bench.quick else 3,
                                              ["weir", "quill", "spdlog_async_flush", "spdlog_sync_flush"]):
        for silence, records in RECORDS.items():
            yield from marked(repetition, bench.run("lone_record", subject=subject, silence=silence, file=log,
                                                    records=records // 2 if bench.quick else records))


def targets(results):
    for silence in RECORDS:
        p99 = results.median("p99", (silence, "weir"))
        yield f"weir {silence}: in the file after {p99 / 1e6:.2f} ms (p99), at most 10", p99 <= 10e6
