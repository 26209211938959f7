#include "flat_response.hpp"

#include "heads.hpp"

#include <cstring>

namespace weir::detail {

bool flat_response::add(std::string_view text) noexcept {
  if (text.size() > most_bytes - size_) return false;
  std::memcpy(bytes_.data() + size_, text.data(), text.size());
  size_ += text.size();
  return true;
}

bool flat_response::fill(const http_response::message_type& message) noexcept {
  if (message.chunked()) return false;
  const auto digit = [](unsigned value) { return static_cast<char>('0' + value % 10); };
  const unsigned status = message.result_int();
  add("HTTP/");
  add(digit(message.version() / 10));
  add('.');
  add(digit(message.version()));
  add(' ');
  add(digit(status / 100));
  add(digit(status / 10));
  add(digit(status));
  add(' ');
  bool fits = add(to_view(message.reason())) && add("\r\n");
  for (const auto& each : message.base())
    fits = fits && add(to_view(each.name_string())) && add(": ") && add(to_view(each.value())) && add("\r\n");
  return fits && add("\r\n") && add(message.body());
}

} // namespace weir::detail
