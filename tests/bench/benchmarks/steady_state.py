"""What the hot path does not do."""

from .setting import marked

LEADING = None


def run(bench):
    log = bench.scratch / "steady_state.log"
    subjects = ["weir", "spdlog_sync", "spdlog_async", "spdlog_to_weir", "quill", "glog", "boost_log"]
    for repetition, subject in bench.in_turns("steady_state", 1, subjects):
        yield from marked(repetition, bench.run("steady_state", subject=subject, file=log,
                                                calls=200_000 if bench.quick else 1_000_000))


def targets(results):
    counts = {metric: results.median(metric, ("int_int_double", "weir")) for metric in results.column("metric")}
    told = ", ".join(f"{count:.0f} {metric.replace('_', ' ')}" for metric, count in counts.items() if count is not None)
    yield f"weir: {told}; none wanted", not any(counts.values())
