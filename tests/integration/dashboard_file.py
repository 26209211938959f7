"""What the dashboards and the rules ask for, and the catalogue of metrics that they may ask for."""

import json
import re

from harness import SOURCE

DASHBOARDS = SOURCE / "dashboards/grafana/dashboards"
RULES = SOURCE / "dashboards/prometheus"
CATALOGUE = SOURCE / "lib/include/weir/metrics/names.hpp"


def load_dashboards():
    """{file name without its ending: dashboard}"""
    return {path.stem: json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))}


def panels(dashboard):
    """All panels that show something, those in collapsed rows included."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def fill_in(expression, **variables):
    """The expression as Grafana sends it. A variable that is not given is an error."""
    def value(match):
        return variables[match.group(1) or match.group(2)]
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", value, expression)


def read_rules(kind):
    """{name: expression} of the rules of a kind, `alert` or `record`; without a YAML parser: promtool checks that it is YAML."""
    rules = {}
    for path in sorted(RULES.glob("*.yml")):
        blocks = re.split(rf"(?m)^ +- {kind}: ([\w:]+)\n", path.read_text())[1:]
        for name, block in zip(blocks[::2], blocks[1::2]):
            # On the line of the key, or indented deeper than it on the lines that follow.
            rules[name] = re.search(r"(?m)^( +)expr:(.*\n(?:\1 .*\n)*)", block).group(2)
    return rules


class Catalogue:
    """names.hpp, as far as its string literals tell: metrics by kind, and all labels."""

    def __init__(self):
        text = re.sub(r"//.*", "", CATALOGUE.read_text())
        # Every label stands in a list of nothing but literals.
        self.labels = {label for group in re.findall(r'\{\s*("\w+"(?:\s*,\s*"\w+")*)\s*\}', text)
                       for label in re.findall(r'"(\w+)"', group)}
        declared = re.findall(r'(counter|gauge|histogram)_description\s+\w+\s*\{\s*"(\w+)"', text)
        self.samples = set()
        for kind, name in declared:
            self.samples |= {name + suffix for suffix in ("_bucket", "_count", "_sum")} if kind == "histogram" else {name}
        assert len(declared) == len(re.findall(r"visit\(\w+\);", text)), "not every declaration was understood"


OPERATORS = {"and", "or", "unless", "offset", "bool"}
WITH_LABELS = r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)"


def names_in(expression):
    """(metrics, labels) of a PromQL expression."""
    text = re.sub(r"#.*", "", expression)
    labels = {label.strip() for group in re.findall(WITH_LABELS, text) for label in group.split(",") if label.strip()}
    labels |= set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", text))
    text = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", text)
    text = re.sub(WITH_LABELS, "", text)
    text = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\b", "", text)
    metrics = {name for name in re.findall(r"[a-zA-Z_:][\w:]*(?!\s*\()\b", text)} - OPERATORS
    return metrics - functions_in(text), labels


def functions_in(text):
    return set(re.findall(r"([a-zA-Z_]\w*)\s*\(", text))
