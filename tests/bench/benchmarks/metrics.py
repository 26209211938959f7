"""What counting costs the thread that counts, alone and while another does the same."""

from .setting import marked

LEADING = ("ns_per_op", False)
SHAPES = {
    "counter": ["weir", "prometheus_cpp", "locked_add"],
    "counter_2threads": ["weir", "prometheus_cpp", "locked_add"],
    "observe": ["weir", "prometheus_cpp"],
    "observe_2threads": ["weir", "prometheus_cpp"],
    "observe_traced": ["weir"],
    "labelled_lookup": ["weir", "prometheus_cpp"],
}


def run(bench):
    for repetition, subject in bench.in_turns("metrics", 2 if bench.quick else 5, SHAPES["counter"]):
        for shape, subjects in SHAPES.items():
            if subject in subjects:
                yield from marked(repetition, bench.run("metrics", shape=shape, subject=subject))


def targets(results):
    for shape, limit in [("counter", 2), ("counter_2threads", 2), ("observe", 6), ("observe_2threads", 6),
                         ("labelled_lookup", 20)]:
        taken = results.median("ns_per_op", (shape, "weir"))
        yield f"weir {shape}: {taken:.1f} ns, at most {limit}", taken <= limit
