"""What a log call costs the thread that makes it."""

from .setting import marked

LEADING = ("p50", False)
SUBJECTS = ["clock", "weir", "spdlog_sync", "spdlog_async", "spdlog_to_weir", "quill", "glog", "boost_log"]
SHAPES = {  # and who is measured in them
    "int_int_double": SUBJECTS,
    "string60": SUBJECTS,
    "fields3": SUBJECTS,
    "below_level": ["empty", *SUBJECTS],
    "recorder": ["clock", "weir", "spdlog_sync", "quill"],
}


def run(bench):
    log = bench.scratch / "call_site.log"
    for repetition, subject in bench.in_turns("call_site", 2 if bench.quick else 5, ["empty", *SUBJECTS]):
        for shape, subjects in SHAPES.items():
            if subject in subjects:
                yield from marked(repetition, bench.run("call_site", subject=subject, shape=shape, file=log,
                                                        calls=20_000 if bench.quick else 100_000))


def targets(results):
    for shape, limit in [("int_int_double", 4), ("string60", 7), ("recorder", 4)]:
        more = results.difference("p50", (shape, "weir"), (shape, "clock"))
        yield f"weir {shape} p50 is clock + {more:.1f} ns, at most {limit}", more <= limit
    for metric in ["p99", "p999"]:
        ratio = results.ratio(metric, ("int_int_double", "weir"), ("int_int_double", "quill"))
        if ratio is not None:
            yield f"weir int_int_double {metric} is {ratio:.2f} x quill's, at most 1", ratio <= 1
    more = results.difference("p50", ("below_level", "weir"), ("below_level", "empty"))
    yield f"weir below_level p50 is empty + {more:.1f} ns, at most 1", more <= 1
