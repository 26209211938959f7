"""The reference pages are complete: all metrics with their labels, all fields of the access record."""

import re

from dashboard_file import CATALOGUE
from harness import SOURCE

DOCS = SOURCE / "lib/docs"


def rows(page):
    """The cells of each table row of a page, but for heads and rules."""
    for line in (DOCS / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            yield cells


def words(cell):
    return re.findall(r"`([^`]+)`", cell)


def described_metrics():
    text = re.sub(r"//.*", "", CATALOGUE.read_text())
    lists = {name: re.findall(r'"(\w+)"', labels)
             for name, labels in re.findall(r"label_names (\w+)\{([^}]*)\}", text)}
    found = {}
    description = r'(counter|gauge|histogram)_description\s+\w+\s*\{\s*"(\w+)"\s*,(.*?)\};'
    for kind, name, rest in re.findall(description, text, re.S):
        rest = re.sub(r'^\s*(?:"(?:[^"\\]|\\.)*"\s*)+', "", rest)  # its help
        own = re.search(r"\{([^}]*)\}", rest)
        shared = [labels for each, labels in lists.items() if re.search(rf"\b{each}\b", rest)]
        found[name] = (kind, re.findall(r'"(\w+)"', own.group(1)) if own else shared[0] if shared else [])
    assert len(found) == len(re.findall(r"visit\(\w+\);", text)), "not every declaration was understood"
    return found


def check_metrics():
    told = {words(row[0])[0]: (row[1], words(row[2])) for row in rows("metrics.md") if len(row) == 4}
    described = described_metrics()
    assert told == described, {name: (told.get(name), described.get(name))
                               for name in told.keys() | described.keys() if told.get(name) != described.get(name)}
    return len(told)


def check_access_record():
    code = "".join((SOURCE / "lib/src/http" / name).read_text() for name in ("access_log.cpp", "header_field.hpp"))
    written = set(re.findall(r'field<"([^"]+)">', code)) | {"user_agent.original", "http.request.header.<name>"}
    assert '"user_agent.original"' in code and '"http.request.header."' in code
    told = {field for row in rows("access_record.md") if len(row) == 3 for field in words(row[0])}
    assert told == written, told ^ written
    outcome = (SOURCE / "lib/include/weir/http/outcome.hpp").read_text()
    enumerators = re.findall(r"case request_outcome::(\w+):", outcome)
    outcomes = [words(row[0])[0] for row in rows("access_record.md") if len(row) == 2]
    assert outcomes == enumerators, (outcomes, enumerators)
    return len(told)


print(f"{check_metrics()} metrics, {check_access_record()} fields")
