#!/usr/bin/env python3
"""Writes the dashboards from their source: dashboards/grafana/generate.py [--check]. With --check it only compares."""

import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from source import cancellations, log_stream, requests  # noqa: E402

DASHBOARDS = {"requests.json": requests, "cancellations.json": cancellations, "log_stream.json": log_stream}


def main():
    stale = []
    for name, module in DASHBOARDS.items():
        text = json.dumps(module.DASHBOARD, indent=2, ensure_ascii=False) + "\n"
        path = HERE / "dashboards" / name
        if sys.argv[1:] == ["--check"]:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    if stale:
        sys.exit(f"not what {Path(__file__).name} writes: {', '.join(stale)}")


if __name__ == "__main__":
    main()
