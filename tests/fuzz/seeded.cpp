// What a fuzzer demands, of inputs from a fixed seed, and of those that are named: where there is no libFuzzer.
//   weir_seeded_NAME [FILE...]
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int inputs = 20'000;

// Of headers, URLs, patterns and lines: what a fuzzer finds out by itself.
constexpr std::array<std::string_view, 48> pieces{"http://",
                                                  "https://",
                                                  "[::1]",
                                                  "127.0.0.1",
                                                  "::ffff:",
                                                  "localhost",
                                                  ":80",
                                                  "/",
                                                  "..",
                                                  "%2F",
                                                  "%",
                                                  "?",
                                                  "&",
                                                  "=",
                                                  "#",
                                                  "@",
                                                  ";",
                                                  ",",
                                                  ", ",
                                                  "\"",
                                                  "\\x5c",
                                                  "\r\n",
                                                  "\n",
                                                  "\t",
                                                  "GET ",
                                                  "OPTIONS",
                                                  " * ",
                                                  " HTTP/1.1",
                                                  "Host: a",
                                                  "0-",
                                                  "-1",
                                                  "bytes=",
                                                  "00-",
                                                  "-01",
                                                  "0af7651916cd43dd8448eb211c80319c",
                                                  "b7ad6b7169203331",
                                                  "q=0.5",
                                                  "gzip",
                                                  "*",
                                                  "W/\"a\"",
                                                  "Sun, 06 Nov 1994 08:49:37 GMT",
                                                  "{}",
                                                  "%Y-%m-%d",
                                                  "password",
                                                  "info",
                                                  "debug",
                                                  "\xc3\xa9",
                                                  "\xff"};

class generator {
 public:
  std::string next() {
    std::string all;
    const std::size_t wanted = below(below(8) == 0 ? 600 : 60);
    while (all.size() < wanted) {
      switch (below(4)) {
      case 0:
        all.push_back(static_cast<char>(below(256)));
        break;
      case 1:
        all.push_back(static_cast<char>(' ' + below('~' - ' ' + 1)));
        break;
      case 2:
        all.append(pieces[below(pieces.size())]);
        break;
      default: // some of what is there already
        if (!all.empty()) {
          const std::size_t at = below(all.size()), size = below(16);
          all.append(all.substr(at, size));
        }
        break;
      }
    }
    return all;
  }

 private:
  // Not by a distribution of the library's: it may give others elsewhere.
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
  std::mt19937_64 random_{1};
};

void run(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

} // namespace

int main(int count, char** words) {
  for (int i = 1; i < count; ++i) {
    std::ifstream file(words[i], std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "%s cannot be read\n", words[i]);
      return 1;
    }
    run({std::istreambuf_iterator<char>(file), {}});
  }
  if (count > 1) return 0;
  generator texts;
  std::string last;
  for (int i = 0; i < inputs; ++i) run(last = texts.next());
  std::printf("%d inputs, the last of %zu bytes\n", inputs, last.size());
}
