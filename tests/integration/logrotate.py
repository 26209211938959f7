"""logrotate moves a log that is being written to: with `create`, with nothing in its place, with a SIGHUP, by copying.

It also compresses: a turn later, and nothing is lost, or at once, and all that was acknowledged is there.
"""

import gzip
import re
import signal
import subprocess
import tempfile
from pathlib import Path

from harness import BUILD, eventually, need

ROTATIONS = 3


class Writer:
    def __init__(self, path, manner):
        self.path = path
        self.process = subprocess.Popen([str(BUILD / "tests/integration/log_writer"), str(path), manner],
                                        stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        eventually("it writes", self.has_written)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def has_written(self):
        return self.path.exists() and self.path.stat().st_size > 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, self.process.returncode
        written, *refused = map(int, output.split())
        return written, refused


def rotate(directory, path, directives):
    configuration = directory / "logrotate.conf"
    configuration.write_text(f"{path} {{\n  rotate 10\n{directives}}}\n")
    configuration.chmod(0o600)  # logrotate takes no orders that others may write
    subprocess.run(["logrotate", "--force", "--state", directory / "state", configuration], check=True)


def numbers_in(directory):
    """The records' numbers, the oldest file first; every line has to be whole."""
    def age(each):
        return int("0" + "".join(re.findall(r"\.(\d+)", each.name)))

    files = sorted(directory.glob("a.log*"), key=age, reverse=True)
    assert len(files) == ROTATIONS + 1, files
    found = []
    for each in files:
        text = gzip.decompress(each.read_bytes()) if each.suffix == ".gz" else each.read_bytes()
        assert text.endswith(b"\n"), (each, text[-100:])
        for line in text.splitlines():
            record = re.fullmatch(rb"\S+ info  \[writer\] record (\d+) end", line)
            assert record, (each, line[:200])
            found.append(int(record.group(1)))
    return found


def scenario(name, manner, directives, check):
    with tempfile.TemporaryDirectory(prefix="weir-logrotate-") as temporary:
        directory = Path(temporary)
        path = directory / "a.log"
        with Writer(path, manner) as writer:
            for _ in range(ROTATIONS):
                rotate(directory, path, directives.format(pid=writer.process.pid))
                eventually("it writes to the new file", writer.has_written)
            written, refused = writer.stop()
        numbers = numbers_in(directory)
        print(f"{name}: {written} records in {ROTATIONS + 1} files, {len(refused)} refused")
        check(numbers, written, refused)
        return path


def all_there(numbers, written, refused):
    assert not refused
    assert numbers == list(range(written)), "a record is missing, twice there, or out of order"


def all_acknowledged(numbers, written, refused):
    missing = sorted(set(range(written)) - set(numbers))
    assert set(missing) <= set(refused), f"acknowledged, and nowhere: {set(missing) - set(refused)}"


def in_order(numbers, written, _):
    # Between logrotate's copying and its truncating nobody can help what is written.
    assert all(a < b for a, b in zip(numbers, numbers[1:])), "out of order"
    assert numbers[-1] == written - 1


need("logrotate")
hang_up = "  postrotate\n    kill -HUP {pid}\n  endscript\n"
scenario("create", "looking", "  create 0640\n", all_there)
scenario("nocreate", "looking", "  nocreate\n", all_there)
scenario("create and SIGHUP", "signalled", "  create 0640\n" + hang_up, all_there)
scenario("nocreate and SIGHUP", "signalled", "  nocreate\n" + hang_up, all_there)
scenario("compress and delaycompress", "looking", "  create 0640\n  compress\n  delaycompress\n", all_there)
scenario("compress at once", "acknowledged", "  create 0640\n  compress\n", all_acknowledged)
scenario("copytruncate", "looking", "  copytruncate\n", in_order)
