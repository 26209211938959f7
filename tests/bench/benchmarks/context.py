"""What contexts cost, here and in Go."""

import json
import subprocess

from . import go_programs
from .setting import Failure, marked

LEADING = None
SHAPES = ["child_cancel", "timeout", "timeout_1m", "poll", "value5", "cascade1000", "wakeup", "wakeup_coroutine",
          "memory"]


def run_go(program, shape):
    done = subprocess.run([program, "-shape", shape], stdout=subprocess.PIPE, text=True, timeout=300)
    if done.returncode != 0:
        raise Failure(f"context_go -shape {shape} failed")
    return [json.loads(line) for line in done.stdout.splitlines()]


def run(bench):
    go = go_programs.build(bench, "context")
    subjects = ["weir"] if go is None else ["weir", "go"]
    for repetition, subject in bench.in_turns("context", 1 if bench.quick else 3, subjects):
        for shape in SHAPES:
            results = bench.run("context", shape=shape) if subject == "weir" else run_go(go, shape)
            yield from marked(repetition, results)


def targets(results):
    for shape, limit in [("child_cancel", 60), ("timeout", 120), ("poll", 1), ("value5", 8), ("cascade1000", 20_000)]:
        taken = results.median("ns_per_op", (shape, "weir"))
        yield f"weir {shape}: {taken:.1f} ns, at most {limit}", taken <= limit
    many = results.ratio("ns_per_op", ("timeout_1m", "weir"), ("timeout", "weir"))
    yield f"weir timeout with 1 M live deadlines: {many:.2f} x that with 1000, at most 2", many <= 2
    for shape in ["wakeup", "wakeup_coroutine"]:
        wakeup = results.ratio("p50", (shape, "weir"), (shape, "go"))
        if wakeup is not None:
            yield f"weir {shape} p50 is {wakeup:.2f} x go's, at most 1", wakeup <= 1
    least = results.ratio("p50", ("wakeup", "weir"), ("wakeup", "futex"))
    yield f"weir wakeup p50 is {least:.2f} x a bare futex's, at most 1.2", least <= 1.2
    held = results.median("bytes", ("memory", "weir"))
    yield f"weir memory: {held:.0f} bytes a context, at most 128", held <= 128
