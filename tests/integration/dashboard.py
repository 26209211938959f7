"""The dashboard can be imported: its structure is what Grafana expects, and it asks only for metrics that exist."""

from dashboard_file import Catalogue, load_dashboard, names_in, panels, read_rules

# Labels that Prometheus adds itself, and the buckets' bound.
ADDED_LABELS = {"job", "instance", "le"}


def check_structure(dashboard):
    assert dashboard["id"] is None and dashboard["uid"] == "weir", "Grafana gives the id, the uid is ours"
    assert dashboard["schemaVersion"] >= 39, dashboard["schemaVersion"]
    variables = {each["name"]: each for each in dashboard["templating"]["list"]}
    assert list(variables) == ["datasource", "job", "route"], list(variables)
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"

    ids = [panel["id"] for panel in dashboard["panels"]] + [
        inner["id"] for row in dashboard["panels"] if row["type"] == "row" for inner in row["panels"]]
    assert len(ids) == len(set(ids)), "two panels have the same id"

    source = {"type": "prometheus", "uid": "${datasource}"}
    for variable in ("job", "route"):
        assert variables[variable]["datasource"] == source, variable
        assert variables[variable]["query"]["query"] == variables[variable]["definition"], variable
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


def check_names(dashboard):
    catalogue = Catalogue()
    asked = {f"panel {panel['title']}": target["expr"] for panel in panels(dashboard) for target in panel["targets"]}
    asked |= {f"alert {name}": expression for name, expression in read_rules().items()}
    metrics_asked = set()
    for where, expression in asked.items():
        metrics, labels = names_in(expression)
        assert metrics, where
        allowed = catalogue.samples | ({"up"} if where.startswith("alert ") else set())
        assert metrics <= allowed, f"{where}: no such metric: {metrics - allowed}"
        assert labels <= catalogue.labels | ADDED_LABELS, f"{where}: no such label: {labels}"
        metrics_asked |= metrics
    for variable in dashboard["templating"]["list"][1:]:
        metrics, _ = names_in(variable["definition"].split("(", 1)[1].rsplit(",", 1)[0])
        assert metrics <= catalogue.samples, variable["name"]
    return metrics_asked


def check_the_checks():
    """Only a search that finds the wrong names proves something by finding none."""
    metrics, labels = names_in('sum by (a, le) (rate(b_total{c="d", e!~"f|g"}[5m])) / on (h) i > 1 and absent (j) or k * 2')
    assert metrics == {"b_total", "i", "j", "k"}, metrics
    assert labels == {"a", "le", "c", "e", "h"}, labels
    assert len(read_rules()) == 7 and all(names_in(each)[0] for each in read_rules().values())
    assert {"reason", "http_route", "http_request_method"} <= Catalogue().labels


def main():
    dashboard = load_dashboard()
    check_the_checks()
    check_structure(dashboard)
    check_layout(dashboard)
    metrics = check_names(dashboard)
    print(f"{len(list(panels(dashboard)))} panels and {len(read_rules())} alerts ask for {len(metrics)} metrics")


if __name__ == "__main__":
    main()
