"""promtool accepts the live pages, the scrape configuration and the alert rules, and each alert fires when it should."""

import re
import socket
import subprocess
import urllib.request

from dashboard_file import read_rules
from harness import SOURCE, Server, eventually, need

CONFIGURATION = SOURCE / "dashboards/prometheus"


def promtool(*arguments, given=None):
    done = subprocess.run(["promtool", *map(str, arguments)], input=given, capture_output=True)
    return done.returncode, (done.stdout + done.stderr).decode()


def check_page(url):
    # Not what Prometheus itself asks for, which would be OpenMetrics: promtool reads only the older format.
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": "text/plain;version=0.0.4"})) as response:
        assert response.headers["Content-Type"].startswith("text/plain;"), response.headers["Content-Type"]
        page = response.read()
    status, said = promtool("check", "metrics", given=page)
    assert status == 0 and not said, f"{url}: {said}"
    for name in (b"http_server_request_duration_seconds_bucket", b"weir_requests_cancelled_total", b"weir_log_queue_bytes"):
        assert name in page, f"{url}: no {name}"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def start_with_metrics_port():
    """The exposer takes no port 0, and somebody may take a free one first: then another is tried."""
    for attempt in range(5):
        port = free_port()
        try:
            return Server("--metrics-port", str(port)), port
        except AssertionError:
            if attempt == 4:
                raise


def check_live_pages():
    started, metrics_port = start_with_metrics_port()
    with started as server:
        server.add_file("file.bin", 1 << 16)
        for target, status in (("/hello", 200), ("/download/file.bin", 200), ("/nowhere", 404), ("/timeout", 503)):
            assert server.get(target)[0] == status, target
        eventually("batches of log records", lambda: server.metric("weir_log_batch_records_count") > 0)
        check_page(f"{server.url}/metrics")
        check_page(f"http://127.0.0.1:{metrics_port}/metrics")
        assert server.stop() == 0
    # Only a tool that does complain proves something by its silence.
    assert promtool("check", "metrics", given=b"# HELP a A.\n# TYPE a counter\na 1\n")[0] != 0


def check_configuration():
    for kind, name in (("alert", "alerts.yml"), ("record", "recording.yml")):
        status, said = promtool("check", "rules", "--lint=all", "--lint-fatal", CONFIGURATION / name)
        assert status == 0 and f"SUCCESS: {len(read_rules(kind))} rules found" in said, said
    status, said = promtool("check", "config", "--lint=all", "--lint-fatal", CONFIGURATION / "prometheus.yml")
    assert status == 0 and "2 rule files found" in said, said


def check_alerts():
    """Each alert has a file of tests, which has it fire and not fire."""
    tests = sorted((CONFIGURATION / "tests").glob("*.yml"))
    tested = {}
    for path in tests:
        cases = re.findall(r"alertname: (\w+)\n +exp_alerts:(.*)\n", path.read_text())
        alert, = {name for name, _ in cases}
        outcomes = {"silent" if expected.strip() == "[]" else "fires" for _, expected in cases}
        assert outcomes == {"silent", "fires"}, f"{path.name} has {alert} only be {outcomes}"
        tested[alert] = path
    alerts = set(read_rules("alert"))
    assert set(tested) == alerts, f"alerts without tests: {alerts - set(tested)}"
    status, said = promtool("test", "rules", *tests)
    assert status == 0, said


def main():
    need("promtool")
    check_configuration()
    check_alerts()
    check_live_pages()


if __name__ == "__main__":
    main()
