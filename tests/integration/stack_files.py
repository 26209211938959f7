"""The files that start Prometheus, Alertmanager and Grafana fit together: what is mounted is there, what one of them is told of
another is where that one listens. That containers start is not tried: it would need images from elsewhere."""

import re

from dashboard_file import load_dashboards
from harness import SOURCE, skip

try:
    import yaml
except ImportError:
    skip("python3-yaml is not installed")

DASHBOARDS = SOURCE / "dashboards"


def read(name):
    return yaml.safe_load((DASHBOARDS / name).read_text())


def mounts(service):
    """{path in the container: path here} of what is not a volume."""
    pairs = [volume.split(":")[:2] for volume in service["volumes"]]
    return {inside: (DASHBOARDS / here).resolve() for here, inside in pairs if here.startswith(".")}


def option(service, name):
    value, = (each.split("=", 1)[1] for each in service["command"] if each.startswith(f"--{name}="))
    return value


def seen_inside(service, path):
    """The file here that the container has at `path`."""
    for inside, here in mounts(service).items():
        if path == inside or path.startswith(inside + "/"):
            return here / path[len(inside):].lstrip("/")
    raise AssertionError(f"nothing is mounted for {path}")


def check_services(services):
    assert set(services) == {"prometheus", "alertmanager", "grafana"}, set(services)
    volumes = read("compose.yml")["volumes"]
    for name, service in services.items():
        assert re.fullmatch(r"\w+/\w+:v?\d+\.\d+\.\d+", service["image"]), f"{name}: no pinned version"
        assert service["network_mode"] == "host" and "ports" not in service, name
        for inside, here in mounts(service).items():
            assert here.is_dir(), f"{name}: nothing to mount at {inside}"
        named = {volume.split(":")[0] for volume in service["volumes"] if not volume.startswith(".")}
        assert named <= set(volumes), f"{name}: {named}"
        for each in service.get("depends_on", []):
            assert each in services, each


def main():
    services = read("compose.yml")["services"]
    check_services(services)
    prometheus, alertmanager, grafana = (services[name] for name in ("prometheus", "alertmanager", "grafana"))

    assert seen_inside(prometheus, option(prometheus, "config.file")) == DASHBOARDS / "prometheus/prometheus.yml"
    assert seen_inside(alertmanager, option(alertmanager, "config.file")) == DASHBOARDS / "alertmanager/alertmanager.yml"
    scraping = read("prometheus/prometheus.yml")
    assert all((DASHBOARDS / "prometheus" / rules).is_file() for rules in scraping["rule_files"])
    notified, = scraping["alerting"]["alertmanagers"]
    assert notified["static_configs"] == [{"targets": [option(alertmanager, "web.listen-address")]}], notified
    assert option(prometheus, "enable-feature") == "exemplar-storage", "no way from a point to its trace"

    # Grafana looks for these two folders by their names.
    sources = {each["uid"]: each for each in read("grafana/provisioning/datasources/weir.yml")["datasources"]}
    assert seen_inside(grafana, "/etc/grafana/provisioning/datasources/weir.yml").is_file()
    metrics, = (each for each in sources.values() if each["type"] == "prometheus")
    assert metrics["url"] == f"http://{option(prometheus, 'web.listen-address')}" and metrics["isDefault"], metrics
    assert metrics["jsonData"]["timeInterval"] == scraping["global"]["scrape_interval"], metrics
    destination, = metrics["jsonData"]["exemplarTraceIdDestinations"]
    traces = sources[destination["datasourceUid"]]
    assert traces["url"].lstrip("$") in grafana["environment"], traces
    provider, = read("grafana/provisioning/dashboards/weir.yml")["providers"]
    folder = seen_inside(grafana, provider["options"]["path"])
    assert {path.stem for path in folder.glob("*.json")} == set(load_dashboards()), folder
    assert seen_inside(grafana, grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).is_file()
    for address in (option(prometheus, "web.listen-address"), option(alertmanager, "web.listen-address"),
                    grafana["environment"]["GF_SERVER_HTTP_ADDR"]):
        assert address.startswith("127.0.0.1"), f"{address} would be reached from outside, without a password"
    print(f"{', '.join(service['image'] for service in services.values())}: their files fit together")


if __name__ == "__main__":
    main()
