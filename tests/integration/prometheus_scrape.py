"""A real Prometheus scrapes the server under traffic of every kind: each query of the dashboards has an answer, and what
it says of cancellations is what the clients did. Pictures of all panels are left in the build directory, for a person to
look at."""

import math
import re
import shutil
import socket
import subprocess
import time
from collections import Counter

from dashboard_file import fill_in, load_dashboards, panels, read_rules
from harness import BUILD, Server, eventually, need
from panel_pictures import draw
from prometheus_process import Prometheus

# Each wave: how often every kind of request is made.
HELLO, WHOLE_DOWNLOADS, ABORTED_DOWNLOADS, GIVEN_UP, TIMED_OUT, NOT_FOUND, MALFORMED = 20, 3, 5, 6, 4, 3, 2
IN_TIME, TOO_LATE = 4, 1
WAVES = 2
BIG_FILE = 64 << 20  # far more than the sockets' buffers take

# As Grafana fills the variables in: all jobs, all instances, all routes, and a range that holds the whole test.
EVERYTHING = {"job": ".+", "instance": ".+", "route": ".*", "__rate_interval": "5m", "__range": "5m"}
# What must not happen here; any other panel that shows only zeroes has missed what did.
NEVER = {"Label values in overflow series", "Failed callback metrics",
         "Stuck handlers", "Cancellations ignored", "Handlers that go on for nobody", "Failed work",
         "Records dropped", "Log records dropped", "Waiting threads", "Log calls that wait", "Sink errors"}
PERHAPS = {"Queue", "Memory (waiting)", "Memory (flight recorder)", "Request bytes by route",
           "Time in the sinks ({{instance}} syncs)"}
# Of requests that this server makes none of; promtool.py has the queries answered.
ABSENT = {"Outgoing requests by server", "Outgoing errors by server", "Outgoing p99 by server"}
REASONS = {"client_closed", "client_reset", "deadline", "timeout", "shutdown", "application", "overload"}


def give_up(times, url, *options):
    """Clients that will leave before the end: curl closes its connection at the time limit, long after the server has
    begun with the request."""
    return [subprocess.Popen(["curl", "--silent", "--output", "/dev/null", "--max-time", "2", *options, url])
            for _ in range(times)]


def send_nonsense(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"this is not HTTP\r\n\r\n")
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 400 ")


def expect(server, target, status, times, **headers):
    for _ in range(times):
        found, _body = server.get(target, timeout=30, headers=headers)
        assert found == status, (target, found)


def make_wave(server):
    subprocess.run(["wrk", "-t1", "-c4", "-d1s", f"{server.url}/hello"], check=True, stdout=subprocess.DEVNULL)
    expect(server, "/hello", 200, HELLO)
    expect(server, "/download/small.bin", 200, WHOLE_DOWNLOADS)
    leaving = give_up(ABORTED_DOWNLOADS, f"{server.url}/download/big.bin", "--limit-rate", "1M")
    leaving += give_up(GIVEN_UP, f"{server.url}/slow?ms=60000")
    expect(server, "/slow?ms=1", 200, 1)
    expect(server, "/timeout", 503, TIMED_OUT)
    expect(server, "/nowhere", 404, NOT_FOUND)
    expect(server, "/hello", 200, IN_TIME, **{"grpc-timeout": "30S"})
    expect(server, "/hello", 504, TOO_LATE, **{"grpc-timeout": "0S"})
    for _ in range(MALFORMED):
        send_nonsense(server)
    for client in leaving:
        assert client.wait(timeout=30) == 28, f"curl ended with {client.returncode} instead of its time limit"


def wait_for_scrape(prometheus):
    # A scrape's time stamp is the one it was due at, up to 2 ms before it really began.
    now = time.time() + 0.01
    eventually("the next scrape", lambda: prometheus.last_scrape() > now, seconds=30)


def wait_until_counted(server, waves):
    for route, times in {"/download/{file}": ABORTED_DOWNLOADS, "/slow": GIVEN_UP, "/timeout": TIMED_OUT}.items():
        eventually(f"cancellations of {route}",
                   lambda: server.metric("weir_requests_cancelled_total", http_route=route) >= waves * times)


