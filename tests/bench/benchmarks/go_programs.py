"""Subjects that are written in Go, built where Go and the packages they need are installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .setting import Failure

SOURCES = Path(__file__).parent.parent / "go"
# Where Debian's golang-*-dev packages put their sources.
PACKAGES = Path("/usr/share/gocode")


def build(bench, name, needs=()):
    """The program of tests/bench/go/NAME, or None, and a word why, where Go or a package is missing."""
    missing = [] if shutil.which("go") else ["go"]
    missing += [package for package in needs if not (PACKAGES / "src" / package).is_dir()]
    if missing:
        print(f"{name}: left out of it, as not installed: {', '.join(missing)}", file=sys.stderr)
        return None
    program = bench.scratch / f"{name}_go"
    environment = dict(os.environ, GO111MODULE="off", GOPATH=str(PACKAGES), GOCACHE=str(bench.scratch / "go-cache"))
    try:
        subprocess.run(["go", "build", "-o", program, "."], cwd=SOURCES / name, env=environment, check=True)
    except subprocess.CalledProcessError as error:
        raise Failure(f"{name}: the Go program could not be built") from error
    return program
