"""A Prometheus with the project's own configuration, as a child process, and its HTTP API."""

import contextlib
import json
import re
import shutil
import subprocess
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

from harness import SOURCE, eventually

CONFIGURATION = SOURCE / "dashboards/prometheus"


def adapted(text, *changes):
    """The text with each (old, new) done; what is to be replaced has to be there, once."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


class Prometheus:
    """Scrapes `port` every second and has no Alertmanager but the given one; everything else is as dashboards/prometheus says,
    unless alerts are to fire after a shorter time, and `options` are."""

    def __init__(self, port, *options, alertmanager=None, shortened_for=None):
        self.directory = Path(tempfile.mkdtemp(prefix="weir-prometheus-"))
        for rules in ("recording.yml", "alerts.yml"):
            # No test has a minute: each group as often as the others.
            text = re.sub(r"^ *interval: .*\n", "", (CONFIGURATION / rules).read_text(), flags=re.MULTILINE)
            (self.directory / rules).write_text(text)
        configuration = adapted(
            (CONFIGURATION / "prometheus.yml").read_text(),
            ('["127.0.0.1:8080"]', f'["127.0.0.1:{port}"]'),
            ("scrape_interval: 5s", "scrape_interval: 1s"),
            ("evaluation_interval: 5s", "evaluation_interval: 1s"),
            ('["127.0.0.1:9093"]', f'["{alertmanager}"]' if alertmanager else "[]"),
        )
        if shortened_for:
            alerts = self.directory / "alerts.yml"
            alerts.write_text(re.sub(r"(?m)^( +for:) \w+$", rf"\1 {shortened_for}", alerts.read_text()))
        (self.directory / "prometheus.yml").write_text(configuration)
        self.log_path = self.directory / "log"
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.directory}/prometheus.yml",
                 f"--storage.tsdb.path={self.directory}/data", "--web.listen-address=127.0.0.1:0", *options],
                stdout=log, stderr=log)
        try:
            self.url = "http://" + eventually("Prometheus listens", self._address, seconds=30)
            eventually("Prometheus is ready", self._is_ready, seconds=30)
        except AssertionError:
            self.__exit__(AssertionError)
            raise

    def _address(self):
        assert self.process.poll() is None, f"Prometheus has ended: {self.log_path.read_text()[-2000:]}"
        # Port 0 is any free one; which it was stands only in the log.
        found = re.search(r'msg="Listening on" address=(127\.0\.0\.1:\d+)', self.log_path.read_text())
        return found and found.group(1)

    def _is_ready(self):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"{self.url}/-/ready", timeout=5).status == 200

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        if error[0] is not None:
            print("--- Prometheus' log:", self.log_path.read_text()[-2000:], sep="\n")
        shutil.rmtree(self.directory, ignore_errors=True)

    def api(self, path, **parameters):
        """The `data` of the answer. An error answer raises, with what Prometheus says about it."""
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} {parameters}: {json.load(error).get('error')}") from error

    def query(self, expression):
        """[(labels, value)] at this moment."""
        return [(each["metric"], float(each["value"][1])) for each in self.api("query", query=expression)["result"]]

    def query_range(self, expression, start, end, step):
        """[(labels, [(time, value)])] from `start` to `end`, in seconds since the epoch."""
        found = self.api("query_range", query=expression, start=start, end=end, step=step)["result"]
        return [(each["metric"], [(time, float(value)) for time, value in each["values"]]) for each in found]

    def value(self, expression):
        """The value of an expression that gives one."""
        (_, value), = self.query(expression)
        return value

    def last_scrape(self):
        """When the last scrape that succeeded began, in seconds since the epoch; 0 for never."""
        # Of a bare selector: of any other expression timestamp() would give the time of this query.
        found = self.query('timestamp(up{job="weir"}) and up{job="weir"} == 1')
        return found[0][1] if found else 0
