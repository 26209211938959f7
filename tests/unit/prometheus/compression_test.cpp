// Compressed pages: when one is sent, and that it is the same page.
#include "weir/metrics.hpp"
#include "weir/prometheus/exposition.hpp"

#include <catch2/catch.hpp>

#include <zlib.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

/// What gunzip makes of it; fails if anything is wrong with it or follows it.
std::string gunzip(const std::string& packed) {
  z_stream stream{};
  REQUIRE(::inflateInit2(&stream, 16 + 15) == Z_OK);
  std::string text(16 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int status = ::inflate(&stream, Z_FINISH);
  text.resize(stream.total_out);
  const bool all_read = stream.avail_in == 0;
  ::inflateEnd(&stream);
  REQUIRE(status == Z_STREAM_END);
  REQUIRE(all_read);
  return text;
}

void fill(weir::metrics_registry& registry, int series) {
  auto& family = registry.add(weir::metric_names::http_server_request_duration);
  for (int i = 0; i < series; ++i) family.with({"GET", "http", std::to_string(i), "200", "", "1.1"}).observe(0.01);
}

TEST_CASE("compression: the page is the same, in both formats", "[prometheus][compression]") {
  weir::metrics_registry registry;
  fill(registry, 500);
  for (const char* accept : {"text/plain", "application/openmetrics-text"}) {
    const auto plain = weir::make_scrape_response(registry, {.accept = accept});
    const auto packed = weir::make_scrape_response(registry, {.accept = accept, .accept_encoding = "gzip"});
    CHECK(plain.content_encoding.empty());
    CHECK(packed.content_encoding == "gzip");
    CHECK(packed.content_type == plain.content_type);
    CHECK(packed.body.size() * 10 < plain.body.size());
    CHECK(gunzip(packed.body) == plain.body);
  }
}

TEST_CASE("compression: only of who prefers it", "[prometheus][compression]") {
  const std::pair<std::string_view, bool> rows[] = {
      {"", false},
      {"gzip", true},
      {"GZIP", true},
      {"x-gzip", true},
      {"gzip, deflate, br", true}, // browsers
      {"br;q=1.0, gzip;q=0.8, *;q=0.1", true},
      {"deflate, br", false},
      {"identity", false},
      {"gzip;q=0", false},
      {"gzip ; Q=0.000", false},
      {"gzip;q=0, *", false},
      {"*", true},
      {"*;q=0", false},
      {"*;q=0.5, gzip;q=0", false},
      {"identity, gzip;q=0.5", false},
      {"identity;q=0.5, gzip;q=1.0", true},
      {"identity;q=1, *;q=0.5", false},
      {"identity;q=0, gzip", true},
      {"gzip;q=nonsense", false},
      {"gzip;q=-1", false},
      {"gzipped", false},
      {",,;q=1,=;", false},
      {std::string_view("\0\xff;q", 4), false},
  };
  weir::metrics_registry registry;
  fill(registry, 10);
  for (const auto& [header, compressed] : rows) {
    INFO(header);
    const auto response = weir::make_scrape_response(registry, {.accept = "", .accept_encoding = header});
    CHECK(response.content_encoding == (compressed ? "gzip" : ""));
    CHECK((compressed ? gunzip(response.body) : response.body) == weir::render_prometheus_text(registry));
  }
}

TEST_CASE("compression: not of a page that fits into a packet anyway", "[prometheus][compression]") {
  weir::metrics_registry registry;
  registry.add(weir::gauge_description{"a", "A."}).with();
  const auto response = weir::make_scrape_response(registry, {.accept_encoding = "gzip"});
  CHECK(response.content_encoding.empty());
  CHECK(response.body == weir::render_prometheus_text(registry));
}

TEST_CASE("compression: a scrape that says nothing of it gets none", "[prometheus][compression]") {
  weir::metrics_registry registry;
  fill(registry, 10);
  CHECK(weir::make_scrape_response(registry, "text/plain").content_encoding.empty());
  CHECK(weir::make_scrape_response(registry, weir::scrape_request{}).content_encoding.empty());
  CHECK(weir::make_scrape_response(registry, {}).content_encoding.empty());
  CHECK(weir::make_scrape_response(registry, std::string("text/plain")).vary == "Accept, Accept-Encoding");
}

} // namespace
