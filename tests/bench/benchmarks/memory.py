"""What a process with one logger that has logged one line holds in memory."""

from . import idle_process, processes
from .setting import row

LEADING = ("bytes", False)
SHAPE = "one_logger"
MEBIBYTE = 1 << 20


def run(bench):
    subjects = ["weir", "spdlog_sync", "spdlog_async", "quill", "glog", "boost_log"]
    for repetition, subject in bench.in_turns("memory", 1 if bench.quick else 3, subjects):
        with idle_process.linked(bench, subject) as process:
            before = processes.memory_bytes(process.id)
            process.log_one_line()
            after = processes.memory_bytes(process.id)
        measured = [(subject, after)]
        if subject == "weir":
            measured.append(("empty", before))
        for name, (resident, anonymous) in measured:
            yield row("memory", SHAPE, name, "bytes", "bytes", resident, repetition)
            yield row("memory", SHAPE, name, "anonymous_bytes", "bytes", anonymous, repetition)
        yield row("memory", SHAPE, subject, "added_bytes", "bytes", after[0] - before[0], repetition)


def targets(results):
    resident = results.median("bytes", (SHAPE, "weir"))
    yield f"weir {resident / MEBIBYTE:.1f} MiB resident, at most 8", resident <= 8 * MEBIBYTE
