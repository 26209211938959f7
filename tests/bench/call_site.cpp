// Times the log calls of one subject in one shape.
//
//   call_site --subject weir --shape int_int_double --calls 200000 --file /dev/shm/call_site.log
//
// With --count-only N it makes N calls of int_int_double in log_lines() and measures nothing: for counting
// instructions (see README.md).
#include "measuring/options.hpp"
#include "measuring/percentile.hpp"
#include "measuring/result.hpp"
#include "subjects/subject.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>

namespace {

void print_metrics(std::string_view shape, std::string_view name, bench::call_samples& taken) {
  const double ns = bench::nanoseconds_per_tick();
  const std::uint64_t step = bench::clock_step(taken.single);
  std::ranges::sort(taken.single);
  for (const auto& [metric, share] : {std::pair{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}})
    bench::print({"call_site", shape, name, metric, "ns", bench::grouped_percentile(taken.single, share, step) * ns});
  std::ranges::sort(taken.batches);
  bench::print({"call_site", shape, name, "ns_per_op", "ns",
                bench::grouped_percentile(taken.batches, 0.5, step) * ns /
                    static_cast<double>(bench::call_timing::batch_calls)});
}

void run(const bench::options& options) {
  const std::string& name = options.text("--subject");
  const std::string& path = options.text("--file");
  const auto subject = bench::open_subject(name, path);
  if (!options.text("--count-only").empty()) {
    subject->log_lines(0, options.number("--count-only"));
  } else {
    const auto shape = bench::parse_shape(options.text("--shape"));
    bench::call_samples taken = subject->time_calls(shape, bench::call_timing(options.number("--calls")));
    print_metrics(bench::to_string_view(shape), name, taken);
  }
  subject->finish();
  std::remove(path.c_str());
}

} // namespace

int main(int count, char** words) {
  try {
    run({count,
         words,
         {{"--subject", "weir"},
          {"--shape", "int_int_double"},
          {"--calls", "200000"},
          {"--count-only", ""},
          {"--file", "call_site.log"}}});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "call_site: %s\n", error.what());
    return 1;
  }
}
