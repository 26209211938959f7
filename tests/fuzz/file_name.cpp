// Any bytes as the name of a file: a plain path stays below where it begins, and no name ends a header.
#include "weir/http/content_type.hpp"
#include "weir/http/served_directory.hpp"

#include "input.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string name(reinterpret_cast<const char*>(data), size);
  if (weir::is_plain_path(name)) {
    const std::filesystem::path path(name);
    must(path.is_relative() && !name.empty() && name.find('\0') == name.npos);
    must(path.lexically_normal() == path && path.has_filename());
    must(std::ranges::none_of(path, [](const auto& each) { return each == ".." || each == "." || each.empty(); }));
  }
  const std::string value = weir::attachment_disposition(name);
  must(std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; }));
  must(std::ranges::count(value, '"') == 2);
  must(!weir::content_type_of(name).empty());

  static const weir::served_directory nowhere("/proc/self/fdinfo");
  std::error_code error;
  must(nowhere.open("../" + name, error).is_open() == false && error);
  return 0;
}
