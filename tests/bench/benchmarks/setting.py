"""What every benchmark needs: the programs, a place for files, and subjects that take turns."""

import dataclasses
import functools
import json
import shlex
import subprocess
import sys
from pathlib import Path


class Failure(Exception):
    """A program failed or did not do what it is measured at."""


@dataclasses.dataclass
class Setting:
    build: Path  # the build directory
    scratch: Path
    quick: bool
    cores: list

    @property
    def programs(self):
        return self.build / "tests" / "bench"

    def run(self, program, **options):
        """Runs one program; returns its result lines as dictionaries."""
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

    @functools.cached_property
    def compile_commands(self):
        """Library -> the words of the command that compiles its subject. What is not here was not installed."""
        found = {}
        for entry in json.loads((self.build / "compile_commands.json").read_text()):
            source = Path(entry["file"])
            if source.parent.name == "subjects" and source.stem.endswith("_subject"):
                found[source.stem.removesuffix("_subject")] = shlex.split(entry["command"])
        return found

    def in_turns(self, name, repetitions, subjects):
        """Yields (repetition, subject), saying on standard error how far it is. The turn begins with another subject
        each time: a machine that slows down or speeds up meanwhile does so for all of them."""
        present = []
        for subject in subjects:
            if subject in OPTIONAL and subject not in self.compile_commands:
                print(f"{name}: left out: {subject} was not installed when this was built", file=sys.stderr)
            else:
                present.append(subject)
        for repetition in range(repetitions):
            first = repetition % len(present)
            print(f"{name}: repetition {repetition + 1} of {repetitions}", file=sys.stderr)
            for subject in present[first:] + present[:first]:
                yield repetition, subject


# Subjects whose library may be missing; they are named after it.
OPTIONAL = {"quill", "glog", "boost_log"}


def marked(repetition, results):
    return [dict(result, repetition=repetition) for result in results]


def row(bench, shape, subject, metric, unit, value, repetition):
    return {"bench": bench, "shape": shape, "subject": subject, "metric": metric, "unit": unit, "value": value,
            "repetition": repetition}
