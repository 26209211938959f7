"""The dashboard *Requests*: how many, how many failed, how long they took."""

from .panels import dashboard, graph, heatmap, limits, lower_limits, query, row, stat
from .queries import (DURATION, OTHERS, OUTGOING, REQUESTS, ROUTES, SERVERS, by_route, mean, named, or_zero, quantile, rate,
                      ratio, series, total)

# By status, and what failed behind another one: a handler that threw when its 200 had gone out, and gRPC, whose status
# is always 200, by the codes that are a server's error. No series has both.
FAILED_BY_STATUS = 'http_response_status_code=~"5.."'
FAILED_OTHERWISE = ('http_response_status_code!~"5..", '
                    'error_type=~"exception|UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS"')
# What the alert's latency objective promises: 99 of 100 requests within half a second.
WITHIN_OBJECTIVE = 'le="0.5"'


def failed_in(scope):
    return f"{rate(REQUESTS, scope, FAILED_BY_STATUS)} or {rate(REQUESTS, scope, FAILED_OTHERWISE)}"


finished = rate(REQUESTS, ROUTES)
failed = failed_in(ROUTES)
finished_others = rate(REQUESTS, OTHERS)
cancelled_others = rate("weir_requests_cancelled_total", OTHERS)
fast = rate(DURATION + "_bucket", ROUTES, WITHIN_OBJECTIVE)
active = series("http_server_active_requests", SERVERS)


def slow_share(*by):
    return f"1 - {total(fast, *by)} / ({total(finished, *by)} > 0)"


OVERVIEW = row(
    "Overview",
    stat("Requests", "Finished requests per second.", total(finished), unit="reqps"),
    stat("Error ratio", "The share of finished requests that failed: a 5xx status, an exception, or a gRPC code "
         "that is a server's error. Without the live page's events.",
         ratio(total(failed_in(OTHERS)), total(finished_others)), unit="percentunit", thresholds=limits((0.01, "orange"), (0.05, "red"))),
    stat("Duration p99", "99 of 100 requests took no longer than this, from the first byte read to the last byte written. "
         "Above 10 s the histogram cannot tell: it shows 10 s.",
         quantile(0.99, DURATION, ROUTES), unit="s", thresholds=limits((0.5, "orange"), (1, "red"))),
    stat("Within 500 ms", "The share of finished requests that took at most half a second. The objective of the alerts is 99 "
         "%; they leave out routes that are slow by their nature.",
         f"{total(fast)} / ({total(finished)} > 0)", unit="percentunit", maximum=1,
         thresholds=lower_limits((0.95, "orange"), (0.99, "green"))),
    stat("Active requests", "Requests in progress at the last scrape; the scrape itself is one of them when it comes through "
         "the same server.", total(active), unit="short", decimals=0),
    stat("Cancelled ratio", "The share of finished requests that were cancelled or timed out before their response was "
         "complete, without the live page's events.",
         ratio(total(cancelled_others), total(finished_others)), unit="percentunit",
         thresholds=limits((0.05, "orange"), (0.1, "red")), leads_to=("Cancellations", "weir-cancellations")))

RATES = row(
    "Rate and errors",
    graph("Request rate by route", "Finished requests per second by route template; `no route` are those that none matched, "
          "malformed requests included.",
          query(by_route(total(finished, "http_route")), "{{http_route}}"), unit="reqps", width=12),
    graph("Responses by status", "Finished requests per second by the status they were answered with; `none` got none, because "
          "its client had gone.",
          query(named(total(finished, "http_response_status_code"), "http_response_status_code", "none"),
                "{{http_response_status_code}}"), unit="reqps", width=12, stacked=True),
    graph("Error ratio by route", "The share of each route's finished requests that failed: a 5xx status, an exception, or "
          "a gRPC code that is a server's error. The line is the alert's threshold for all routes together.",
          query(by_route(ratio(total(failed, "http_route"), total(finished, "http_route"))), "{{http_route}}"),
          unit="percentunit", maximum=1, width=12, thresholds=limits((0.05, "red")), limit_line=True),
    graph("Errors by type", "Requests per second that ended with an error: a 5xx status, `exception`, a gRPC code, `protocol_error`, "
          "or why they were cancelled, timed out or turned away.",
          query(total(rate(REQUESTS, ROUTES, 'error_type!=""'), "error_type"), "{{error_type}}"), unit="reqps", width=12))