def check_series_exist_before_anything_happens(prometheus):
    """What nobody has done yet is zero, not absent."""
    cancelled = prometheus.query("sum by (reason, phase) (weir_requests_cancelled_total)")
    assert {labels["reason"] for labels, _ in cancelled} == REASONS, cancelled
    assert {labels["phase"] for labels, _ in cancelled} == {"read", "handler", "write"}, cancelled
    assert len(cancelled) == 3 * len(REASONS) and not any(value for _, value in cancelled), cancelled
    for metric in ("weir_cancel_to_stop_seconds_count", "weir_cancel_ignored_total", "weir_response_bytes_wasted_total",
                   "weir_log_dropped_total"):
        assert prometheus.value(f"sum({metric})") == 0, metric


def check_panels(prometheus, dashboards):
    asked = 0
    for dashboard in dashboards.values():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                where = f"{panel['title']} ({target['legendFormat']})"
                found = prometheus.query(fill_in(target["expr"], **EVERYTHING))
                numbers = [value for _, value in found if not math.isnan(value)]
                asked += 1
                if panel["title"] in ABSENT:
                    assert not found, f"{where}: {found}"
                    continue
                assert numbers, f"{where}: no value in {found}"
                if panel["title"] in NEVER:
                    assert not any(numbers), f"{where}: {found}"
                elif not {panel["title"], where} & PERHAPS:
                    assert any(number > 0 for number in numbers), f"{where}: only zeroes in {found}"
                for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                    assert all(label in labels for labels, _ in found), f"{where}: {found}"
    return asked


def check_exemplars(prometheus, dashboards, begun):
    """Asked for as Grafana does, by the panel's own query, they come with the label that leads to a trace."""
    asked = 0
    for dashboard in dashboards.values():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                if target["exemplar"]:
                    found = prometheus.api("query_exemplars", query=fill_in(target["expr"], **EVERYTHING), start=begun,
                                           end=time.time())
                    ids = [each["labels"]["trace_id"] for series in found for each in series["exemplars"]]
                    assert ids and all(len(trace) == 32 for trace in ids), f"{panel['title']}: {found}"
                    asked += 1
    assert asked == 3, asked


def draw_panels(prometheus, dashboards, begun):
    """As a person sees them who looks at the last seconds only."""
    if shutil.which("gnuplot") is None:
        return "no pictures: gnuplot is not installed"
    directory = BUILD / "dashboards"
    directory.mkdir(exist_ok=True)
    end = prometheus.last_scrape()
    variables = EVERYTHING | {"__rate_interval": "4s", "__range": f"{end - begun:.0f}s"}
    for name, dashboard in dashboards.items():
        draw(prometheus, dashboard, directory / f"{name}.png", variables, begun, end)
    return f"pictures in {directory}"


def check_variables(prometheus, dashboards):
    values = {}
    for dashboard in dashboards.values():
        for variable in dashboard["templating"]["list"][1:]:
            selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            values[variable["name"]] = prometheus.api(f"label/{label}/values", **{"match[]": fill_in(selector, **EVERYTHING)})
            assert values["job"] == ["weir"], values
            assert len(values.get("instance", ["one"])) == 1, values
    assert {"/hello", "/download/{file}", "/slow", "/timeout"} <= set(values["route"]), values


