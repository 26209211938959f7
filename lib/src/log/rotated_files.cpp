#include "log/rotated_files.hpp"

#include "last_error.hpp"
#include "log/rename_if_free.hpp"

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <tuple>
#include <utility>

namespace weir::detail {

namespace fs = std::filesystem;

namespace {

struct closes_directory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

/// As we write them: digits without leading zeros, from 1.
std::optional<std::uint32_t> parse_number(std::string_view text) noexcept {
  constexpr std::size_t most_digits = 9; // so that there is always a next one
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.starts_with('0') || text.size() > most_digits)
    return std::nullopt;
  return number;
}

bool is_date(std::string_view text) noexcept {
  constexpr std::string_view shape = "dddd-dd-dd";
  return std::ranges::equal(text, shape, [](char c, char s) { return s == 'd' ? c >= '0' && c <= '9' : c == s; });
}

} // namespace

rotated_files::rotated_files(const std::string& path, const rotation_options& options)
    : directory_((fs::path(path).parent_path() / "").string()),
      stem_(fs::path(path).stem().string()),
      extension_(fs::path(path).extension().string()),
      naming_(options.naming),
      keep_files_(options.keep_files),
      keep_bytes_(options.keep_bytes) {}

std::string rotated_files::name_of(std::string_view date, std::uint32_t number) const {
  std::string name = directory_ + stem_;
  if (!date.empty()) name.append(".").append(date);
  if (number != 0) name += fmt::format(".{}", number);
  return name + extension_;
}

std::optional<rotated_files::rotated> rotated_files::parse(std::string name) const {
  std::string_view middle = name;
  if (name.size() <= stem_.size() + extension_.size() + 1 || !middle.starts_with(stem_) ||
      !middle.ends_with(extension_) || middle[stem_.size()] != '.')
    return std::nullopt;
  middle = middle.substr(stem_.size() + 1, middle.size() - stem_.size() - extension_.size() - 1);
  std::string date;
  if (naming_ == rotation_naming::date) {
    date = middle.substr(0, 10);
    if (!is_date(date)) return std::nullopt;
    middle.remove_prefix(10);
    if (middle.empty()) return rotated{.date = std::move(date), .number = 0, .name = std::move(name)};
    if (!middle.starts_with('.')) return std::nullopt;
    middle.remove_prefix(1);
  }
  const auto parsed = parse_number(middle);
  if (!parsed) return std::nullopt;
  return rotated{.date = std::move(date), .number = *parsed, .name = std::move(name)};
}

/// Not by std::filesystem's iterator, which ends the process where it finds no memory for an entry (libstdc++ 12).
std::vector<rotated_files::rotated> rotated_files::list(std::error_code& error) const {
  std::vector<rotated> all;
  const std::unique_ptr<DIR, closes_directory> directory(::opendir(directory_.c_str()));
  if (directory == nullptr) {
    error = last_error();
    return all;
  }
  const auto next = [&] {
    errno = 0; // readdir() leaves it alone at the end
    return ::readdir(directory.get());
  };
  while (const dirent* const each = next()) {
    auto found = parse(each->d_name);
    if (!found) continue;
    struct stat status {}; // of what is gone in the meantime, nothing
    const bool is_there = ::fstatat(::dirfd(directory.get()), each->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    found->is_ours = is_there && S_ISREG(status.st_mode);
    found->bytes = static_cast<std::uint64_t>(status.st_size);
    all.push_back(std::move(*found));
  }
  if (errno != 0) error = last_error();
  return all;
}

std::string rotated_files::make_room(std::string_view date, std::error_code& error) const {
  auto all = list(error);
  if (error) return {};
  if (naming_ == rotation_naming::date) {
    std::optional<std::uint32_t> latest;
    for (const auto& each : all)
      if (each.date == date) latest = std::max(latest.value_or(0), each.number);
    return name_of(date, latest ? *latest + 1 : 0);
  }
  // Up to the first number that is free, so that no file is ever overwritten, and a gap closes. What is no file of
  // ours keeps its number.
  std::ranges::sort(all, {}, &rotated::number);
  std::vector<std::uint32_t> numbers;
  auto next = all.begin();
  for (std::uint32_t number = 1;; ++number) {
    const bool is_taken = next != all.end() && next->number == number;
    if (!is_taken || next->is_ours) numbers.push_back(number);
    if (!is_taken) break;
    ++next;
  }
  for (std::size_t i = numbers.size() - 1; i > 0 && !error; --i)
    error = rename_if_free(name_of({}, numbers[i - 1]), name_of({}, numbers[i]));
  return name_of({}, numbers.front());
}

void rotated_files::remove_surplus(std::string_view date, std::error_code& error) const {
  auto all = list(error);
  std::erase_if(all, [](const rotated& each) { return !each.is_ours; });
  std::ranges::sort(all, [&](const rotated& a, const rotated& b) {
    if (naming_ == rotation_naming::number) return a.number < b.number;
    return std::tuple(a.date <= date, std::tie(a.date, a.number)) >
           std::tuple(b.date <= date, std::tie(b.date, b.number));
  });
  std::size_t files = 0;
  std::uint64_t bytes = 0;
  for (const auto& each : all) {
    bytes += each.bytes;
    if (++files <= keep_files_ && (keep_bytes_ == 0 || bytes <= keep_bytes_)) continue;
    if (::unlink((directory_ + each.name).c_str()) != 0 && errno != ENOENT) error = last_error();
  }
}

} // namespace weir::detail
