// The names of all metrics that weir itself exposes: what dashboards, alert rules and the code have in common.
#pragma once

#include "weir/metrics/description.hpp"

#include <array>

namespace weir {

/// The catalogue. What a server measures carries OpenTelemetry's names in their Prometheus spelling (HTTP semantic
/// conventions 1.23); what only weir knows begins with `weir_`.
struct metric_names {
  // ---- bounds

  /// Of the duration of requests, in seconds, as OpenTelemetry advises.
  static constexpr std::array request_seconds{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1.0, 2.5, 5.0, 7.5, 10.0};
  /// Of the size of bodies: powers of ten, because bodies differ by orders of magnitude.
  static constexpr std::array body_bytes{100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
  /// From a signal that is seen at once to one that is not seen at all, in seconds.
  static constexpr std::array stop_seconds{.0001, .001, .005, .01, .05, .1, .5, 1.0, 5.0, 10.0, 60.0};
  /// Of one write to a sink, in seconds: from memory to a disk that has stalled.
  static constexpr std::array write_seconds{.00001, .0001, .001, .01, .1, 1.0, 10.0};
  /// Of the records in one batch.
  static constexpr std::array batch_records{1.0, 10.0, 100.0, 1e3, 1e4, 1e5};

  // ---- requests

  /// Of every finished request. `http_response_status_code` is empty if none was sent; `error_type` then says why.
  static constexpr label_names request_labels{"http_request_method",       "url_scheme", "http_route",
                                              "http_response_status_code", "error_type", "network_protocol_version"};
  static constexpr histogram_description http_server_request_duration{"http_server_request_duration_seconds",
                                                                      "Duration of HTTP server requests.",
                                                                      request_labels, request_seconds, "http_route"};
  static constexpr gauge_description http_server_active_requests{"http_server_active_requests",
                                                                 "Number of HTTP server requests in progress.",
                                                                 {"http_request_method", "url_scheme"}};
  static constexpr histogram_description http_server_request_body_size{"http_server_request_body_size_bytes",
                                                                       "Size of HTTP server request bodies.",
                                                                       request_labels, body_bytes, "http_route"};
  static constexpr histogram_description http_server_response_body_size{"http_server_response_body_size_bytes",
                                                                        "Size of HTTP server response bodies.",
                                                                        request_labels, body_bytes, "http_route"};

  // ---- requests to other servers

  /// Of every finished call. `http_response_status_code` is empty if there was no response; `error_type` says why, or
  /// repeats a status from 400 on.
  static constexpr histogram_description http_client_request_duration{
      "http_client_request_duration_seconds",
      "Duration of HTTP client requests.",
      {"http_request_method", "server_address", "server_port", "http_response_status_code", "error_type"},
      request_seconds,
      "server_address"};

  // ---- cancellation

  static constexpr counter_description requests_cancelled{"weir_requests_cancelled_total",
                                                          "Requests cancelled before their response was complete.",
                                                          {"http_route", "reason", "phase"},
                                                          "http_route"};
  static constexpr histogram_description cancel_to_stop{
      "weir_cancel_to_stop_seconds",
      "Time from the cancellation of a request to the return of its handler: work done for nobody.",
      {"http_route"},
      stop_seconds};
  static constexpr counter_description cancel_ignored{
      "weir_cancel_ignored_total",
      "Cancelled requests whose handler went on for longer than it may (observer_options::ignored_after).",
      {"http_route"}};
  static constexpr gauge_description handlers_stuck{
      "weir_handlers_stuck",
      "Handlers that go on though their request was cancelled longer ago than observer_options::ignored_after."};
  static constexpr counter_description response_bytes_wasted{
      "weir_response_bytes_wasted_total",
      "Response bytes sent for requests that were cancelled afterwards.",
      {"http_route"}};

  // ---- deadlines

  static constexpr counter_description deadline_received{"weir_deadline_received_total",
                                                         "Requests that came with a deadline of their caller's."};
  static constexpr counter_description deadline_expired_on_arrival{
      "weir_deadline_expired_on_arrival_total", "Requests whose caller's deadline had passed when they came."};

  // ---- contexts

  static constexpr counter_description task_failures{
      "weir_task_failures_total", "Pieces of work under a context, callbacks included, that threw."};

  // ---- the log

  static constexpr counter_description log_records{
      "weir_log_records_total", "Log records by what became of them.", {"outcome"}};
  static constexpr counter_description log_dropped{
      "weir_log_dropped_total", "Log records dropped, by why.", {"reason"}};
  static constexpr counter_description log_suppressed{
      "weir_log_suppressed_total", "Log statements held back by their limits, access records included."};
  static constexpr counter_description log_blocked_calls{"weir_log_blocked_calls_total",
                                                         "Log calls that had to wait for memory."};
  static constexpr counter_description log_blocked_time{
      "weir_log_blocked_seconds_total",
      "Time that log calls have waited for memory, those that still wait included."};
  static constexpr gauge_description log_blocked_threads{"weir_log_blocked_threads",
                                                         "Threads whose log call is waiting for memory."};
  static constexpr gauge_description log_queue{"weir_log_queue_bytes",
                                               "Memory of log records accepted and not yet written."};
  static constexpr gauge_description log_memory{"weir_log_memory_bytes", "Memory allocated for log records."};
  static constexpr gauge_description log_memory_limit{"weir_log_memory_limit_bytes",
                                                      "The most memory that may be allocated for log records."};
  static constexpr counter_description log_recorder{"weir_log_recorder_records_total",
                                                    "Log records below their level that were emitted after all, "
                                                    "overwritten before that, or refused for lack of memory.",
                                                    {"outcome"}};
  static constexpr gauge_description log_recorder_memory{"weir_log_recorder_bytes",
                                                         "Memory allocated for the flight recorder."};
  static constexpr counter_description log_sink_errors{"weir_log_sink_errors_total", "Failed calls of log sinks."};
  static constexpr histogram_description log_write{
      "weir_log_write_seconds", "Duration of one write of a batch of log records to its sinks.", {}, write_seconds};
  static constexpr histogram_description log_flush{
      "weir_log_flush_seconds", "Duration of one flush of all log sinks.", {}, write_seconds};
  static constexpr histogram_description log_sync{
      "weir_log_sync_seconds", "Duration of one sync of all log sinks to their disks.", {}, write_seconds};
  static constexpr histogram_description log_batch{
      "weir_log_batch_records", "Log records written in one batch.", {}, batch_records};

  // ---- the process, under the names that Prometheus' own clients give

  static constexpr counter_description process_cpu{"process_cpu_seconds_total",
                                                   "Total user and system CPU time spent in seconds."};
  static constexpr gauge_description process_resident_memory{"process_resident_memory_bytes",
                                                             "Resident memory size in bytes."};
  static constexpr gauge_description process_virtual_memory{"process_virtual_memory_bytes",
                                                            "Virtual memory size in bytes."};
  static constexpr gauge_description process_open_fds{"process_open_fds", "Number of open file descriptors."};
  static constexpr gauge_description process_max_fds{"process_max_fds", "Maximum number of open file descriptors."};
  static constexpr gauge_description process_threads{"process_threads", "Number of OS threads in the process."};
  static constexpr gauge_description process_start_time{"process_start_time_seconds",
                                                        "Start time of the process since unix epoch in seconds."};

  // ---- the metrics themselves

  static constexpr counter_description metrics_overflow{
      "weir_metrics_overflow_total",
      "Label values counted in an overflow series because their metric was full.",
      {"metric"}};
  static constexpr counter_description metrics_callback_errors{
      "weir_metrics_callback_errors_total", "Failed calls and unusable series of callback metrics.", {"metric"}};

  /// Calls `visit` with each description above, for those who check that none is forgotten.
  template <class Visitor>
  static constexpr void for_each(Visitor&& visit) {
    visit(http_server_request_duration);
    visit(http_server_active_requests);
    visit(http_server_request_body_size);
    visit(http_server_response_body_size);
    visit(http_client_request_duration);
    visit(requests_cancelled);
    visit(cancel_to_stop);
    visit(cancel_ignored);
    visit(handlers_stuck);
    visit(response_bytes_wasted);
    visit(deadline_received);
    visit(deadline_expired_on_arrival);
    visit(task_failures);
    visit(log_records);
    visit(log_dropped);
    visit(log_suppressed);
    visit(log_blocked_calls);
    visit(log_blocked_time);
    visit(log_blocked_threads);
    visit(log_queue);
    visit(log_memory);
    visit(log_memory_limit);
    visit(log_recorder);
    visit(log_recorder_memory);
    visit(log_sink_errors);
    visit(log_write);
    visit(log_flush);
    visit(log_sync);
    visit(log_batch);
    visit(process_cpu);
    visit(process_resident_memory);
    visit(process_virtual_memory);
    visit(process_open_fds);
    visit(process_max_fds);
    visit(process_threads);
    visit(process_start_time);
    visit(metrics_overflow);
    visit(metrics_callback_errors);
  }
};

} // namespace weir
