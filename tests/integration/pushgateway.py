"""Metrics pushed to a real Pushgateway by prometheus-cpp's Gateway are there as they were counted."""

import re
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from harness import BUILD, eventually, need
from promtool import promtool


class Pushgateway:
    def __init__(self, directory):
        self.log_path = Path(directory) / "log"
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                ["prometheus-pushgateway", "--web.listen-address=127.0.0.1:0", "--persistence.file="],
                stdout=log, stderr=log)

    def __enter__(self):
        # Port 0 is any free one; which it was stands only in the log.
        def address():
            assert self.process.poll() is None, self.log_path.read_text()
            return re.search(r"address=127\.0\.0\.1:(\d+)", self.log_path.read_text())
        try:
            self.port = eventually("the gateway listens", address, seconds=30).group(1)
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def page(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as response:
            return response.read()


def push(port, job, count):
    return subprocess.run([BUILD / "tests/integration/push_metrics", str(port), job, str(count)],
                          stdout=subprocess.PIPE, text=True, timeout=30)


def value(page, sample):
    found = re.findall(rf"(?m)^{re.escape(sample)} (\S+)$", page.decode())
    assert len(found) == 1, f"{sample} is there {len(found)} times:\n{page.decode()[-6000:]}"
    return float(found[0])


def main():
    need("prometheus-pushgateway", "promtool")
    with tempfile.TemporaryDirectory(prefix="weir-test-") as directory, Pushgateway(directory) as gateway:
        for job, count in (("nightly", 3), ("hourly", 5), ("nightly", 4)):
            pushed = push(gateway.port, job, count)
            assert (pushed.returncode, pushed.stdout) == (0, "200\n"), pushed
        page = gateway.page()
        for job, count in (("nightly", 4), ("hourly", 5)):
            labels = f'instance="one",job="{job}"'
            queue = r'queue="mail \"today\""'
            assert value(page, f"jobs_total{{{labels},{queue}}}") == count
            assert value(page, f"weir_log_write_seconds_count{{{labels}}}") == count
            assert value(page, f'weir_log_write_seconds_bucket{{{labels},le="0.1"}}') == count
            assert value(page, f"process_resident_memory_bytes{{{labels}}}") > 1 << 20
            assert value(page, f"process_cpu_seconds_total{{{labels}}}") > 0
            assert value(page, f"push_failure_time_seconds{{{labels}}}") == 0
        status, said = promtool("check", "metrics", given=page)
        assert status == 0, said
    # Nobody listens there any more.
    assert push(gateway.port, "nightly", 1).returncode == 1


if __name__ == "__main__":
    main()