def check_cancellations(prometheus, dashboard):
    """The panel with the exact counts, route by route as Grafana's variable chooses them."""
    panel, = (each for each in panels(dashboard) if each["title"] == "Cancelled since start")

    def by(label, route):
        variables = EVERYTHING | {"route": re.escape(route).replace("\\", "\\\\")}
        counts = Counter()
        for labels, value in prometheus.query(fill_in(panel["targets"][0]["expr"], **variables)):
            assert labels["http_route"] == route, labels
            counts[labels[label]] += value
        return dict(counts)

    def cancelled(route):
        return by("reason", route)

    def phases(route):
        return by("phase", route)

    # A client that closes with bytes unread resets the connection; whether there are any depends on the kernel.
    assert sum(cancelled("/download/{file}").values()) == WAVES * ABORTED_DOWNLOADS, cancelled("/download/{file}")
    assert set(cancelled("/download/{file}")) <= {"client_closed", "client_reset"}, cancelled("/download/{file}")
    assert phases("/download/{file}") == {"write": WAVES * ABORTED_DOWNLOADS}, phases("/download/{file}")
    assert cancelled("/slow") == {"client_closed": WAVES * GIVEN_UP}, cancelled("/slow")
    assert phases("/slow") == {"handler": WAVES * GIVEN_UP}, phases("/slow")
    assert cancelled("/timeout") == {"timeout": WAVES * TIMED_OUT}, cancelled("/timeout")
    # Nothing else was cancelled, but for what wrk had under way when its time was over.
    others = prometheus.value('sum(weir_requests_cancelled_total{http_route!~"/download/.*|/slow|/timeout|/hello"})')
    assert others == 0, others

    # The time that handlers went on is known of exactly those that a client left.
    stopped = prometheus.value('sum(weir_cancel_to_stop_seconds_count{http_route=~"/slow|/download/.*"})')
    assert stopped == WAVES * (GIVEN_UP + ABORTED_DOWNLOADS), stopped


def check_requests(prometheus):
    def requests(selector):
        return prometheus.value(f"sum(http_server_request_duration_seconds_count{{{selector}}})")

    assert requests('http_route="/download/{file}"') == WAVES * (WHOLE_DOWNLOADS + ABORTED_DOWNLOADS)
    assert requests('http_route="/slow"') == WAVES * (GIVEN_UP + 1)
    assert requests('http_response_status_code="503", http_route="/timeout", error_type="timeout"') == WAVES * TIMED_OUT
    assert requests('http_response_status_code="404", http_route=""') == WAVES * NOT_FOUND
    assert requests('http_response_status_code="400", error_type="protocol_error"') == WAVES * MALFORMED


def check_deadlines(prometheus):
    assert prometheus.value("sum(weir_deadline_received_total)") == WAVES * (IN_TIME + TOO_LATE)
    assert prometheus.value("sum(weir_deadline_expired_on_arrival_total)") == WAVES * TOO_LATE


def check_rules(prometheus):
    rules = [rule for group in prometheus.api("rules")["groups"] for rule in group["rules"]]
    recorded = set(read_rules("record"))
    assert {rule["name"] for rule in rules} == recorded | set(read_rules("alert")), rules
    for rule in rules:
        assert rule["health"] == "ok" and not rule.get("lastError"), rule
        assert rule.get("state") != "firing", rule
    for name in recorded:
        assert prometheus.query(name), f"{name} records nothing"


def main():
    need("prometheus", "curl", "wrk")
    dashboards = load_dashboards()
    with Server() as server, Prometheus(server.port, "--enable-feature=exemplar-storage") as prometheus:
        server.add_file("small.bin", 1 << 20)
        server.add_file("big.bin", BIG_FILE)
        wait_for_scrape(prometheus)
        begun = prometheus.last_scrape()
        check_series_exist_before_anything_happens(prometheus)

        for wave in range(1, WAVES + 1):
            make_wave(server)
            wait_until_counted(server, wave)
            # What a wave made the first series of rises in the next one: a rate needs both.
            wait_for_scrape(prometheus)

        check_cancellations(prometheus, dashboards["cancellations"])
        check_requests(prometheus)
        check_deadlines(prometheus)
        asked = check_panels(prometheus, dashboards)
        check_exemplars(prometheus, dashboards, begun)
        check_variables(prometheus, dashboards)
        check_rules(prometheus)
        scrapes = prometheus.value('sum_over_time(up{job="weir"}[5m])')
        drawn = draw_panels(prometheus, dashboards, begun)

        assert server.stop() == 0
        eventually("an alert for the server that is gone is pending", lambda: prometheus.query(
            'ALERTS{alertname="WeirTargetDown", alertstate="pending", instance!=""}'), seconds=30)
    print(f"{asked} queries of the dashboards answered after {scrapes:.0f} scrapes; {drawn}")


if __name__ == "__main__":
    main()
