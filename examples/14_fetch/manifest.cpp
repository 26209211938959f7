#include "manifest.hpp"

#include <boost/json/src.hpp> // the library itself, compiled here
#include <openssl/evp.h>

#include <array>
#include <stdexcept>

bool manifest::matches(std::size_t block, std::span<const char> bytes) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), &length, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL does not compute SHA-256");
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += "0123456789abcdef"[hash[i] >> 4U];
    text += "0123456789abcdef"[hash[i] & 15U];
  }
  return text == hashes.at(block);
}

manifest parse_manifest(std::string_view json) {
  constexpr std::uint64_t largest_block = 1U << 30; // one is held in memory
  manifest read;
  try {
    const boost::json::value all = boost::json::parse({json.data(), json.size()});
    const boost::json::object& members = all.as_object();
    read.etag = members.at("etag").as_string();
    read.size = members.at("size").to_number<std::uint64_t>();
    read.block_size = members.at("block_size").to_number<std::uint64_t>();
    if (members.at("algorithm").as_string() != "sha-256") throw std::runtime_error("another hash than SHA-256");
    for (const boost::json::value& each : members.at("blocks").as_array()) read.hashes.emplace_back(each.as_string());
  } catch (const std::exception& error) {
    throw std::runtime_error(std::string("the server's manifest cannot be read: ") + error.what());
  }
  if (read.block_size == 0 || read.block_size > largest_block ||
      read.hashes.size() != read.size / read.block_size + (read.size % read.block_size != 0 ? 1 : 0))
    throw std::runtime_error("the server's manifest contradicts itself");
  return read;
}