DURATIONS = row(
    "Duration",
    graph("Duration", "The mean is exact. The quantiles are estimated within the histogram's buckets: below 5 ms they cannot "
          "tell, half of requests that take microseconds are shown as 2.5 ms; above 10 s they show 10 s. Compare only what "
          "belongs together: choose a route. A point is one request: its trace id leads to its trace.",
          query(mean(DURATION, ROUTES), "mean"), *(query(quantile(share, DURATION, ROUTES), name, exemplars=share == 0.99)
            for share, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))), unit="s", width=12),
    heatmap("Durations", "Finished requests per second in each bucket of the histogram; the darker, the more. Two bands are "
            "two kinds of requests, which no quantile shows. A point is one request: its trace id leads to its trace.",
            total(rate(DURATION + "_bucket", ROUTES), "le"), unit="s", cell_unit="reqps", width=12, exemplars=True),
    graph("Duration p99 by route", "Where the slow ones are. A download takes as long as its client's connection makes it.",
          query(by_route(quantile(0.99, DURATION, ROUTES, "http_route")), "{{http_route}}", exemplars=True), unit="s",
          width=12),
    graph("Slower than 500 ms by route", "The share of each route's finished requests that took longer than half a second. The "
          "line is what the objective allows: at 1 % the budget of a month lasts a month, at 14 % two days.",
          query(by_route(slow_share("http_route")), "{{http_route}}"), unit="percentunit", maximum=1, width=12,
          thresholds=limits((0.01, "red")), limit_line=True))

LOAD = row(
    "Load",
    graph("Active requests by method", "Requests in progress, for methods seen in the time shown. A level that only rises: "
          "handlers that do not return.",
          query(f"{total(active, 'http_request_method')} and "
                f"{total(f'max_over_time({active}[$__range])', 'http_request_method')} > 0", "{{http_request_method}}"),
          unit="short", decimals=0),
    graph("Response bytes by route", "Bytes of response bodies per second.",
          query(by_route(total(rate("http_server_response_body_size_bytes_sum", ROUTES), "http_route")), "{{http_route}}"),
          unit="Bps"),
    graph("Request bytes by route", "Bytes of request bodies per second.",
          query(by_route(total(rate("http_server_request_body_size_bytes_sum", ROUTES), "http_route")), "{{http_route}}"),
          unit="Bps"))

ELSEWHERE = row(
    "Outgoing requests",
    graph("Outgoing requests by server", "Finished requests per second to other servers, by their address. Nothing is shown of a "
          "program that makes none.",
          query(total(rate(OUTGOING + "_count", SERVERS), "server_address"), "{{server_address}}"), unit="reqps"),
    graph("Outgoing errors by server", "Requests per second to other servers that failed: a status from 400 on, or why there was "
          "no response.",
          query(total(rate(OUTGOING + "_count", SERVERS, 'error_type!=""'), "server_address", "error_type"),
                "{{server_address}}: {{error_type}}"), unit="reqps", stacked=True),
    graph("Outgoing p99 by server", "99 of 100 requests to each server took no longer than this. Above 10 s the histogram cannot "
          "tell: it shows 10 s.",
          query(quantile(0.99, OUTGOING, SERVERS, "server_address"), "{{server_address}}"), unit="s"))

PROCESSES = row(
    "Processes",
    graph("CPU", "Processor time: 100 % is one core busy all the time.",
          query(total(rate("process_cpu_seconds_total", SERVERS), "instance"), "{{instance}}"), unit="percentunit", width=6),
    graph("Resident memory", "Memory that the process really occupies.",
          query(total(series("process_resident_memory_bytes", SERVERS), "instance"), "{{instance}}"), unit="bytes", width=6),
    graph("Open files", "File descriptors in use, connections included, as a share of the most that the process may have. At "
          "100 % it accepts nobody any more.",
          query(f"{total(series('process_open_fds', SERVERS), 'instance')} / "
                f"{total(series('process_max_fds', SERVERS), 'instance')}", "{{instance}}"),
          unit="percentunit", maximum=1, width=6, thresholds=limits((0.8, "red")), limit_line=True),
    graph("Uptime", "Time since the process was started. A fall to 0 is a restart.",
          query(total(f"time() - {series('process_start_time_seconds', SERVERS)}", "instance"), "{{instance}}"), unit="s",
          width=6))

MEASURING = row(
    "The measuring itself",
    graph("Label values in overflow series", "Events per second whose labels had no room left in their metric and were counted "
          "in its overflow series. Anything but 0: a label takes values that somebody outside chooses.",
          query(or_zero(total(rate("weir_metrics_overflow_total", SERVERS))), "all metrics"), unit="ops", width=12,
          thresholds=limits((1e-9, "red"))),
    graph("Failed callback metrics", "Calls of callback metrics per second that threw, or gave series that cannot be shown.",
          query(or_zero(total(rate("weir_metrics_callback_errors_total", SERVERS))), "all metrics"), unit="ops", width=12,
          thresholds=limits((1e-9, "red"))))

DASHBOARD = dashboard(
    "weir-requests", "weir: Requests", "HTTP servers observed by weir: rate, errors, duration, load, by route, and what they ask others for.",
    REQUESTS, [OVERVIEW, RATES, DURATIONS, LOAD, ELSEWHERE, PROCESSES, MEASURING])
