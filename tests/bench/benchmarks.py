"""The benchmarks: each runs its programs, one subject after the other, again and again, and yields what they print.

The subjects take turns within a repetition, and the turn begins with another one each time: a machine that slows down
or speeds up meanwhile does so for all of them.
"""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import http_load


class Failure(Exception):
    """A program failed or did not do what it is measured at."""


@dataclasses.dataclass
class Setting:
    programs: Path
    scratch: Path
    quick: bool
    cores: list

    def run(self, program, **options):
        """Runs one program; yields its result lines as dictionaries."""
        words = [str(self.programs / program)]
        for name, value in options.items():
            words += ["--" + name.replace("_", "-"), str(value)]
        try:
            done = subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=300)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"{' '.join(words)} did not end within 5 minutes") from late
        if done.returncode != 0:
            raise Failure(f"{' '.join(words)} failed")
        return [json.loads(line) for line in done.stdout.splitlines()]


def in_turns(name, repetitions, subjects):
    """Yields (repetition, subject), saying on standard error how far it is."""
    for repetition in range(repetitions):
        first = repetition % len(subjects)
        print(f"{name}: repetition {repetition + 1} of {repetitions}", file=sys.stderr)
        for subject in subjects[first:] + subjects[:first]:
            yield repetition, subject


def marked(repetition, results):
    return [dict(result, repetition=repetition) for result in results]


def call_site(bench):
    log = bench.scratch / "call_site.log"
    for repetition, subject in in_turns("call_site", 2 if bench.quick else 7,
                                        ["empty", "clock", "weir", "spdlog_sync", "spdlog_async"]):
        for shape in ["int_int_double", "string60", "fields3", "below_level"]:
            if subject != "empty" or shape == "below_level":
                yield from marked(repetition, bench.run("call_site", subject=subject, shape=shape, file=log,
                                                        calls=25_000 if bench.quick else 200_000))


def text_to_file(bench):
    log = bench.scratch / "text_to_file.log"
    for repetition, subject in in_turns("text_to_file", 3 if bench.quick else 7,
                                        ["weir", "spdlog_sync", "spdlog_async"]):
        yield from marked(repetition, bench.run("text_to_file", subject=subject, file=log,
                                                records=500_000 if bench.quick else 2_000_000))


def http(bench):
    server = bench.programs / "http_server"
    if not server.exists():
        print("http: left out: weir was built without its Beast adapter", file=sys.stderr)
        return
    if shutil.which("wrk") is None:
        print("http: left out: wrk is not installed", file=sys.stderr)
        return
    for repetition, subject in in_turns("http", 2 if bench.quick else 5,
                                        ["bare", "weir", "spdlog_sync", "spdlog_sync_flush", "spdlog_async"]):
        try:
            yield from marked(repetition, http_load.measure(server, subject, bench.scratch / "access.log", bench.cores,
                                                            seconds=1 if bench.quick else 2))
        except http_load.Failure as failure:
            raise Failure(f"http: {subject}: {failure}") from failure


def steady_state(bench):
    log = bench.scratch / "steady_state.log"
    for repetition, subject in in_turns("steady_state", 1, ["weir", "spdlog_sync", "spdlog_async"]):
        yield from marked(repetition, bench.run("steady_state", subject=subject, file=log, calls=1_000_000))


ALL = {run.__name__: run for run in (call_site, text_to_file, http, steady_state)}
