"""The dashboards' JSON has the types that Grafana publishes for it, of the version that the compose file runs."""

import json
import re
import shutil
import subprocess

from dashboard_file import DASHBOARDS, load_dashboards
from harness import BUILD, SOURCE, need, skip

PACKAGES = SOURCE / "tests/integration/grafana_types"
TSC = ["node_modules/.bin/tsc", "--noEmit", "--pretty", "false", "--strict", "--skipLibCheck", "--target", "es2022",
       "--module", "esnext", "--moduleResolution", "bundler"]


def install(directory):
    """Exactly what the lock file names, without running anything of it."""
    for name in ("package.json", "package-lock.json", "dashboard.ts"):
        shutil.copy(PACKAGES / name, directory)
    try:
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], cwd=directory,
                              capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        skip("npm could not fetch Grafana's types within a minute")
    if done.returncode != 0:
        skip(f"npm could not install Grafana's types: {done.stderr.strip()[-500:]}")


def errors(directory, dashboards):
    """What the compiler says of these (name, text) taken as values of Grafana's types."""
    source = ["import type { CheckedDashboard } from './dashboard';"]
    source += [f"export const {name}: CheckedDashboard = {text};" for name, text in dashboards]
    (directory / "check.ts").write_text("\n".join(source))
    done = subprocess.run([*TSC, "check.ts"], cwd=directory, capture_output=True, text=True, timeout=60)
    return [line for line in done.stdout.splitlines() if not line.startswith(" ")]


def spoilt(text, old, new):
    """The text with one mistake, the first time it can be made."""
    assert old in text, old
    return text.replace(old, new, 1)


def one_of_each(dashboard):
    """A small dashboard with the first panel of each kind: the compiler takes its time."""
    kinds = {panel["type"]: panel for panel in reversed(dashboard["panels"])}
    return json.dumps(dashboard | {"panels": list(kinds.values())}, indent=2)


def check_that_mistakes_are_found(directory, text):
    mistakes = [('"graphTooltip": 1', '"graphTooltip": 3'), ('"lineWidth"', '"lineWidht"'), ('"exemplar":', '"exemplars":'),
                ('"type": "heatmap"', '"type": "heatmop"'), ('"mode": "palette-classic"', '"mode": "palette-classics"'),
                ('"keepTime": true', '"keepTime": "yes"'), ('"uid": "weir', '"uuid": "weir'), ('"gridPos"', '"gridpos"')]
    found = errors(directory, [(f"mistake_{at}", spoilt(text, *each)) for at, each in enumerate(mistakes)])
    # A line of each value's own: the compiler gives the line of the mistake, and values follow each other.
    lines = (directory / "check.ts").read_text().splitlines()
    starts = [at for at, line in enumerate(lines, start=1) if line.startswith("export const")]
    wrong = {sum(start <= int(re.match(r"check\.ts\((\d+),", each).group(1)) for start in starts) - 1 for each in found}
    assert wrong == set(range(len(mistakes))), f"not found: {[each for at, each in enumerate(mistakes) if at not in wrong]}"


def check_versions():
    wanted = json.loads((PACKAGES / "package.json").read_text())["dependencies"]["@grafana/schema"]
    run, = re.findall(r"image: grafana/grafana:(\S+)", (SOURCE / "dashboards/compose.yml").read_text())
    assert run == wanted, f"the compose file runs Grafana {run}, the types are of {wanted}"


def main():
    check_versions()
    need("node", "npm")
    directory = BUILD / "grafana_types"
    directory.mkdir(parents=True, exist_ok=True)
    install(directory)
    texts = [(path.stem, path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))]
    assert len(texts) == len(load_dashboards())
    found = errors(directory, texts)
    assert not found, "\n".join(found)
    check_that_mistakes_are_found(directory, one_of_each(load_dashboards()["cancellations"]))
    print(f"{len(texts)} dashboards have Grafana's types")


if __name__ == "__main__":
    main()
