"""What a scrape of 17 000 lines costs, who makes it and who observes meanwhile."""

from .setting import marked

LEADING = None
SUBJECTS = ["weir", "weir_openmetrics", "weir_gzip", "weir_collectable", "prometheus_cpp"]
OBSERVED = ["weir", "prometheus_cpp"]


def run(bench):
    times = 20 if bench.quick else 100
    for repetition, subject in bench.in_turns("scrape", 2 if bench.quick else 5, SUBJECTS):
        for shape in ["page"] + ["meanwhile"] * (subject in OBSERVED):
            yield from marked(repetition, bench.run("scrape", shape=shape, subject=subject, times=times))


def targets(results):
    page = results.median("ms", ("page", "weir"))
    yield f"weir makes a page of 17000 lines in {page:.1f} ms, at most 4", page <= 4
