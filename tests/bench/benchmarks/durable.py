"""How many records a second reach the disk when each is waited for."""

import subprocess
import sys
import tempfile
from pathlib import Path

from .setting import marked

LEADING = ("records_per_s", True)
WRITERS = 32
SHAPE = f"w{WRITERS}"


def file_system_of(directory):
    """The type of the file system and where it comes from, as in "ext4 on /dev/sda1"."""
    found = subprocess.run(["df", "--output=fstype,source", directory], stdout=subprocess.PIPE, text=True, check=True)
    return " on ".join(found.stdout.splitlines()[1].split())


def run(bench):
    # Not in the scratch directory, which may be in memory: the disk is what is measured.
    with tempfile.TemporaryDirectory(prefix="durable.", dir=bench.programs) as disk:
        where = file_system_of(disk)
        print(f"durable: the file is in {bench.programs}, {where}")
        if where.startswith(("tmpfs", "ramfs")):
            print("durable: this file system is in memory: no disk is measured", file=sys.stderr)
        for repetition, subject in bench.in_turns("durable", 2 if bench.quick else 5, ["weir", "fdatasync_each"]):
            yield from marked(repetition, bench.run("durable", subject=subject, writers=WRITERS,
                                                    file=Path(disk) / "log",
                                                    milliseconds=1000 if bench.quick else 3000))


def targets(results):
    ratio = results.ratio("records_per_s", (SHAPE, "weir"), (SHAPE, "fdatasync_each"))
    yield f"weir {ratio:.2f} x fdatasync_each ({SHAPE}), at least 8", ratio >= 8
