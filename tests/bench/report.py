"""From repeated measurements to medians, tables, ratios and targets."""

import json
from statistics import median

# By which metric subjects are compared, and whether more of it is better.
LEADING = {"call_site": ("p50", False), "text_to_file": ("records_per_s", True), "http": ("requests_per_s", True)}


class Results:
    def __init__(self, rows):
        self._values = {}  # (bench, shape, subject, metric) -> {repetition: value}
        self._units = {}
        for row in rows:
            key = (row["bench"], row["shape"], row["subject"], row["metric"])
            self._values.setdefault(key, {})[row["repetition"]] = row["value"]
            self._units[key] = row["unit"]

    def __bool__(self):
        return bool(self._values)

    def medians(self):
        return [dict(zip(("bench", "shape", "subject", "metric"), key), unit=self._units[key],
                     value=float(f"{median(values.values()):.6g}")) for key, values in self._values.items()]

    def column(self, place):
        """The different shapes (1), subjects (2) or metrics (3), in the order in which they came."""
        return list(dict.fromkeys(key[place] for key in self._values))

    def subjects(self, shape):
        order = self.column(2)
        here = {key[2] for key in self._values if key[1] == shape}
        return [subject for subject in order if subject in here]

    def of(self, bench, shape, subject, metric):
        """{repetition: value}, or nothing."""
        return self._values.get((bench, shape, subject, metric), {})

    def unit(self, bench, shape, subject, metric):
        return self._units[(bench, shape, subject, metric)]

    def compare(self, bench, shape, metric, one, other, how):
        """The median of how(one, other) over the repetitions, each pair from the same one; None if there is none."""
        first, second = (self.of(bench, shape, subject, metric) for subject in (one, other))
        pairs = [how(first[repetition], second[repetition]) for repetition in first if repetition in second]
        return median(pairs) if pairs else None


def json_line(result):
    return json.dumps(result, separators=(",", ":")) + "\n"


def readable(value, unit):
    scales = [(1e9, " s"), (1e6, " ms"), (1e4, " us")] if unit == "ns" else [(1e6, " M"), (1e4, " k")]
    for size, suffix in scales:
        if value >= size:
            return f"{value / (1e3 if size == 1e4 else size):.2f}{suffix}"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"


def shape_lines(bench, shape, results):
    metrics = results.column(3)
    leading, more_is_better = LEADING.get(bench, (None, False))
    header = [shape] + metrics
    if leading:
        header += [f"{leading} from … to", f"weir/… {leading}" if more_is_better else f"…/weir {leading}"]
    rows = [header]
    for subject in results.subjects(shape):
        row = [subject]
        for metric in metrics:
            values = results.of(bench, shape, subject, metric)
            unit = results.unit(bench, shape, subject, metric) if values else ""
            row.append(readable(median(values.values()), unit) if values else "-")
        if leading:
            spread = results.of(bench, shape, subject, leading).values()
            unit = results.unit(bench, shape, subject, leading)
            row.append(f"{readable(min(spread), unit)} … {readable(max(spread), unit)}")
            weir, peer = ("weir", subject) if more_is_better else (subject, "weir")
            ratio = results.compare(bench, shape, leading, weir, peer, lambda a, b: a / b)
            row.append("" if subject == "weir" or ratio is None else f"{ratio:.2f}")
        rows.append(row)
    return rows


def align(tables):
    """Pads all tables of one benchmark to the same columns."""
    rows = [row for table in tables for row in table]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["\n".join("  " + row[0].ljust(widths[0]) + "".join("  " + cell.rjust(width)
                                                            for cell, width in zip(row[1:], widths[1:]))
                      for row in table) for table in tables]


def at_least(results, bench, shape, metric, peer, floor):
    ratio = results.compare(bench, shape, metric, "weir", peer, lambda a, b: a / b)
    if ratio is None:
        return None
    return f"weir {ratio:.2f} x {peer} ({shape}), at least {floor}: {'met' if ratio >= floor else 'MISSED'}"


def targets(bench, results):
    lines = []
    if bench == "call_site":
        more = results.compare(bench, "int_int_double", "p50", "weir", "clock", lambda a, b: a - b)
        if more is not None:
            lines.append(f"weir p50 is clock + {more:.1f} ns, at most 8: {'met' if more <= 8 else 'MISSED'}")
    elif bench == "text_to_file":
        lines += [at_least(results, bench, "int_int_double", "records_per_s", peer, floor)
                  for peer, floor in (("spdlog_sync", 1.5), ("spdlog_async", 4))]
    elif bench == "http":
        lines += [at_least(results, bench, shape, "requests_per_s", "bare", 0.93) for shape in results.column(1)]
    elif bench == "steady_state":
        found = {metric: sum(results.of(bench, "int_int_double", "weir", metric).values())
                 for metric in results.column(3)}
        verdict = "met" if not any(found.values()) else "MISSED"
        lines.append(f"weir in 1 M calls: {', '.join(f'{value:.0f} {name}' for name, value in found.items())}; "
                     f"none wanted: {verdict}".replace("_", " "))
    return [f"  target: {line}" for line in lines if line]


def table(bench, results):
    if not results:
        return f"\n{bench}: nothing measured"
    blocks = align([shape_lines(bench, shape, results) for shape in results.column(1)])
    return "\n".join(["", f"{bench} (medians)", *blocks, *targets(bench, results)])
