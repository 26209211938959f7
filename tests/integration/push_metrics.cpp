// Counts something and pushes it, together with what the process takes of its machine, to a gateway.
//
//   push_metrics PORT JOB COUNT
#include <weir/process_metrics.hpp>
#include <weir/prometheus.hpp>

#include <prometheus/gateway.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>

int main(int count, char** words) try {
  if (count != 4) return std::fputs("push_metrics PORT JOB COUNT\n", stderr), 2;
  weir::metrics_registry registry;
  const auto process = weir::register_process_metrics(registry);
  auto& jobs = registry.add(weir::counter_description{"jobs_total", "Jobs.", {"queue"}});
  auto& seconds = registry.add(weir::metric_names::log_write).with();
  for (int i = 0; i < std::atoi(words[3]); ++i) {
    jobs.with({"mail \"today\""}).add();
    seconds.observe(0.05, {.trace_id_high = 1, .trace_id_low = 2}); // its exemplar does not hinder
  }

  prometheus::Gateway gateway("127.0.0.1", words[1], words[2], {{"instance", "one"}});
  const auto metrics = std::make_shared<weir::prometheus_collectable>(registry);
  gateway.RegisterCollectable(metrics); // which does not keep it alive
  const int status = gateway.Push();
  std::printf("%d\n", status);
  return status == 200 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "push_metrics: %s\n", error.what());
  return 1;
}
