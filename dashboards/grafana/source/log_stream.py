"""The dashboard *Log stream*: whether the log is complete, and what keeps it from being so."""

from .panels import dashboard, graph, heatmap, limits, query, row, stat
from .queries import SERVERS, in_range, mean, quantile, rate, series, total

WRITE = "weir_log_write_seconds"
BATCH = "weir_log_batch_records"

queue = series("weir_log_queue_bytes", SERVERS)
limit = series("weir_log_memory_limit_bytes", SERVERS)
blocked = series("weir_log_blocked_threads", SERVERS)
NEAR_LIMIT = 0.8  # the alert's


def busy(histogram):
    return total(rate(histogram + "_sum", SERVERS), "instance")


def quantiles(histogram):
    return [query(quantile(0.5, histogram, SERVERS), "p50"), query(quantile(0.99, histogram, SERVERS), "p99"),
            query(mean(histogram, SERVERS), "mean")]


OVERVIEW = row(
    "Overview",
    stat("Records", "Log records written per second.", total(rate("weir_log_records_total", SERVERS, 'outcome="written"')),
         unit="cps"),
    stat("Records dropped", "Records that are missing in at least one of their sinks, in the whole time shown. The log is complete "
         "only if this is 0.",
         in_range("weir_log_dropped_total", SERVERS), unit="short", decimals=0, thresholds=limits((0.5, "red"))),
    stat("Queue", "Memory of records accepted and not yet written, as a share of the limit, in the process that is worst off.",
         f"max({queue} / {limit})", unit="percentunit", thresholds=limits((0.5, "orange"), (NEAR_LIMIT, "red"))),
    stat("Waiting threads", "Threads whose log call waits for memory, at this moment. 0 unless the overflow policy is to wait.",
         total(blocked), unit="short", decimals=0, thresholds=limits((1, "red"))),
    stat("Write time p99", "99 of 100 batches were written to their sinks within this time.", quantile(0.99, WRITE, SERVERS),
         unit="s", thresholds=limits((0.1, "orange"), (1, "red"))),
    stat("Sink errors", "Failed calls of log sinks in the whole time shown: a full disk, a directory that is gone, a "
         "connection that broke.",
         in_range("weir_log_sink_errors_total", SERVERS), unit="short", decimals=0, thresholds=limits((0.5, "red"))))

RECORDS = row(
    "Records",
    graph("Log records", "Records per second by what became of them. `accepted` and `written` lie on each other, unless "
          "records are dropped.", query(total(rate("weir_log_records_total", SERVERS), "outcome"), "{{outcome}}"), unit="cps"),
    graph("Log records dropped", "Records per second that are missing in at least one of their sinks, by why: `queue_full`, "
          "`block_limit` and `displaced` are overload, `sink` a disk that is full or gone.",
          query(total(rate("weir_log_dropped_total", SERVERS), "reason"), "{{reason}}"), unit="cps", stacked=True),
    graph("Flight recorder", "Records per second below their level: emitted after all because their request went wrong, "
          "overwritten before that, or refused for lack of memory.",
          query(total(rate("weir_log_recorder_records_total", SERVERS), "outcome"), "{{outcome}}"), unit="cps"))

QUEUE = row(
    "Queue",
    graph("Queue", "Memory of records accepted and not yet written, as a share of each process's limit. The line is the "
          "alert's.",
          query(f"{total(queue, 'instance')} / {total(limit, 'instance')}", "{{instance}}"), unit="percentunit", maximum=1,
          thresholds=limits((NEAR_LIMIT, "red")), limit_line=True),
    graph("Memory", "Bytes of records that wait, bytes allocated for records and for the flight recorder. What was allocated "
          "once is kept: the level says how full the queue has been.",
          query(total(queue), "waiting"), query(total(series("weir_log_memory_bytes", SERVERS)), "allocated"),
          query(total(series("weir_log_recorder_bytes", SERVERS)), "flight recorder"), unit="bytes"),
    graph("Log calls that wait", "Time that log calls have waited for memory, each second: 1 s is one thread that stands "
          "still. 0 unless the overflow policy is to wait.",
          query(total(rate("weir_log_blocked_seconds_total", SERVERS), "instance"), "{{instance}}"), unit="s"))

SINKS = row(
    "Sinks",
    graph("Write time", "Duration of one write of a batch to its sinks.", *quantiles(WRITE), unit="s"),
    heatmap("Write times", "Batches per second by how long their write took. A thin band far above the rest: a disk that "
            "stalls now and then.", total(rate(WRITE + "_bucket", SERVERS), "le"), unit="s", cell_unit="wps"),
    graph("Batch size", "Records written in one go. Batches grow with the load, which makes each record cheaper.",
          *quantiles(BATCH),
          unit="short"),
    graph("Time in the sinks", "The share of its time that the thread behind the log spends in its sinks. At 100 % the queue "
          "grows.",
          query(busy(WRITE), "{{instance}} writes"), query(busy("weir_log_flush_seconds"), "{{instance}} flushes"),
          query(busy("weir_log_sync_seconds"), "{{instance}} syncs"), unit="percentunit", width=12, stacked=True),
    graph("Sink errors", "Failed calls of log sinks per second. The records of a failed write count as dropped for the reason "
          "`sink`.",
          query(total(rate("weir_log_sink_errors_total", SERVERS), "instance"), "{{instance}}"), unit="ops", width=12,
          thresholds=limits((1e-9, "red"))))

DASHBOARD = dashboard(
    "weir-log-stream", "weir: Log stream", "The log of processes that log with weir: records, losses, queue, sinks.",
    "weir_log_records_total", [OVERVIEW, RECORDS, QUEUE, SINKS], routes=False)
