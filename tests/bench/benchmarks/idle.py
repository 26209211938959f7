"""What a process with one logger costs while it logs nothing."""

import time

from . import idle_process, processes
from .setting import row

LEADING = ("ns_per_s", False)
SHAPE = "one_logger"


def run(bench):
    subjects = ["weir", "spdlog_sync", "spdlog_async", "quill", "glog", "boost_log"]
    for repetition, subject in bench.in_turns("idle", 1 if bench.quick else 2, subjects):
        with idle_process.linked(bench, subject) as process:
            process.log_one_line()
            begin, spent_before = time.monotonic(), processes.processor_time_ns(process.id)
            time.sleep(1 if bench.quick else 2)
            spent, seconds = processes.processor_time_ns(process.id) - spent_before, time.monotonic() - begin
        yield row("idle", SHAPE, subject, "ns_per_s", "ns/s", spent / seconds, repetition)


def targets(results):
    share = results.median("ns_per_s", (SHAPE, "weir")) / 1e9
    yield f"weir {share:.4%} of a core, less than 0.3 %", share < 0.003
