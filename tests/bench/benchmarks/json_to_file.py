"""How fast records with three typed fields reach a file as JSON lines."""

from .setting import marked

LEADING = ("records_per_s", True)


def run(bench):
    log = bench.scratch / "json_to_file.log"
    records = 500_000 if bench.quick else 2_000_000
    for repetition, subject in bench.in_turns("json_to_file", 3 if bench.quick else 5,
                                              ["weir", "spdlog_sync", "spdlog_async", "quill"]):
        yield from marked(repetition, bench.run("json_to_file", subject=subject, file=log,
                                                records=records // 4 if subject == "quill" else records))


def targets(results):
    rate = results.median("records_per_s", ("fields3", "weir"))
    yield f"weir {rate / 1e6:.2f} M records/s, at least 7", rate >= 7e6
