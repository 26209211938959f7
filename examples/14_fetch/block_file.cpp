#include "block_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace {

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::system_category(), what); }

int open_file(const std::string& path, int flags) {
  const int opened = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (opened < 0) fail("cannot open " + path);
  return opened;
}

void write_at(int file, std::span<const char> bytes, std::uint64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno != EINTR) fail("cannot write " + path);
    if (written <= 0) continue;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

bool read_at(int file, std::span<char> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t read = ::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(read));
    offset += static_cast<std::uint64_t>(read);
  }
  return true;
}

} // namespace

block_file::block_file(const std::string& path, manifest wanted)
    : path_(path), part_(path + ".part"), table_(path + ".table"), wanted_(std::move(wanted)) {
  const std::string candidates = read_marks();
  const bool was_finished = !began_anew_ && ::access(part_.c_str(), F_OK) != 0 && ::access(path_.c_str(), F_OK) == 0;
  file_ = open_file(was_finished ? path_ : part_, O_RDWR | O_CREAT | (began_anew_ ? O_TRUNC : 0));
  verify(candidates);
  struct stat status {};
  if (::fstat(file_, &status) != 0) fail("cannot open " + path_);
  is_finished_ = was_finished && missing() == 0 && static_cast<std::uint64_t>(status.st_size) == wanted_.size;
  if (is_finished_) {
    std::remove(table_.c_str()); // of a run that was killed before it could
    return;
  }
  if (was_finished && std::rename(path_.c_str(), part_.c_str()) != 0) fail("cannot write " + part_);
  if (::ftruncate(file_, static_cast<off_t>(wanted_.size)) != 0) fail("no room for " + part_);
  write_table();
}

block_file::~block_file() {
  if (file_ >= 0) ::close(file_);
  if (table_file_ >= 0) ::close(table_file_);
}

std::size_t block_file::missing() const { return static_cast<std::size_t>(std::ranges::count(marks_, absent)); }

std::string block_file::head() const {
  return "weir_fetch 1 " + std::to_string(wanted_.size) + " " + std::to_string(wanted_.block_size) + " " +
         wanted_.etag + "\n";
}

/// The marks of an earlier run; without a table, or with half a one, every block is worth a look.
std::string block_file::read_marks() {
  const std::string everything(wanted_.hashes.size(), present);
  std::ifstream in(table_, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.empty()) return everything;
  if (!text.starts_with(head())) {
    began_anew_ = true;
    return std::string(wanted_.hashes.size(), absent);
  }
  const std::string marks = text.substr(head().size());
  has_table_ = marks.size() == everything.size();
  return has_table_ ? marks : everything;
}

void block_file::verify(const std::string& candidates) {
  marks_.assign(wanted_.hashes.size(), absent);
  std::vector<char> block;
  for (std::size_t i = 0; i < marks_.size(); ++i) {
    if (candidates[i] != present) continue;
    block.resize(static_cast<std::size_t>(wanted_.size_of(i)));
    if (read_at(file_, block, wanted_.begin_of(i)) && wanted_.matches(i, block))
      marks_[i] = present;
    else if (has_table_)
      ++damaged_;
  }
}

/// As a whole, or not at all.
void block_file::write_table() {
  const std::string fresh = table_ + ".new";
  table_file_ = open_file(fresh, O_RDWR | O_CREAT | O_TRUNC);
  write_at(table_file_, head() + marks_, 0, fresh);
  if (std::rename(fresh.c_str(), table_.c_str()) != 0) fail("cannot write " + table_);
}

void block_file::put(std::size_t block, std::span<const char> bytes) {
  write_at(file_, bytes, wanted_.begin_of(block), part_);
  marks_[block] = present;
  write_at(table_file_, {&present, 1}, head().size() + block, table_);
}

void block_file::finish() {
  if (is_finished_) return;
  if (::fsync(file_) != 0) fail("cannot write " + part_);
  if (std::rename(part_.c_str(), path_.c_str()) != 0) fail("cannot write " + path_);
  std::remove(table_.c_str());
}
