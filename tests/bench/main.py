"""The benchmarks' command line: what to run, how long, where the results go. Started by run.sh."""

import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import benchmarks
import report
from benchmarks.setting import Failure, Setting


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter repetitions, about two minutes")
    parser.add_argument("--only", metavar="NAME", choices=list(benchmarks.ALL), help=", ".join(benchmarks.ALL))
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the medians there, one JSON object a line")
    parser.add_argument("--dir", metavar="DIR", type=Path, help="where log files go while measuring")
    parser.add_argument("--build", type=Path, default=Path("build/release"), help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.dir and not arguments.dir.is_dir():
        parser.error(f"--dir {arguments.dir}: there is no such directory")
    if arguments.json and not arguments.json.resolve().parent.is_dir():
        parser.error(f"--json {arguments.json}: there is no directory {arguments.json.resolve().parent}")
    return arguments


def memory_directory():
    """A file system in memory with room for the longest run, or the ordinary place for temporary files."""
    shared = Path("/dev/shm")
    if os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 4 << 30:
        return shared
    print("bench: /dev/shm has less than 4 GiB: log files go to a disk, which is measured too", file=sys.stderr)
    return None


def describe_machine():
    with open("/proc/cpuinfo") as lines:
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")
    return f"{model}, {len(os.sched_getaffinity(0))} cores, load average {os.getloadavg()[0]:.1f}"


def main():
    arguments = parse_arguments()
    if arguments.check:
        return
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        print("bench: one core only: programs and their measurement share it", file=sys.stderr)
    print(f"machine: {describe_machine()}")
    if os.getloadavg()[0] > 0.5:
        print("bench: other programs are running: expect noise", file=sys.stderr)

    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="weir-bench.", dir=arguments.dir or memory_directory()))
        # Written as benchmarks finish: a run that is broken off leaves what it has measured.
        medians = stack.enter_context(open(arguments.json, "w")) if arguments.json else None
        reached = measure(Setting(arguments.build, Path(scratch), arguments.quick, cores), arguments.only, medians)
    print(f"\ntargets: {sum(reached)} met, {len(reached) - sum(reached)} missed")


def measure(bench, only, medians):
    """Runs and prints the benchmarks; returns which targets were reached."""
    reached = []
    for name, benchmark in benchmarks.ALL.items():
        if only not in (None, name):
            continue
        results = report.Results(name, benchmark.run(bench))
        targets = list(benchmark.targets(results)) if results else []
        print(report.table(results, benchmark.LEADING, targets), flush=True)
        if medians:
            medians.writelines(results.json_lines())
            medians.flush()
        reached += [met for _, met in targets]
    return reached


if __name__ == "__main__":
    # So that the directory for log files goes away then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except (Failure, OSError) as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
