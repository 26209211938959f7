"""A dashboard's panels with what a Prometheus answers to their queries, drawn by gnuplot where Grafana would lay them out."""

import math
import re
import subprocess

from dashboard_file import fill_in

COLUMN, LINE = 60, 36  # pixels of a grid column and line
PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "µ"))
SUFFIXES = {"s": "s", "bytes": "B", "Bps": "B/s", "reqps": " req/s", "cps": " c/s", "ops": " ops/s", "short": "", "wps": " w/s"}
KEY_LINES = 7  # as many series as a panel's key has room for


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def readable(value, unit):
    if unit == "percentunit":
        return f"{100 * value:.3g} %"
    if value == 0:
        return f"0{SUFFIXES[unit]}"
    size, prefix = next((each for each in PREFIXES if abs(value) >= each[0]), PREFIXES[-1])
    return f"{value / size:.3g} {prefix}{SUFFIXES[unit].strip()}"


def axis_format(unit):
    return "%.3g %%" if unit == "percentunit" else "%.1s %c" + SUFFIXES[unit].strip()


def legend(form, labels):
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match.group(1), ""), form)


def bound(text):
    return math.inf if text == "+Inf" else float(text)


class Picture:
    """A gnuplot script that grows panel by panel."""

    def __init__(self, path, width, height):
        self.width, self.height = width, height
        self.lines = [f"set terminal pngcairo size {width},{height} font ',9' noenhanced", f"set output {quoted(str(path))}",
                      "set multiplot", "set border lc rgb '#888888'", "set tics nomirror scale 0.5", "unset key"]

    def place(self, panel):
        at = panel["gridPos"]
        left, top, width, height = at["x"] * COLUMN, at["y"] * LINE, at["w"] * COLUMN, at["h"] * LINE
        self.lines += [
            "reset", "set border lc rgb '#888888'", "set tics nomirror scale 0.5", "unset key",
            f"set title {quoted(panel['title'])} font ',10' offset 0,-0.5" if panel["type"] != "row" else "unset title",
            f"set origin {left / self.width:.5f},{1 - (top + height) / self.height:.5f}",
            f"set size {width / self.width:.5f},{height / self.height:.5f}"]

    def text(self, panel, lines, size):
        """Lines of text in the middle of the panel."""
        self.place(panel)
        self.lines += ["unset border", "unset tics", "set xrange [0:1]", "set yrange [0:1]"]
        for at, line in enumerate(lines, start=1):
            self.lines.append(f"set label {at} {quoted(line)} at 0.5,{1 - at / (len(lines) + 1):.3f} center font ',{size}'")
        self.lines += ["plot NaN notitle", "unset label"]

    def graph(self, panel, series, begun, end):
        self.place(panel)
        defaults = panel["fieldConfig"]["defaults"]
        scale = 100 if defaults["unit"] == "percentunit" else 1
        top = max((value for _, points in series for _, value in points if not math.isnan(value)), default=0)
        self.lines += [f"set format y {quoted(axis_format(defaults['unit']))}", f"set xrange [0:{end - begun:.0f}]",
                       f"set yrange [0:{scale * top * 1.05 if top > 0 else 1}]", "set format x '%g s'",
                       "set key outside bottom center horizontal maxrows 3 samplen 1 font ',7'"]
        custom = defaults["custom"]
        stacked = custom["stacking"]["mode"] == "normal"
        plots, sums = [], {}
        for name, points in series:
            rows = []
            for time, value in points:
                under = sums.get(time, 0.0)
                if stacked and not math.isnan(value):
                    sums[time] = under + value
                rows.append(f"{time - begun:.1f} {scale * (under + value if stacked else value):.9g} {scale * under:.9g}")
            block = f"$panel{panel['id']}_{len(plots)}"
            self.lines += [f"{block} << EOD", *rows, "EOD"]
            plots.append((block, name, f"lw 1.5 lc {len(plots) + 1}"))
        if stacked:
            self.lines.append(f"set yrange [0:{max(sums.values(), default=0) * scale * 1.05 or 1}]")
        form = "using 1:3:2 with filledcurves fs transparent solid 0.4" if stacked else "using 1:2 with lines"
        drawn = [f"{block} {form} {style} " + (f"title {quoted(name)}" if at < KEY_LINES else "notitle")
                 for at, (block, name, style) in enumerate(plots)]
        if custom["thresholdsStyle"]["mode"] == "line":
            drawn += [f"{scale * step['value']:.9g} with lines dashtype 2 lc rgb 'red' notitle"
                      for step in defaults["thresholds"]["steps"] if step["value"] is not None]
        self.lines.append("plot " + ", ".join(drawn))

    def heatmap(self, panel, series, begun, end, step):
        """Cells of the rise from one bound to the next: the buckets are cumulative."""
        self.place(panel)
        unit = panel["fieldConfig"]["defaults"]["unit"]
        buckets = sorted(((bound(labels["le"]), dict(points)) for labels, points in series), key=lambda each: each[0])
        cells, below = [], {}
        for row, (_, counts) in enumerate(buckets):
            for time, value in counts.items():
                inside = value - below.get(time, 0.0)
                if inside > 1e-9:
                    cells.append(f"{time - begun:.1f} {row} {inside:.9g}")
            below = counts
        bounds = ["+Inf" if math.isinf(le) else readable(le, unit) for le, _ in buckets]
        names = ", ".join(f"{quoted(text)} {row}" for row, text in enumerate(bounds))
        self.lines += [f"$panel{panel['id']} << EOD", *cells, "EOD",
                       "set palette defined (0 '#fff5eb', 1 '#fd8d3c', 2 '#7f2704')", "set logscale cb",
                       "set style fill solid noborder", f"set ytics ({names})", "set format x '%g s'",
                       f"set xrange [0:{end - begun:.0f}]", f"set yrange [-0.5:{len(buckets) - 0.5}]",
                       f"plot $panel{panel['id']} using 1:2:({step / 2}):(0.45):3 with boxxyerror palette notitle"]

    def save(self):
        self.lines.append("unset multiplot")
        subprocess.run(["gnuplot"], input="\n".join(self.lines) + "\n", text=True, check=True)


def draw(prometheus, dashboard, path, variables, begun, end, step=0.5):
    """Writes the picture of one dashboard, from `begun` to `end`, with Grafana's `variables` filled in."""
    shown = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in shown)
    picture = Picture(path, 24 * COLUMN, bottom * LINE)
    for panel in dashboard["panels"]:
        kind = panel["type"]
        if kind == "row":
            picture.text(panel, [panel["title"]], 12)
            continue
        targets = [(fill_in(target["expr"], **variables), target["legendFormat"]) for target in panel["targets"]]
        unit = panel["fieldConfig"]["defaults"]["unit"]
        if kind == "stat":
            value = prometheus.query(targets[0][0])
            picture.text(panel, [readable(value[0][1], unit) if value else "–"], 20)
        elif kind == "table":
            rows = sorted(prometheus.query(targets[0][0]), key=lambda row: -row[1])
            names = re.findall(r"\{\{(\w+)\}\}", targets[0][1])
            picture.text(panel, [f"{' · '.join(labels.get(name, '') for name in names)}: {readable(value, unit)}"
                                 for labels, value in rows], 9)
        elif kind == "heatmap":
            picture.heatmap(panel, prometheus.query_range(targets[0][0], begun, end, step), begun, end, step)
        else:
            series = [(legend(form, labels), points) for expression, form in targets
                      for labels, points in prometheus.query_range(expression, begun, end, step)]
            if series:
                picture.graph(panel, series, begun, end)
            else:
                picture.text(panel, ["no data"], 12)
    picture.save()
