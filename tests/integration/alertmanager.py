"""A real Alertmanager receives what a real Prometheus finds at a real server, and notifies: first of a log that cannot be
written, then of the server that is gone."""

import json
import queue
import re
import shutil
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from harness import SOURCE, Server, eventually, need
from prometheus_process import Prometheus, adapted

CONFIGURATION = SOURCE / "dashboards/alertmanager/alertmanager.yml"


class Receiver:
    """The webhook of the one who is on call: keeps every notification."""

    def __init__(self):
        notifications = self.notifications = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                notifications.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        self.alerts = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def firing(self, name):
        """The alert of that name, as the last notification about it had it; None if it does not fire, as far as is known."""
        while not self.notifications.empty():
            notification = self.notifications.get()
            assert notification["receiver"] == "page" and notification["groupLabels"] == {"job": "weir"}, notification
            for alert in notification["alerts"]:
                self.alerts[alert["labels"]["alertname"]] = alert
        alert = self.alerts.get(name)
        return alert if alert and alert["status"] == "firing" else None


class Alertmanager:
    """On a free port, with the project's configuration, but notifying at once, and by the receiver's webhook."""

    def __init__(self, webhook):
        self.directory = Path(tempfile.mkdtemp(prefix="weir-alertmanager-"))
        configuration = adapted(
            CONFIGURATION.read_text(),
            ("group_wait: 30s", "group_wait: 0s"),
            ("group_interval: 5m", "group_interval: 1s"),
            ("  - name: page\n", f"  - name: page\n    webhook_configs:\n      - url: {webhook}\n"),
        )
        (self.directory / "alertmanager.yml").write_text(configuration)
        self.log_path = self.directory / "log"
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                ["prometheus-alertmanager", f"--config.file={self.directory}/alertmanager.yml",
                 f"--storage.path={self.directory}/data", "--web.listen-address=127.0.0.1:0", "--cluster.listen-address="],
                stdout=log, stderr=log)
        try:
            self.address = eventually("Alertmanager listens", self._address, seconds=30)
        except AssertionError:
            self.__exit__(AssertionError)
            raise

    def _address(self):
        assert self.process.poll() is None, f"Alertmanager has ended: {self.log_path.read_text()[-2000:]}"
        # Port 0 is any free one; which it was stands only in the log.
        found = re.search(r'msg="Listening on" address=(127\.0\.0\.1:\d+)', self.log_path.read_text())
        return found and found.group(1)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        if error[0] is not None:
            print("--- Alertmanager's log:", self.log_path.read_text()[-2000:], sep="\n")
        shutil.rmtree(self.directory, ignore_errors=True)


def check_annotations(alert, severity, summary, description, dashboard):
    assert alert["labels"]["severity"] == severity, alert
    said = alert["annotations"]
    assert set(said) == {"summary", "description", "dashboard"}, said
    assert said["summary"] == summary, said
    assert re.search(description, said["description"]), said
    assert re.fullmatch(dashboard, said["dashboard"]), said
    assert alert["generatorURL"].startswith("http"), alert


def log_that_cannot_be_written(server, receiver):
    def look():
        server.get("/hello")  # one more record that is lost
        return receiver.firing("WeirLogSinkFailing") and receiver.firing("WeirLogRecordsDropped")
    eventually("the notification of the failing sink", look, seconds=40)
    instance = f"127.0.0.1:{server.port}"
    check_annotations(receiver.firing("WeirLogSinkFailing"), "critical", f"a log sink of {instance} fails",
                      r"^About [\d.]+k? calls in five minutes: ",
                      rf"/d/weir-log-stream\?var-job=weir&var-instance=127\.0\.0\.1%3A{server.port}")
    dropped = receiver.firing("WeirLogRecordsDropped")
    check_annotations(dropped, "warning", f"{instance} drops log records: sink",
                      r"^About [\d.]+k? records in five minutes ", r"/d/weir-log-stream\?.*")
    assert dropped["labels"]["reason"] == "sink", dropped
    assert receiver.firing("WeirTargetDown") is None


def server_that_is_gone(server, receiver):
    assert server.stop() == 0
    down = eventually("the notification of the server", lambda: receiver.firing("WeirTargetDown"), seconds=40)
    check_annotations(down, "critical", f"127.0.0.1:{server.port} of job weir cannot be scraped", "the process is down",
                      r"/d/weir-requests\?var-job=weir")


def inhibited(alertmanager, name):
    said = subprocess.run(["amtool", f"--alertmanager.url=http://{alertmanager.address}", "alert", "query", "--inhibited",
                           "--output=json", f"alertname={name}"], capture_output=True, text=True, check=True).stdout
    return [alert for alert in json.loads(said) if alert["status"]["state"] == "suppressed"]


def main():
    need("prometheus", "prometheus-alertmanager", "amtool")
    status = subprocess.run(["amtool", "check-config", CONFIGURATION], capture_output=True, text=True)
    assert status.returncode == 0, status.stdout + status.stderr
    with Receiver() as receiver, Alertmanager(receiver.url) as alertmanager, Server(log="/dev/full") as server, \
            Prometheus(server.port, alertmanager=alertmanager.address, shortened_for="1s"):
        log_that_cannot_be_written(server, receiver)
        server_that_is_gone(server, receiver)
        # Of a process that is down nothing else is news.
        eventually("the alerts about its log are inhibited", lambda: inhibited(alertmanager, "WeirLogSinkFailing"), seconds=20)
    print(f"notified of {', '.join(sorted(receiver.alerts))}")


if __name__ == "__main__":
    main()
