"""An idle_… program at its two stops: linked, and with one logger that has logged one line."""

import contextlib
import subprocess
import time

from .setting import Failure

# Long enough for every backend to have written the line and to have come to rest.
SETTLING_S = 0.5


def library_of(subject):
    return "spdlog" if subject.startswith("spdlog_") else subject


class Process:
    def __init__(self, words):
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._words = words
        self.id = self._process.pid

    def wait_for(self, word):
        if self._process.stdout.readline() != word + "\n":
            raise Failure(f"{' '.join(self._words)} did not come to '{word}'")

    def log_one_line(self):
        """Returns when the process is idle."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.wait_for("idle")
        time.sleep(SETTLING_S)

    def end(self):
        self._process.stdin.close()
        try:
            status = self._process.wait(timeout=30)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"{' '.join(self._words)} did not end within 30 s") from late
        if status != 0:
            raise Failure(f"{' '.join(self._words)} failed")

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@contextlib.contextmanager
def linked(bench, subject):
    """Yields the process at its first stop: nothing has been logged."""
    process = Process([str(bench.programs / f"idle_{library_of(subject)}"), "--subject", subject, "--file",
                       str(bench.scratch / "idle.log")])
    try:
        process.wait_for("linked")
        yield process
        process.end()
    finally:
        process.kill()
