"""names.hpp names every metric: the code has no other, counts each of them, and the documents speak of no other."""

import re

from dashboard_file import CATALOGUE, Catalogue
from harness import SOURCE

# What a word ends in that is meant for a metric, rather than for a target or a function.
METRIC = re.compile(r"\b(?:weir|http_server|process)_\w*_(?:total|seconds|bytes|ratio|bucket|count|sum|fds)\b(?!\()")
CODE = [path for room in ("lib", "adapters", "exporters") for kind in ("*.cpp", "*.hpp")
        for path in sorted((SOURCE / room).rglob(kind))]
DOCUMENTS = [path for path in sorted(SOURCE.rglob("*.md")) if "build" not in path.relative_to(SOURCE).parts]


def check_code():
    assert len(CODE) > 100
    for path in CODE:
        if path != CATALOGUE:
            named = {name for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', path.read_text()) for name in METRIC.findall(text)}
            assert not named, f"{path}: {named} should stand in {CATALOGUE.name}"


def check_all_are_counted():
    described = re.findall(r"_description\s+(\w+)\s*\{", re.sub(r"//.*", "", CATALOGUE.read_text()))
    used = {name for path in CODE if path != CATALOGUE for name in re.findall(r"names::(\w+)", path.read_text())}
    assert described and set(described) <= used, f"named and never counted: {set(described) - used}"
    return len(described)


def check_documents():
    known = Catalogue().samples
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in known} | known
    mentioned = set()
    for path in DOCUMENTS:
        names = set(METRIC.findall(path.read_text()))
        assert names <= families, f"{path}: no such metric: {names - families}"
        mentioned |= names
    return mentioned


def main():
    # Only a search that finds names proves something by finding none.
    assert METRIC.findall("`weir_x_total`, process_open_fds: http_server_y_seconds_sum, weir_bench_metrics, weir_a_count(") == [
        "weir_x_total", "process_open_fds", "http_server_y_seconds_sum"]
    check_code()
    count = check_all_are_counted()
    mentioned = check_documents()
    assert len(mentioned) > 5, mentioned
    print(f"{count} metrics; {len(DOCUMENTS)} documents mention {len(mentioned)}")


if __name__ == "__main__":
    main()
