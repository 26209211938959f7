// Which headers are known under which options, and where their values go.
#include "weir/http/request_headers.hpp"

#include "weir/http/observer.hpp"

#include <algorithm>
#include <cstring>

namespace weir {
namespace {

/// Eight characters with the bit set that tells lower case from upper. Of what a name may consist of, only letters
/// have it in two states.
std::uint64_t folded(const char* at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word | 0x2020202020202020U;
}

bool is_same_name(std::string_view one, std::string_view other) noexcept {
  if (one.size() != other.size()) return false;
  if (one.size() < sizeof(std::uint64_t))
    return std::ranges::equal(
        one, other, {}, [](char c) { return c | 0x20; }, [](char c) { return c | 0x20; });
  const std::size_t last = one.size() - sizeof(std::uint64_t); // overlaps what is before it
  for (std::size_t at = 0; at < last; at += sizeof(std::uint64_t))
    if (folded(one.data() + at) != folded(other.data() + at)) return false;
  return folded(one.data() + last) == folded(other.data() + last);
}

} // namespace

namespace detail {

void known_headers::add(std::size_t kind, std::string_view name) noexcept {
  names_[kind] = name;
  lengths_ |= std::uint64_t{1} << name.size();
  first_letters_ |= std::uint32_t{1} << (static_cast<unsigned char>(name.front()) % 32);
}

known_headers::known_headers(const observer_options& options) noexcept {
  add(header_kind::traceparent, "traceparent");
  if (options.accept_b3) {
    add(header_kind::b3, "b3");
    add(header_kind::b3_trace_id, "x-b3-traceid");
    add(header_kind::b3_span_id, "x-b3-spanid");
    add(header_kind::b3_parent_span_id, "x-b3-parentspanid");
    add(header_kind::b3_sampled, "x-b3-sampled");
    add(header_kind::b3_flags, "x-b3-flags");
  }
  if (options.trust_callers) {
    add(header_kind::tracestate, "tracestate");
    add(header_kind::baggage, "baggage");
    if (options.request_ids != request_id_policy::none) add(header_kind::request_id, "x-request-id");
  }
  if (!options.deadline_header.empty()) {
    add(header_kind::deadline, options.deadline_header);
    add(header_kind::grpc_timeout, "grpc-timeout");
  }
  if (!options.trusted_proxies.empty()) {
    add(header_kind::forwarded_for, "x-forwarded-for");
    add(header_kind::forwarded_proto, "x-forwarded-proto");
  }
  std::size_t kind = header_kinds;
  if (options.access_log != nullptr)
    for (const std::string& name : options.access.headers) add(kind++, name);
}

std::size_t known_headers::find(std::string_view name) const noexcept {
  std::size_t kind = 0;
  while (kind < names_.size() && !is_same_name(names_[kind], name)) ++kind;
  return kind;
}

} // namespace detail

request_headers::request_headers(const request_observer& observer) noexcept : known_(&observer.known_headers()) {}

void request_headers::keep(std::string_view name, std::string_view value) noexcept {
  const std::size_t kind = known_->find(name);
  if (kind == detail::all_header_kinds) return;
  const bool is_first = !has(1U << kind);
  kinds_ |= 1U << kind;
  switch (static_cast<detail::header_kind>(kind)) {
  case detail::header_kind::traceparent:
    return traceparents_.add(value);
  case detail::header_kind::tracestate:
    return tracestates_.add(value);
  case detail::header_kind::baggage:
    return baggages_.add(value);
  case detail::header_kind::forwarded_for:
    return forwarded_for_.add(value);
  default:
    if (is_first) singles_[kind - detail::first_single_header] = value;
  }
}

b3_headers request_headers::b3() const noexcept {
  using enum detail::header_kind;
  if (!has(detail::b3_kinds)) return {};
  return {single(b3),         single(b3_trace_id), single(b3_span_id), single(b3_parent_span_id),
          single(b3_sampled), single(b3_flags)};
}

} // namespace weir
