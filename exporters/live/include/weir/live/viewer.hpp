// Who looks at the live page: what is known of a visitor, what it is answered, and the events that a viewer gets.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

class live_page;

/// What the server knows of who asks. Views: valid during the call they are passed to.
struct live_visitor {
  std::string_view peer;   ///< the address that the connection comes from, without the port
  std::string_view target; ///< of the request, with its query
  /// The first value of the request's header of that name, or "".
  std::function<std::string_view(std::string_view)> header;
  /// Whether the request has a header of that name, be it without a value: what tells a proxy. Without this function
  /// every visitor counts as one behind a proxy.
  std::function<bool(std::string_view)> has_header;
};

/// What to answer: all of it as it is. Views of static memory.
struct live_answer {
  unsigned status = 200;
  /// Content-Type is the first.
  std::span<const std::pair<std::string_view, std::string_view>> headers;
  std::string_view body; ///< of a stream of events: empty, the events are its body
};

/// One who has opened the stream of events, and the place that this takes. The server asks for one snapshot after the
/// other, each when the one before has been written: a viewer that reads slowly skips what is made meanwhile.
///
///   weir::live_viewer viewer(page, visitor);        // answer with viewer.answer(); if (!viewer) that is all
///   while (const auto text = viewer.next()) {       // write *text, then wait for viewer.until_next()
///
/// Thread safety: thread-compatible. Lifetime: the page outlives it.
class live_viewer {
 public:
  /// Errors: std::bad_alloc.
  live_viewer(live_page& page, const live_visitor& visitor);
  live_viewer(const live_viewer&) = delete;
  live_viewer& operator=(const live_viewer&) = delete;
  /// Gives the place back.
  ~live_viewer();

  /// Whether it may see the page and there is a place.
  explicit operator bool() const noexcept { return admitted_; }
  /// 200 and the headers of a stream of events; or 401 or 403, or 503 when all places are taken.
  const live_answer& answer() const noexcept { return answer_; }

  /// The text to write next, of whole events, the same for all viewers that are up to date; nullptr after
  /// live_page::close(). Never waits for another viewer to read. Errors: std::bad_alloc. Cost: that of making a
  /// snapshot for the first who asks for it, see live_page; a lock for all others.
  std::shared_ptr<const std::string> next();
  /// How long to wait before next().
  std::chrono::nanoseconds until_next() const;

 private:
  live_page& page_;
  live_answer answer_;
  bool admitted_ = false;
  std::uint64_t seen_ = 0; // the number of the last snapshot
};

} // namespace weir
