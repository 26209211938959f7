// Picks the headers that concern the observer out of a request's, whatever the server keeps them in.
#pragma once

#include "weir/trace/baggage.hpp"
#include "weir/trace/server_span.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>

namespace weir {

class request_observer;
struct observer_options;

namespace detail {

enum class header_kind : std::uint8_t {
  // of which there may be several
  traceparent,
  tracestate,
  baggage,
  forwarded_for,
  // of which there is one
  b3,
  b3_trace_id,
  b3_span_id,
  b3_parent_span_id,
  b3_sampled,
  b3_flags,
  request_id,
  deadline,
  grpc_timeout,
  forwarded_proto,
};
inline constexpr std::size_t header_kinds = 14;
/// Behind them the names that the access log keeps, each a kind of its own.
inline constexpr std::size_t most_logged_headers = 8;
inline constexpr std::size_t all_header_kinds = header_kinds + most_logged_headers;
inline constexpr std::size_t first_single_header = 4;

/// A set of them.
inline constexpr std::uint32_t bit_of(header_kind kind) noexcept { return 1U << static_cast<unsigned>(kind); }
inline constexpr std::uint32_t b3_kinds = 0x3fU << static_cast<unsigned>(header_kind::b3);
inline constexpr std::uint32_t logged_kinds = ((1U << most_logged_headers) - 1) << header_kinds;

/// The names that an observer's options ask for. Constant, hence thread-safe.
class known_headers {
 public:
  /// Each length is a bit of a word.
  static constexpr std::size_t longest_name = 63;

  /// `options` outlives it; the names in it have letters, digits and `- _ .` only, and are longest_name at most; of
  /// access.headers there are most_logged_headers at most.
  explicit known_headers(const observer_options& options) noexcept;

  /// False for nearly all names that are not known: what is asked for every header of every request.
  bool may_know(std::string_view name) const noexcept {
    return (lengths_ >> name.size() % 64 & 1) != 0 &&
           (first_letters_ >> static_cast<unsigned char>(name.front()) % 32 & 1) != 0;
  }
  /// The kind of this name, compared without case; all_header_kinds if it is not known. Not of an empty one.
  std::size_t find(std::string_view name) const noexcept;

 private:
  void add(std::size_t kind, std::string_view name) noexcept;
  void add(header_kind kind, std::string_view name) noexcept { add(static_cast<std::size_t>(kind), name); }

  std::uint64_t lengths_ = 0;                              // modulo 64, of which 0 is none's
  std::uint32_t first_letters_ = 0;                        // by their lower five bits, in which cases do not differ
  std::array<std::string_view, all_header_kinds> names_{}; // empty: not asked for
};

/// Up to `Most` values, whose places are not touched before there are any.
template <std::size_t Most>
class few_values {
 public:
  few_values() noexcept {} // NOLINT: at_ stays as it is
  void add(std::string_view value) noexcept {
    if (count_ < Most) at_[count_++] = value;
  }
  std::span<const std::string_view> view() const noexcept { return {at_, count_}; }

 private:
  union {
    std::string_view at_[Most];
  };
  std::size_t count_ = 0;
};

/// The first `Most` values with a member, of a header that is a list. The first four take no memory; where there is
/// none for more, those are lost.
template <std::size_t Most>
class list_values {
 public:
  list_values() noexcept {} // NOLINT: as in few_values
  void add(std::string_view value) noexcept {
    if (std::ranges::all_of(value, [](char c) { return c == ',' || c == ' ' || c == '\t'; })) return;
    if (count_ == in_place && !all_) {
      all_.reset(new (std::nothrow) std::string_view[Most]);
      if (!all_) return;
      std::copy_n(at_, in_place, all_.get());
    }
    if (count_ == Most) return;
    (all_ ? all_.get() : at_)[count_++] = value;
  }
  std::span<const std::string_view> view() const noexcept { return {all_ ? all_.get() : at_, count_}; }

