// What the server says of a file: its state, and the hash of each of its blocks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct manifest {
  std::string etag;
  std::uint64_t size = 0, block_size = 0;
  std::vector<std::string> hashes; // SHA-256, hexadecimal

  std::uint64_t begin_of(std::size_t block) const { return block * block_size; }
  std::uint64_t size_of(std::size_t block) const { return std::min(block_size, size - begin_of(block)); }
  bool matches(std::size_t block, std::span<const char> bytes) const;
};

/// Errors: throws std::runtime_error for a text that is no manifest, or one that contradicts itself.
manifest parse_manifest(std::string_view json);
