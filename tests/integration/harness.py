"""What the scenarios share: the download server as a child process, its metrics as numbers, its log as records."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUILD = Path(os.environ.get("WEIR_BUILD_DIR", "build/release"))
SOURCE = Path(__file__).resolve().parents[2]
SKIP = 77  # the exit status that ctest takes for "skipped"


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            skip(f"{program} is not installed")


def is_sanitized():
    """Whether the build has a sanitizer, whose own memory is no measure of ours."""
    return re.search(r"^WEIR_SANITIZE:\w+=\S", (BUILD / "CMakeCache.txt").read_text(), re.MULTILINE) is not None


def eventually(what, condition, seconds=10.0):
    """Waits for a condition that has no event to wait for in another process; fails loudly when it never holds."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Server:
    """The example download server on a free port, with a directory to serve and a log file of its own.

    Or another program; a `plain` one takes its port and its log file as its only arguments.
    """

    def __init__(self, *options, log=None, program="examples/02_download_server", plain=False):
        self.directory = Path(tempfile.mkdtemp(prefix="weir-test-"))
        self.root = self.directory / "root"
        self.root.mkdir()
        self.log_path = Path(log) if log else self.directory / "server.log"
        command = [str(BUILD / program), "--root", str(self.root), "--port", "0", "--log", str(self.log_path), *options]
        if plain:
            command = [str(BUILD / program), "0", str(self.log_path)]
        self.stderr_path = self.directory / "stderr"
        with open(self.stderr_path, "w") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            self.process.wait()
            errors = self.stderr_path.read_text()
            shutil.rmtree(self.directory, ignore_errors=True)
            raise AssertionError(f"the server did not start: {line!r} {errors!r}")
        self.port = int(found.group(1))
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        if error[0] is not None:
            print("--- the server's standard error:", self.stderr_path.read_text()[-2000:], sep="\n")
        shutil.rmtree(self.directory, ignore_errors=True)

    def add_file(self, name, size):
        path = self.root / name
        with open(path, "wb") as file:
            block = os.urandom(1 << 16)
            for start in range(0, size, len(block)):
                file.write(block[: size - start])
        return path

    def get(self, target, method="GET", headers=None, timeout=10):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, target, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def metrics(self):
        """{(name, frozenset of label pairs): value} of the whole page."""
        status, body = self.get("/metrics")
        assert status == 200, status
        samples = {}
        for line in body.decode().splitlines():
            if not line or line.startswith("#"):
                continue
            name, labels, value = re.fullmatch(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)", line).groups()
            pairs = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or "")
            samples[name, frozenset(pairs)] = float(value)
        return samples

    def metric(self, name, **labels):
        """The sum over all series of that name that have these labels."""
        wanted = set(labels.items())
        return sum(value for (found, pairs), value in self.metrics().items() if found == name and wanted <= pairs)

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def has_no_connection(self):
        """Whether the only socket it has is the one it listens on: the time to count its open files."""
        directory = f"/proc/{self.process.pid}/fd"
        sockets = 0
        for each in os.listdir(directory):
            with contextlib.suppress(FileNotFoundError):
                sockets += os.readlink(f"{directory}/{each}").startswith("socket:")
        return sockets == 1

    def resident_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def records(self):
        """The log's records; every line has to be one."""
        text = self.log_path.read_bytes()
        if self.process.poll() is None:
            text = text[:text.rfind(b"\n") + 1]  # it may be writing the last line
        # Of bytes: a str is also split at what is a line break only to Unicode.
        return [json.loads(line) for line in text.splitlines()]

    def stop(self):
        """SIGTERM, and the exit status. The log is complete after this."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


class Example:
    """An example that takes a port and serves until SIGTERM; then `log` is what it wrote to standard error."""

    def __init__(self, name, *arguments):
        self.directory = Path(tempfile.mkdtemp(prefix="weir-test-"))
        self.log_path = self.directory / "log"
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen([str(BUILD / "examples" / name), "0", *arguments], stdout=subprocess.PIPE,
                                            stderr=log, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def read_log(self):
        return self.log_path.read_text()

    def __exit__(self, *error):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=20)
        finally:
            self.process.kill()
            self.log = self.read_log()
            shutil.rmtree(self.directory, ignore_errors=True)
        if error[0] is not None:
            print("--- the example's standard error:", self.log[-4000:], sep="\n")
        else:
            assert status == 0, (status, self.log)


def read_responses(client, count=None):
    """(status, body) of so many responses with a Content-Length, or of all until the connection ends."""
    stream = client.makefile("rb")
    found = []
    while count is None or len(found) < count:
        line = stream.readline()
        if not line:
            return found
        length = 0
        while (header := stream.readline().strip()):
            name, value = header.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        found.append((int(line.split()[1]), stream.read(length)))
    return found
