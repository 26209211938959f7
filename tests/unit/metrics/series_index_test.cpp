// The hash of label values: such as servers have spread over a table as chance would have them.
#include "weir/metrics/series_index.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// A table that is half full, as the index keeps them, and how far keys are from where they belong.
class spread {
 public:
  void add(const std::vector<std::string>& values) {
    const std::vector<std::string_view> views(values.begin(), values.end());
    hashes_.push_back(weir::detail::hash_labels(views));
  }

  double mean_distance() const {
    std::size_t size = 16;
    while (2 * hashes_.size() > size) size *= 2;
    std::vector<bool> taken(size);
    std::size_t steps = 0;
    for (const std::size_t hash : hashes_) {
      std::size_t at = hash % size;
      for (; taken[at]; at = (at + 1) % size) ++steps;
      taken[at] = true;
    }
    return static_cast<double>(steps) / static_cast<double>(hashes_.size());
  }

  /// How many have the hash of another.
  std::size_t same() const { return hashes_.size() - std::set(hashes_.begin(), hashes_.end()).size(); }

 private:
  std::vector<std::size_t> hashes_;
};

TEST_CASE("series index: labels of a server spread as by chance", "[metrics][registry]") {
  spread numbers, requests, digits;
  for (int i = 0; i < 20'000; ++i) numbers.add({std::to_string(i)});
  for (const char* method : {"GET", "PUT", "POST", "DELETE"})
    for (int route = 0; route < 200; ++route)
      for (const int status : {200, 201, 204, 206, 304, 400, 404, 409, 500, 503})
        requests.add({method, "http", "/api/v" + std::to_string(route % 3) + "/route" + std::to_string(route),
                      std::to_string(status), "", route % 2 == 0 ? "1.1" : "2"});
  for (int i = 0; i < 10'000; ++i)
    digits.add({std::to_string(i / 1000), std::to_string(i / 100 % 10), std::to_string(i / 10 % 10),
                std::to_string(i % 10)});
  for (const spread* each : {&numbers, &requests, &digits}) {
    // A random hash has 0.5 where the table is half full.
    CHECK(each->mean_distance() < 0.75);
    CHECK(each->same() < 10);
  }
}

} // namespace
