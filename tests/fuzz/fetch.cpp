// Any bytes as a server's manifest are refused, or consistent; any bytes as what an earlier run of the resuming
// download has left make it take no block for there that is not.
#include "block_file.hpp"
#include "manifest.hpp"

#include "input.hpp"

#include <openssl/evp.h>
#include <stdlib.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace {

namespace fs = std::filesystem;

void write(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned length = 0;
  must(EVP_Digest(bytes.data(), bytes.size(), hash.data(), &length, EVP_sha256(), nullptr) == 1);
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += "0123456789abcdef"[hash[i] / 16];
    text += "0123456789abcdef"[hash[i] % 16];
  }
  return text;
}

/// In memory where there is such a place; emptied, and removed at the end.
const std::string& directory() {
  static const struct made {
    made() {
      std::string name = fs::is_directory("/dev/shm") ? "/dev/shm/weir_fuzz_XXXXXX" : "/tmp/weir_fuzz_XXXXXX";
      must(::mkdtemp(name.data()) != nullptr);
      path = name;
    }
    ~made() {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
    std::string path;
  } one;
  return one.path;
}

void check_manifest(const std::string& json) {
  manifest read;
  try {
    read = parse_manifest(json);
  } catch (const std::runtime_error&) {
    return;
  }
  must(read.block_size != 0);
  std::uint64_t left = read.size;
  for (std::size_t i = 0; i < read.hashes.size(); ++i) {
    must(read.begin_of(i) == read.size - left);
    must(read.size_of(i) != 0 && read.size_of(i) <= left);
    left -= read.size_of(i);
  }
  must(left == 0);
}

void check_resumption(const manifest& wanted, std::string_view whole, bool has_part, std::string_view part,
                      bool has_file, std::string_view file, bool has_table, std::string_view table) {
  const std::string path = directory() + "/file";
  for (const auto& each : fs::directory_iterator(directory())) fs::remove(each.path());
  if (has_part) write(path + ".part", part);
  if (has_file) write(path, file);
  if (has_table) write(path + ".table", table);
  {
    block_file blocks(path, wanted);
    std::size_t missing = 0;
    const std::string there = content_of(fs::exists(path + ".part") ? path + ".part" : path);
    for (std::size_t i = 0; i < wanted.hashes.size(); ++i) {
      const std::string_view right = whole.substr(wanted.begin_of(i), wanted.size_of(i));
      if (blocks.has(i))
        must(there.substr(wanted.begin_of(i), right.size()) == right);
      else
        ++missing, blocks.put(i, right);
    }
    must(missing >= blocks.damaged() && blocks.missing() == 0);
    blocks.finish();
  }
  must(content_of(path) == whole);
  must(!fs::exists(path + ".part") && !fs::exists(path + ".table"));
  const block_file again(path, wanted);
  must(again.missing() == 0 && again.damaged() == 0);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in(data, size);
  const auto present = in.value<std::uint8_t>();
  const std::string whole = in.text(), part = in.text(), table = in.text();
  const std::uint64_t block_size = 1U + in.value<std::uint8_t>() % 64U;
  check_manifest(in.rest());

  manifest wanted{"\"etag\"", whole.size(), block_size, {}};
  for (std::uint64_t at = 0; at < whole.size(); at += block_size)
    wanted.hashes.push_back(sha256(std::string_view(whole).substr(at, block_size)));
  // A table that is of this state as far as its first line goes, or anything.
  std::string marks = table;
  if ((present & 8U) != 0)
    marks.insert(0,
                 "weir_fetch 1 " + std::to_string(whole.size()) + " " + std::to_string(block_size) + " \"etag\"\n");
  // What is there is right in part.
  std::string half = whole.substr(0, whole.size() / 2) + part;
  check_resumption(wanted, whole, (present & 1U) != 0, (present & 16U) != 0 ? half : part, (present & 2U) != 0, half,
                   (present & 4U) != 0, marks);
  return 0;
}
