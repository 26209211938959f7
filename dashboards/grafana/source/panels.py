"""Panels as Grafana's JSON has them, and how they make a dashboard."""

from .queries import SERVERS, series

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24


def query(expression, legend, *, exemplars=False, instant=False, form="time_series"):
    return {"expr": expression, "legendFormat": legend, "exemplar": exemplars, "range": not instant, "instant": instant,
            "format": form}


def limits(*steps):
    """Thresholds: green below the first (value, colour)."""
    return {"mode": "absolute",
            "steps": [{"color": "green", "value": None}, *({"color": color, "value": value} for value, color in steps)]}


def lower_limits(*steps):
    """For what is good when it is high: red below the first."""
    return limits(*steps) | {"steps": [{"color": "red", "value": None}, *limits(*steps)["steps"][1:]]}


def panel(kind, title, description, queries, *, width, height, unit, thresholds=None, options, decimals=None, maximum=None,
          color="palette-classic", custom=None, **more):
    targets = [{"refId": chr(ord("A") + at), "datasource": SOURCE, "editorMode": "code", **each}
               for at, each in enumerate(queries)]
    defaults = {"unit": unit, "min": 0, "color": {"mode": color}, "thresholds": thresholds or limits(), "mappings": []}
    optional = {"decimals": decimals, "max": maximum, "custom": custom}
    defaults |= {name: value for name, value in optional.items() if value is not None}
    return {"type": kind, "title": title, "description": description, "datasource": SOURCE,
            "gridPos": {"h": height, "w": width}, "targets": targets,
            "fieldConfig": {"defaults": defaults, "overrides": []}, "options": options} | more


REDUCED_TO_LAST = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}


def stat(title, description, expression, *, unit, leads_to=None, **more):
    """One number. `leads_to`: the (title, uid) of the dashboard that says more."""
    one = panel("stat", title, description, [query(expression, title)], width=4, height=4, unit=unit, color="thresholds",
                options=REDUCED_TO_LAST | {
                    "orientation": "auto", "textMode": "value", "colorMode": "value", "graphMode": "area",
                    "justifyMode": "auto", "wideLayout": True, "showPercentChange": False,
                    "percentChangeColorMode": "standard"}, **more)
    one["fieldConfig"]["defaults"]["noValue"] = "–"
    if leads_to:
        one["links"] = [link(leads_to[0], url=f"/d/{leads_to[1]}")]
    return one


def graph(title, description, *queries, unit, width=8, stacked=False, limit_line=False, **more):
    return panel(
        "timeseries", title, description, queries, width=width, height=8, unit=unit,
        options={"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["mean", "max"],
                            "sortBy": "Max", "sortDesc": True},
                 "tooltip": {"mode": "multi", "sort": "desc"}},
        custom={"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 30 if stacked else 8,
                "showPoints": "never", "spanNulls": False, "axisPlacement": "auto",
                "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
                "thresholdsStyle": {"mode": "line" if limit_line else "off"}}, **more)


def heatmap(title, description, expression, *, unit, cell_unit, width=8, exemplars=False):
    return panel(
        "heatmap", title, description, [query(expression, "{{le}}", exemplars=exemplars, form="heatmap")],
        width=width, height=8, unit=unit,
        options={"calculate": False, "cellGap": 1, "cellValues": {"unit": cell_unit},
                 "color": {"mode": "scheme", "scheme": "Oranges", "scale": "exponential", "exponent": 0.5, "steps": 64,
                           "reverse": False, "fill": "dark-orange"},
                 "exemplars": {"color": "rgba(31, 120, 193, 0.9)"}, "filterValues": {"le": 1e-9},
                 "legend": {"show": True}, "rowsFrame": {"layout": "auto"}, "showValue": "never",
                 "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": True},
                 "yAxis": {"axisPlacement": "left", "unit": unit, "reverse": False}},
        custom={"scaleDistribution": {"type": "linear"}, "hideFrom": {"legend": False, "tooltip": False, "viz": False}})


