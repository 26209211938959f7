"""How fast lines reach a file, from one producer and from four."""

from .setting import marked

LEADING = ("records_per_s", True)
MEBIBYTE = 1 << 20
# A tenth as fast as the others: the same number of records would take most of the time.
SLOW = {"glog", "boost_log"}


def run(bench):
    log = bench.scratch / "text_to_file.log"
    records = 500_000 if bench.quick else 2_000_000
    subjects = ["write_only", "weir", "spdlog_sync", "spdlog_async", "quill", "glog", "boost_log"]
    for repetition, subject in bench.in_turns("text_to_file", 3 if bench.quick else 5, subjects):
        for producers in [1] if subject == "write_only" else [1, 4]:
            yield from marked(repetition, bench.run("text_to_file", subject=subject, file=log, producers=producers,
                                                    records=records // 4 if subject in SLOW else records))


def targets(results):
    one = "int_int_double"
    rate = results.median("records_per_s", (one, "weir"))
    yield f"weir {rate / 1e6:.2f} M records/s, at least 9", rate >= 9e6
    for peer, floor in [("spdlog_sync", 3), ("spdlog_async", 8)]:
        ratio = results.ratio("records_per_s", (one, "weir"), (one, peer))
        limit = results.ratio("records_per_s", (one, "write_only"), (one, peer))
        yield f"weir {ratio:.2f} x {peer}, at least {floor} (write(2) alone {limit:.2f})", ratio >= floor
    ratio = results.ratio("records_per_s", ("4_producers", "weir"), (one, "weir"))
    yield f"weir with 4 producers {ratio:.2f} x its rate with one, at least 1", ratio >= 1
    for shape in [one, "4_producers"]:
        peak = results.median("peak_bytes", (shape, "weir"))
        yield (f"weir {shape} takes {peak / MEBIBYTE:.1f} MiB at its peak, at most 64 for records and 8 for the rest",
               peak <= 72 * MEBIBYTE)
