#include "weir/log/memory_sink.hpp"

#include "log/option_check.hpp"

#include <deque>
#include <mutex>
#include <utility>

namespace weir {

struct memory_ring::kept {
  memory_options options;
  std::mutex mutex; // for what follows
  std::deque<std::string> lines;
  std::size_t bytes = 0;
  std::string spare; // a dropped line's memory, for the next

  bool has_room_for(std::string_view line) const noexcept {
    return lines.size() < options.lines && bytes + line.size() <= options.bytes;
  }
  void add(std::string_view line) {
    while (!lines.empty() && !has_room_for(line)) {
      bytes -= lines.front().size();
      spare = std::move(lines.front());
      lines.pop_front();
    }
    spare.assign(line);
    lines.push_back(std::exchange(spare, {}));
    bytes += line.size();
  }
};

memory_ring::memory_ring(memory_options options, std::unique_ptr<renderer> renderer)
    : line_sink("memory", std::move(renderer)), kept_(std::make_unique<kept>()) {
  detail::check_option<std::size_t>("memory_options.lines", options.lines, 1, 10'000'000);
  detail::check_option<std::size_t>("memory_options.bytes", options.bytes, 1024, std::size_t{1} << 30);
  kept_->options = options;
}

memory_ring::~memory_ring() = default;

std::vector<std::string> memory_ring::snapshot() const {
  const std::lock_guard lock(kept_->mutex);
  return {kept_->lines.begin(), kept_->lines.end()};
}

void memory_ring::clear() {
  const std::lock_guard lock(kept_->mutex);
  kept_->lines.clear();
  kept_->bytes = 0;
}

line_sink::write_result memory_ring::write(std::string_view lines) {
  write_result result;
  const std::lock_guard lock(kept_->mutex);
  while (result.taken < lines.size()) {
    const std::string_view line = lines.substr(result.taken, lines.find('\n', result.taken) - result.taken);
    kept_->add(line);
    result.taken += line.size() + 1;
  }
  return result;
}

std::shared_ptr<memory_ring> memory_sink(memory_options options, std::unique_ptr<renderer> renderer) {
  return std::make_shared<memory_ring>(options, std::move(renderer));
}

} // namespace weir