def table(title, description, expression, columns, *, unit, width=12):
    """The last value of each series. `columns`: the labels to show, in this order, each with its heading."""
    headings = columns | {"Value": title}
    return panel(
        "table", title, description, [query(expression, " ".join(f"{{{{{label}}}}}" for label in columns), instant=True,
                                            form="table")],
        width=width, height=8, unit=unit, decimals=0, color="thresholds",
        options={"showHeader": True, "cellHeight": "sm", "frameIndex": 0, "sortBy": [{"displayName": title, "desc": True}]},
        custom={"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False},
        transformations=[{"id": "organize", "options": {
            "excludeByName": {"Time": True}, "includeByName": {}, "renameByName": headings,
            "indexByName": {name: at for at, name in enumerate(headings)}}}])


def row(title, *panels):
    return {"type": "row", "title": title, "collapsed": False, "panels": []}, panels


def link(title, *, url="", tags=()):
    """To one address, or to all dashboards with these tags; takes time and variables along."""
    return {"title": title, "type": "dashboards" if tags else "link", "url": url, "tags": list(tags), "asDropdown": False,
            "icon": "external link", "includeVars": True, "keepTime": True, "targetBlank": False, "tooltip": ""}


def laid_out(rows):
    """The panels of all rows from left to right, from top to bottom, numbered in that order."""
    top = 0
    for heading, panels in rows:
        heading["gridPos"] = {"h": 1, "w": COLUMNS, "x": 0, "y": top}
        yield heading
        top += 1
        x = 0
        for each in panels:
            at = each["gridPos"]
            at |= {"x": x, "y": top}
            yield each
            x += at["w"]
            if x == COLUMNS:
                x, top = 0, top + at["h"]
        assert x == 0, f"row {heading['title']} is not filled"


def variable(name, title, description, selector, label, *, all_value):
    """The values of a label, any number of which may be chosen."""
    return {"name": name, "label": title, "description": description, "type": "query", "datasource": SOURCE,
            "query": {"qryType": 1, "query": f"label_values({selector}, {label})",
                      "refId": "PrometheusVariableQueryEditor-VariableQuery"},
            "refresh": 2, "sort": 1, "regex": "", "multi": True, "includeAll": True, "allValue": all_value, "hide": 0,
            "skipUrlSync": False, "options": [], "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}


def variables(metric, *, routes):
    chosen = [
        {"name": "datasource", "label": "Data source", "description": "A Prometheus that scrapes the servers.",
         "type": "datasource", "query": "prometheus", "refresh": 1, "regex": "", "multi": False, "includeAll": False,
         "hide": 0, "skipUrlSync": False, "options": []},
        variable("job", "Job", "The scrape configuration's job.", metric, "job", all_value=".+"),
        variable("instance", "Instance", "Processes of these jobs.", metric + '{job=~"$job"}', "instance", all_value=".+"),
    ]
    if routes:
        chosen.append(variable("route", "Route", "Route templates; All includes requests that none matched.",
                               series(metric, SERVERS), "http_route", all_value=".*"))
    return chosen


def dashboard(uid, title, description, metric, rows, *, routes=True):
    """`metric`: the one whose labels the variables offer."""
    panels = [{"id": at, **each} for at, each in enumerate(laid_out(rows), start=1)]
    return {
        "id": None, "uid": uid, "title": title, "description": description, "tags": ["weir"],
        "schemaVersion": 39, "version": 1, "editable": True, "graphTooltip": 1, "timezone": "browser", "weekStart": "",
        "fiscalYearStartMonth": 0, "liveNow": False, "refresh": "5s", "time": {"from": "now-15m", "to": "now"},
        "timepicker": {}, "links": [link("weir", tags=["weir"])],
        "annotations": {"list": [
            {"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}, "enable": True, "hide": True,
             "iconColor": "rgba(0, 211, 255, 1)", "name": "Annotations & Alerts", "type": "dashboard"}]},
        "templating": {"list": variables(metric, routes=routes)},
        "panels": panels,
    }
