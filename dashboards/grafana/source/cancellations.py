"""The dashboard *Cancellations*: who ended requests, when, and what was done for nobody."""

from .panels import dashboard, graph, heatmap, limits, query, row, stat, table
from .queries import OTHERS, REQUESTS, ROUTES, SERVERS, by_route, in_range, mean, quantile, rate, ratio, series, total

CANCELLED = "weir_requests_cancelled_total"
TO_STOP = "weir_cancel_to_stop_seconds"

cancelled = rate(CANCELLED, ROUTES)
# Of whose requests the ratios are.
cancelled_others = rate(CANCELLED, OTHERS)
finished_others = rate(REQUESTS, OTHERS)
stuck = series("weir_handlers_stuck", SERVERS)
deadlines = rate("weir_deadline_received_total", SERVERS)
expired = rate("weir_deadline_expired_on_arrival_total", SERVERS)


def each_route(metric):
    return query(by_route(total(rate(metric, ROUTES), "http_route")), "{{http_route}}")


OVERVIEW = row(
    "Overview",
    stat("Cancellations", "Requests per second that ended before their response was complete.", total(cancelled), unit="reqps"),
    stat("Cancelled ratio", "The share of finished requests that were cancelled or timed out before their response was "
         "complete, without the live page's events.",
         ratio(total(cancelled_others), total(finished_others)), unit="percentunit", thresholds=limits((0.05, "orange"), (0.1, "red")),
         leads_to=("Requests", "weir-requests")),
    stat("Cancel to stop p99", "99 of 100 handlers returned within this time of the signal. Those that heed their context do "
         "within a millisecond.", quantile(0.99, TO_STOP, ROUTES), unit="s", thresholds=limits((0.05, "orange"), (1, "red"))),
    stat("Time for nobody", "How long handlers went on after the cancellation of their requests, added up over the time shown.",
         in_range(TO_STOP + "_sum", ROUTES), unit="s", thresholds=limits((60, "orange"))),
    stat("Bytes for nobody", "Response bytes sent in the time shown for requests that were cancelled afterwards.",
         in_range("weir_response_bytes_wasted_total", ROUTES), unit="bytes"),
    stat("Stuck handlers", "Handlers that go on, at this moment, though their request was cancelled longer ago than "
         "`observer_options::ignored_after`. Not by route.",
         total(stuck), unit="short", decimals=0, thresholds=limits((1, "red"))))

WHO = row(
    "Who ended requests, and when",
    graph("Cancellations by reason", "Requests per second that ended before their response was complete, by who or what ended "
          "them.",
          query(total(cancelled, "reason"), "{{reason}}"), unit="reqps", stacked=True),
    graph("Cancellations by phase", "The same by what the server was doing: reading the request, running the handler, writing "
          "the response.", query(total(cancelled, "phase"), "{{phase}}"), unit="reqps", stacked=True),
    graph("Cancellations by route", "The same by route template; `no route` also has what ended before its route was known.",
          query(by_route(total(cancelled, "http_route")), "{{http_route}}"), unit="reqps", stacked=True),
    table("Cancelled since start", "Requests cancelled since the servers started, by route, reason and phase: exact counts.",
          by_route(total(series(CANCELLED, ROUTES), "http_route", "reason", "phase") + " > 0"),
          {"http_route": "Route", "reason": "Reason", "phase": "Phase"}, unit="short"),
    graph("Cancelled ratio by route", "The share of each route's finished requests that were cancelled or timed out. The line "
          "is the alert's threshold for all routes together. The live page's events are left out.",
          query(by_route(ratio(total(cancelled_others, "http_route"), total(finished_others, "http_route"))), "{{http_route}}"),
          unit="percentunit", maximum=1, width=12, thresholds=limits((0.1, "red")), limit_line=True))

FOR_NOBODY = row(
    "Work for nobody",
    graph("Time from cancel to stop", "From the signal to the return of the handler. The mean is exact; a quantile above 60 s "
          "is shown as 60 s.",
          query(mean(TO_STOP, ROUTES), "mean"), query(quantile(0.5, TO_STOP, ROUTES), "p50"),
          query(quantile(0.99, TO_STOP, ROUTES), "p99"), unit="s"),
    heatmap("Cancel to stop", "Cancelled requests per second by how long their handler went on. A band above the lowest: "
            "handlers that look at their context only now and then.",
            total(rate(TO_STOP + "_bucket", ROUTES), "le"), unit="s", cell_unit="reqps"),
    graph("Handler time for nobody", "Handler time spent, each second, after the cancellation: 1 s is one handler busy all the "
          "time for clients that have gone.", each_route(TO_STOP + "_sum"), unit="s"),
    graph("Response bytes wasted", "Bytes per second that were sent for responses which their clients then gave up.",
          each_route("weir_response_bytes_wasted_total"), unit="Bps"),
    graph("Cancellations ignored", "Cancelled requests per second whose handler went on for longer than "
          "`observer_options::ignored_after`.", each_route("weir_cancel_ignored_total"), unit="reqps"),
    graph("Handlers that go on for nobody", "Handlers that go on, at this moment, though their request was cancelled longer "
          "ago than `observer_options::ignored_after`. The log names each: logger `weir.http`.",
          query(total(stuck, "instance"), "{{instance}}"), unit="short", decimals=0, thresholds=limits((1, "red")),
          limit_line=True))

CALLERS = row(
    "Deadlines and background work",
    graph("Callers' deadlines", "Requests per second that said until when their caller waits, and those whose time was over "
          "when they came: these are answered with 504, and no handler runs.",
          query(total(deadlines), "received"), query(total(expired), "expired on arrival"), unit="reqps"),
    graph("Expired on arrival", "The share of callers' deadlines that had passed before the request was read: time lost on the "
          "way, or in a queue before this server.", query(ratio(total(expired), total(deadlines)), "expired on arrival"),
          unit="percentunit", maximum=1, thresholds=limits((0.1, "red"))),
    graph("Failed work", "Pieces of work under a context, callbacks and background tasks included, that threw, per second. The "
          "log has each with its request: logger `weir.task`.",
          query(total(rate("weir_task_failures_total", SERVERS), "instance"), "{{instance}}"), unit="ops"))

DASHBOARD = dashboard(
    "weir-cancellations", "weir: Cancellations",
    "Requests that nobody waited for any more: by whom, when, and what they cost.", REQUESTS,
    [OVERVIEW, WHO, FOR_NOBODY, CALLERS])