 private:
  static constexpr std::size_t in_place = 4;
  static_assert(in_place < Most);

  union {
    std::string_view at_[in_place];
  };
  std::unique_ptr<std::string_view[]> all_; // those of at_, too, when they are more
  std::size_t count_ = 0;
};

/// The last `Most` values.
template <std::size_t Most>
class last_values {
 public:
  last_values() noexcept {} // NOLINT: as in few_values
  void add(std::string_view value) noexcept {
    if (count_ == Most)
      std::shift_left(at_, at_ + Most, 1);
    else
      ++count_;
    at_[count_ - 1] = value;
  }
  std::span<const std::string_view> view() const noexcept { return {at_, count_}; }

 private:
  union {
    std::string_view at_[Most];
  };
  std::size_t count_ = 0;
};

} // namespace detail

/// What an adapter gives exchange::begin() of a request's headers. All of them are offered, in the order in which
/// they came, and those that the observer's options ask for are kept:
///
///   weir::request_headers headers(observer);
///   for (const auto& each : request) headers.take(each.name(), each.value());
///   exchange.begin({.method = …, .headers = &headers});
///
/// Names are compared without case. Values may have spaces and tabs around them. `tracestate` and `baggage` may stand
/// in as many headers as they may have members, 32 and 64: with more the one is worth nothing, of the other the first
/// 64 headers count; those without a member do not count at all. Of `X-Forwarded-For` the last 4 count, of most
/// others the first one. Thread safety: thread-compatible. Lifetime: refers to the observer and to the values; both
/// outlive exchange::begin(). Cost: some ten instructions for a header that is not kept; an allocation for the fifth
/// `tracestate`, and one for the fifth `baggage`.
class request_headers {
 public:
  explicit request_headers(const request_observer& observer) noexcept;
  request_headers(const request_headers&) = delete;
  request_headers& operator=(const request_headers&) = delete;

  void take(std::string_view name, std::string_view value) noexcept {
    if (known_->may_know(name)) keep(name, value);
  }

  // What was kept, for exchange::begin().

  /// Whether any of this set is there.
  bool has(std::uint32_t kinds) const noexcept { return (kinds_ & kinds) != 0; }
  trace_headers trace() const noexcept { return {traceparents_.view(), tracestates_.view(), b3()}; }
  std::span<const std::string_view> baggages() const noexcept { return baggages_.view(); }
  std::span<const std::string_view> forwarded_for() const noexcept { return forwarded_for_.view(); }
  /// The first `X-Request-ID`, and so on; empty if there was none.
  std::string_view request_id() const noexcept { return single(detail::header_kind::request_id); }
  std::string_view deadline() const noexcept { return single(detail::header_kind::deadline); }
  std::string_view grpc_timeout() const noexcept { return single(detail::header_kind::grpc_timeout); }
  std::string_view forwarded_proto() const noexcept { return single(detail::header_kind::forwarded_proto); }
  /// The first header of the name access_log_options::headers[index].
  std::string_view logged(std::size_t index) const noexcept { return single(detail::header_kinds + index); }

 private:
  void keep(std::string_view name, std::string_view value) noexcept;
  b3_headers b3() const noexcept;
  std::string_view single(detail::header_kind kind) const noexcept { return single(static_cast<std::size_t>(kind)); }
  std::string_view single(std::size_t kind) const noexcept {
    return has(1U << kind) ? singles_[kind - detail::first_single_header] : std::string_view();
  }

  const detail::known_headers* known_;
  std::uint32_t kinds_ = 0; // those there are, each a bit
  union {                   // each of them is there if its kind is
    std::string_view singles_[detail::all_header_kinds - detail::first_single_header];
  };
  detail::few_values<2> traceparents_;                           // two are as good as none
  detail::list_values<tracestate::max_members + 1> tracestates_; // one too many, and the list is worth nothing
  detail::list_values<baggage::max_members> baggages_;
  detail::last_values<4> forwarded_for_; // who forges some puts them in front
};

} // namespace weir
