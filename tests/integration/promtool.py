"""promtool accepts the live pages, the scrape configuration and the alert rules, and each alert fires when it should."""

import json
import re
import socket
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from dashboard_file import fill_in, load_dashboards, panels, read_rules
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


# Calls in 15 s each, from the start: of 0.9 s to one server, every tenth of which fails, and failed ones to another.
OUTGOING = """
rule_files: []
evaluation_interval: 15s
tests:
  - interval: 15s
    input_series:
      - series: http_client_request_duration_seconds_count{job="weir", instance="a", server_address="one", http_response_status_code="200"}
        values: 0+135x40
      - series: http_client_request_duration_seconds_count{job="weir", instance="a", server_address="one", http_response_status_code="503", error_type="503"}
        values: 0+15x40
      - series: http_client_request_duration_seconds_count{job="weir", instance="a", server_address="two", error_type="timeout"}
        values: 0+30x40
      - series: http_client_request_duration_seconds_bucket{job="weir", instance="a", server_address="one", le="0.5"}
        values: 0x40
      - series: http_client_request_duration_seconds_bucket{job="weir", instance="a", server_address="one", le="1.0"}
        values: 0+150x40
      - series: http_client_request_duration_seconds_bucket{job="weir", instance="a", server_address="one", le="+Inf"}
        values: 0+150x40
    promql_expr_test:
"""
ANSWERS = {
    "Outgoing requests by server": {'{server_address="one"}': 10, '{server_address="two"}': 2},
    "Outgoing errors by server": {'{server_address="one", error_type="503"}': 1, '{server_address="two", error_type="timeout"}': 2},
    "Outgoing p99 by server": {'{server_address="one"}': 0.995},
}


def check_outgoing():
    """The panels of requests to other servers, which the download server makes none of."""
    text = OUTGOING
    for panel in panels(load_dashboards()["requests"]):
        if panel["title"] in ANSWERS:
            expression = fill_in(panel["targets"][0]["expr"], job=".+", instance=".+", __rate_interval="5m")
            text += f"      - expr: {json.dumps(f'round({expression}, 0.001)')}\n        eval_time: 8m\n        exp_samples:\n"
            for labels, value in ANSWERS[panel["title"]].items():
                text += f"          - labels: {json.dumps(labels)}\n            value: {value}\n"
    assert text.count("expr:") == len(ANSWERS), text
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "outgoing.yml"
        path.write_text(text)
        status, said = promtool("test", "rules", path)
        assert status == 0, said


def main():
    need("promtool")
    check_configuration()
    check_alerts()
    check_outgoing()
    check_live_pages()


if __name__ == "__main__":
    main()
