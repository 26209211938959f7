"""From repeated measurements to medians, tables, ratios and targets."""

import json
from statistics import median

PLACES = {"shape": 0, "subject": 1, "metric": 2}


class Results:
    """Of one benchmark. A place is a pair (shape, subject)."""

    def __init__(self, name, rows):
        self.name = name
        self._values = {}  # (shape, subject, metric) -> {repetition: value}
        self._units = {}
        for row in rows:
            key = (row["shape"], row["subject"], row["metric"])
            self._values.setdefault(key, {})[row["repetition"]] = row["value"]
            self._units[key] = row["unit"]

    def __bool__(self):
        return bool(self._values)

    def json_lines(self):
        """The medians, one object a line."""
        for (shape, subject, metric), values in self._values.items():
            yield json.dumps({"bench": self.name, "shape": shape, "subject": subject, "metric": metric,
                              "unit": self._units[(shape, subject, metric)],
                              "value": float(f"{median(values.values()):.6g}")}, separators=(",", ":")) + "\n"

    def column(self, name):
        """The different shapes, subjects or metrics, in the order in which they came."""
        return list(dict.fromkeys(key[PLACES[name]] for key in self._values))

    def subjects(self, shape):
        here = {key[1] for key in self._values if key[0] == shape}
        return [subject for subject in self.column("subject") if subject in here]

    def values(self, metric, place):
        """{repetition: value}, or nothing."""
        return self._values.get((*place, metric), {})

    def unit(self, metric, place):
        return self._units.get((*place, metric), "")

    def median(self, metric, place):
        values = self.values(metric, place)
        return median(values.values()) if values else None

    def ratio(self, metric, one, other):
        """None as well if there is nothing to divide by."""
        return self._compare(metric, one, other, lambda a, b: a / b if b else None)

    def difference(self, metric, one, other):
        return self._compare(metric, one, other, lambda a, b: a - b)

    def _compare(self, metric, one, other, how):
        """The median of how(one, other) over the repetitions, each pair from the same one; None if there is none."""
        first, second = self.values(metric, one), self.values(metric, other)
        pairs = [how(first[repetition], second[repetition]) for repetition in first if repetition in second]
        pairs = [pair for pair in pairs if pair is not None]
        return median(pairs) if pairs else None


SCALES = {
    "ns": [(1e9, 1e9, " s"), (1e6, 1e6, " ms"), (1e4, 1e3, " us")],
    "ms": [(1e4, 1e3, " s")],
    "bytes": [(1 << 20, 1 << 20, " MiB"), (1 << 10, 1 << 10, " KiB")],
    "ns/s": [(0, 1e7, " %")],
}
LARGE_NUMBERS = [(1e6, 1e6, " M"), (1e4, 1e3, " k")]


def readable(value, unit):
    for least, size, suffix in SCALES.get(unit, LARGE_NUMBERS):
        if value >= least:
            return f"{value / size:.2f}{suffix}"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"


def shape_lines(shape, results, leading):
    metrics = results.column("metric")
    header = [shape] + metrics
    if leading:
        metric, more_is_better = leading
        header += [f"{metric} from … to", f"weir/… {metric}" if more_is_better else f"…/weir {metric}"]
    rows = [header]
    for subject in results.subjects(shape):
        place = (shape, subject)
        row = [subject]
        for each in metrics:
            value = results.median(each, place)
            row.append("-" if value is None else readable(value, results.unit(each, place)))
        if leading:
            row += comparison(results, place, metric, more_is_better)
        rows.append(row)
    return rows


def comparison(results, place, metric, more_is_better):
    spread, unit = results.values(metric, place).values(), results.unit(metric, place)
    if not spread:
        return ["-", ""]
    weir = (place[0], "weir")
    ratio = results.ratio(metric, *((weir, place) if more_is_better else (place, weir)))
    return [f"{readable(min(spread), unit)} … {readable(max(spread), unit)}",
            "" if place == weir or ratio is None else f"{ratio:.2f}"]


def align(tables):
    """Pads all tables of one benchmark to the same columns."""
    rows = [row for table in tables for row in table]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["\n".join("  " + row[0].ljust(widths[0]) + "".join("  " + cell.rjust(width)
                                                            for cell, width in zip(row[1:], widths[1:]))
                      for row in table) for table in tables]


def table(results, leading, targets):
    """`targets`: (what is aimed at, whether it was reached) each."""
    if not results:
        return f"\n{results.name}: nothing measured"
    blocks = align([shape_lines(shape, results, leading) for shape in results.column("shape")])
    verdicts = [f"  target: {aim}: {'met' if met else 'MISSED'}" for aim, met in targets]
    return "\n".join(["", f"{results.name} (medians)", *blocks, *verdicts])
