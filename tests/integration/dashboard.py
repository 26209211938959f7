"""The dashboards can be imported: they are what their source says, their structure is what Grafana expects, they lead to each
other, and they and the rules ask only for metrics that exist."""

import re
import subprocess
import sys

from dashboard_file import Catalogue, load_dashboards, names_in, panels, read_rules
from harness import SOURCE

# Labels that Prometheus adds itself, and the buckets' bound.
ADDED_LABELS = {"job", "instance", "le"}


def check_generated():
    done = subprocess.run([sys.executable, SOURCE / "dashboards/grafana/generate.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def check_structure(dashboard, has_routes):
    assert dashboard["id"] is None and dashboard["uid"].startswith("weir-"), "Grafana gives the id, the uid is ours"
    assert dashboard["schemaVersion"] >= 39, dashboard["schemaVersion"]
    variables = {each["name"]: each for each in dashboard["templating"]["list"]}
    assert list(variables) == ["datasource", "job", "instance"] + ["route"] * has_routes, list(variables)
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"

    ids = [panel["id"] for panel in dashboard["panels"]] + [
        inner["id"] for row in dashboard["panels"] if row["type"] == "row" for inner in row["panels"]]
    assert len(ids) == len(set(ids)), "two panels have the same id"

    source = {"type": "prometheus", "uid": "${datasource}"}
    for variable in list(variables)[1:]:
        assert variables[variable]["datasource"] == source, variable
    for panel in panels(dashboard):
        where = panel["title"]
        assert where and panel["description"], panel["id"]
        assert panel["datasource"] == source, where
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"], where
        steps = defaults["thresholds"]["steps"]
        assert steps[0]["value"] is None, f"{where}: the first threshold has no lower end"
        assert [each["value"] for each in steps[1:]] == sorted(each["value"] for each in steps[1:]), where
        assert panel["targets"], where
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references)), where
        for target in panel["targets"]:
            assert target["datasource"] == source, where
            assert target["expr"] and target["legendFormat"], where
            assert target["range"] != target["instant"], where
            # Every variable narrows down everything that it can.
            for metric, selector in re.findall(r"(\w+)\{([^}]*)\}", target["expr"]):
                assert 'job=~"$job", instance=~"$instance"' in selector, (where, metric)


def check_links(dashboards):
    known = {f"/d/{dashboard['uid']}" for dashboard in dashboards.values()}
    for dashboard in dashboards.values():
        to_all, = dashboard["links"]
        assert to_all["type"] == "dashboards" and to_all["tags"] == ["weir"] == dashboard["tags"], to_all
        for each in [to_all] + [link for panel in panels(dashboard) for link in panel.get("links", [])]:
            assert each["keepTime"] and each["includeVars"], each
            assert each["type"] == "dashboards" or each["url"] in known, each
    rules = (SOURCE / "dashboards/prometheus/alerts.yml").read_text()
    led_to = re.findall(r'(?m)^ +dashboard: "(/d/[\w-]+)\?', rules)
    assert set(led_to) == known and len(led_to) == len(read_rules("alert")), led_to


def check_exemplars(dashboards):
    """A point in a duration panel leads to the trace of its request: asked for there, and taken there by the data source."""
    asking = {panel["title"] for dashboard in dashboards.values() for panel in panels(dashboard)
              if any(target["exemplar"] for target in panel["targets"])}
    assert asking == {"Duration", "Durations", "Duration p99 by route"}, asking
    provisioned = (SOURCE / "dashboards/grafana/provisioning/datasources/weir.yml").read_text()
    destination = re.search(r"exemplarTraceIdDestinations:\n\s+- name: (\w+)\n\s+datasourceUid: (\S+)", provisioned)
    assert destination and destination.group(1) == "trace_id", destination
    assert f"uid: {destination.group(2)}\n" in provisioned.replace("datasourceUid", ""), destination


def check_layout(dashboard):
    taken = {}
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        assert at["x"] >= 0 and at["w"] > 0 and at["h"] > 0 and at["x"] + at["w"] <= 24, (panel["title"], at)
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]
    height = max(y for _, y in taken) + 1
    assert len(taken) == 24 * height, "the grid has holes"


def check_names(dashboards):
    catalogue = Catalogue()
    recorded = read_rules("record")
    asked = {f"{name}: panel {panel['title']} {target['refId']}": target["expr"] for name, dashboard in dashboards.items()
             for panel in panels(dashboard) for target in panel["targets"]}
    asked |= {f"{name}: variable {each['name']}": each["query"]["query"].split("(", 1)[1].rsplit(",", 1)[0]
              for name, dashboard in dashboards.items() for each in dashboard["templating"]["list"][1:]}
    of_rules = {f"rule {name}": expression for kind in ("alert", "record") for name, expression in read_rules(kind).items()}
    metrics_asked = set()
    for where, expression in (asked | of_rules).items():
        metrics, labels = names_in(expression)
        assert metrics, where
        # The dashboards do without the rules, so that each can be used without the other.
        allowed = catalogue.samples | ({"up"} | set(recorded) if where in of_rules else set())
        assert metrics <= allowed, f"{where}: no such metric: {metrics - allowed}"
        assert labels <= catalogue.labels | ADDED_LABELS, f"{where}: no such label: {labels}"
        if where in asked:
            metrics_asked |= metrics
    return metrics_asked


def check_what_failed(dashboards):
    """The rules, the dashboards and the live page mean the same by it."""
    error_types = r'error_type=~\\?"(exception[\w|]+)'
    recorded, = re.findall(error_types, read_rules("record")["job_route:http_server_requests_failed:rate5m"])
    shown = {types for panel in panels(dashboards["requests"]) for target in panel["targets"]
             for types in re.findall(error_types, target["expr"])}
    page = re.search(r"failed_otherwise\{([^}]*)\}", (SOURCE / "exporters/live/src/snapshot.cpp").read_text()).group(1)
    assert shown == {recorded} == {"|".join(re.findall(r'"(\w+)"', page))}, (shown, recorded, page)


def check_the_checks():
    """Only a search that finds the wrong names proves something by finding none."""
    metrics, labels = names_in('sum by (a, le) (rate(b_total{c="d", e!~"f|g"}[5m])) / on (h) i > 1 and absent (j) or k:x * 2')
    assert metrics == {"b_total", "i", "j", "k:x"}, metrics
    assert labels == {"a", "le", "c", "e", "h"}, labels
    assert len(read_rules("alert")) == 12 and all(names_in(each)[0] for each in read_rules("alert").values())
    assert len(read_rules("record")) == 21 and all(names_in(each)[0] for each in read_rules("record").values())
    assert {"reason", "http_route", "http_request_method"} <= Catalogue().labels


def main():
    dashboards = load_dashboards()
    assert list(dashboards) == ["cancellations", "log_stream", "requests"]
    check_the_checks()
    check_generated()
    for name, dashboard in dashboards.items():
        check_structure(dashboard, has_routes=name != "log_stream")
        check_layout(dashboard)
    check_links(dashboards)
    check_exemplars(dashboards)
    check_what_failed(dashboards)
    metrics = check_names(dashboards)
    shown = sum(len(list(panels(dashboard))) for dashboard in dashboards.values())
    print(f"{shown} panels of {len(dashboards)} dashboards ask for {len(metrics)} metrics; "
          f"{len(read_rules('record'))} rules record, {len(read_rules('alert'))} alert")


if __name__ == "__main__":
    main()
