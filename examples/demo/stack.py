"""The demo's Prometheus: has the project's configuration and rules, and is asked for what the clients counted."""

import contextlib
import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

CONFIGURATION = Path(__file__).resolve().parents[2] / "dashboards/prometheus"
USUAL_PORT, ANY_PORT = 9090, 0


class Stack:
    """A Prometheus below `directory`; leaves its data there until the next demo."""

    def __init__(self, directory, server_port):
        self.directory = directory / "prometheus"
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir()
        self.configure(server_port)
        self.process = self.url = None
        try:
            if not self.start(USUAL_PORT) and not self.start(ANY_PORT):
                raise RuntimeError(f"Prometheus did not start: {self.log()[-500:]}")
            # Prometheus takes some seconds for its first scrape, and rates are of what happens after it.
            self.wait_for_scrape()
        except BaseException:  # an interrupt, too
            self.stop()
            raise

    def configure(self, server_port):
        for rules in ("recording.yml", "alerts.yml"):
            shutil.copy(CONFIGURATION / rules, self.directory)
        text = (CONFIGURATION / "prometheus.yml").read_text()
        # What the demo's seconds change: scraped more often, at the demo's port, and nobody is called out of bed.
        for old, new in (("127.0.0.1:8080", f"127.0.0.1:{server_port}"), ('["127.0.0.1:9093"]', "[]"),
                         ("interval: 5s", "interval: 1s")):
            text = text.replace(old, new)
        (self.directory / "prometheus.yml").write_text(text)

    def log(self):
        return (self.directory / "prometheus.log").read_text()

    def start(self, port):
        with open(self.directory / "prometheus.log", "w") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.directory}/prometheus.yml", f"--storage.tsdb.path={self.directory}/data",
                 f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage"],
                stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < until:
            listening = re.search(r'msg="?Listening on"? address=(127\.0\.0\.1:\d+)', self.log())
            if listening:
                self.url = f"http://{listening.group(1)}"
                with contextlib.suppress(OSError):
                    if urllib.request.urlopen(self.url + "/-/ready", timeout=5).status == 200:
                        return True
            time.sleep(0.05)
        self.stop()
        return False

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def query(self, expression):
        """The one value of an expression; None if it has none."""
        url = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        result = json.load(urllib.request.urlopen(url, timeout=10))["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def wait_for_scrape(self):
        """Until Prometheus has seen what the server counts now."""
        now = time.time() + 0.01
        self.wait_for(lambda: (self.query('timestamp(up{job="weir"}) and up{job="weir"} == 1') or 0) > now)

    def wait_for(self, condition):
        until = time.monotonic() + 15
        while not condition() and time.monotonic() < until:
            time.sleep(0.1)

    def compare(self, counts):
        """Prints what Prometheus answers; true if it is what the clients counted."""
        self.wait_for_scrape()
        scraped = time.time()  # rules come some time after their scrapes
        gone = 'sum(weir_requests_cancelled_total{reason=~"client_.*", http_route="%s"})'
        asked = [
            (gone % "/download/{file}", counts["download aborted"]),
            (gone % "/slow", counts["slow given up"]),
            ('sum(weir_requests_cancelled_total{reason="timeout", http_route="/timeout"})', counts["timed out"]),
            ('sum(http_server_request_duration_seconds_count{http_route="/slow", http_response_status_code="200"})',
             counts["slow answered"]),
        ]
        width = max(len(expression) for expression, _ in asked)
        agreed = True
        print(f"\n{'asked of Prometheus, ' + self.url:{width}} {'clients':>10} {'Prometheus':>10}")
        for expression, clients in asked:
            found = self.query(expression) or 0
            agreed &= found == clients
            print(f"{expression:{width}} {clients:10} {found:10.0f}  {'agree' if found == clients else 'DIFFER'}")
        for rule in ("job:http_server_requests_failed:ratio_rate5m", "job:http_server_requests_cancelled:ratio_rate5m"):
            self.wait_for(lambda: (self.query(f"timestamp({rule})") or 0) > scraped)
            ratio = self.query(rule)
            print(f"{rule:{width}} {'':10} {'–' if ratio is None else f'{100 * ratio:.2f} %':>10}")
        firing = self.query('count(ALERTS{alertstate="firing"})') or 0
        print(f"{'alerts that fire':{width}} {'':10} {firing:10.0f}")
        return agreed
