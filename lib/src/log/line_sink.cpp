#include "weir/log/line_sink.hpp"

#include "weir/log/text_buffer.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace weir {

line_sink::line_sink(std::string name, std::unique_ptr<renderer> renderer)
    : sink(std::move(name)), renderer_(std::move(renderer)), buffer_(std::make_unique<text_buffer>()) {
  if (renderer_ == nullptr)
    throw std::invalid_argument("sink " + std::string(this->name()) + ": the renderer is null");
}

line_sink::~line_sink() = default;

void line_sink::append(const record& entry) {
  const std::size_t begin = buffer_->size();
  try {
    renderer_->render(entry, *buffer_);
  } catch (...) {
    buffer_->resize(begin); // half a line is none
    throw;
  }
  ++pending_;
}

commit_result line_sink::commit() {
  if (pending_ == 0) return {};
  const std::string_view lines(buffer_->data(), buffer_->size());
  const std::size_t offered = std::exchange(pending_, 0);
  write_result result{};
  try {
    result = write(lines);
  } catch (...) {
    buffer_->clear();
    throw;
  }
  commit_result outcome{.lost = 0, .error = result.error, .attempt = result.attempt};
  if (result.taken < lines.size()) {
    // One record is one line, so the lines that were taken are the records that were written.
    const auto whole = static_cast<std::size_t>(std::ranges::count(lines.substr(0, result.taken), '\n'));
    outcome.lost = offered - std::min(offered, whole);
  }
  buffer_->clear();
  return outcome;
}

} // namespace weir
