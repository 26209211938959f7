#include "log/line_writer.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using weir::detail::line_writer;

TEST_CASE("line_writer: a padded constant of any length is written, and no more of it", "[log]") {
  std::string characters;
  for (char c = ' '; c < '~'; ++c) characters += c;
  for (std::size_t size = 0; size + line_writer::padding <= characters.size(); ++size) {
    weir::text_buffer out;
    const std::string_view constant = std::string_view(characters).substr(0, size);
    {
      line_writer line(out);
      line.append('<');
      line.append_padded(constant);
      line.append_padded(constant);
      line.append('>');
    }
    CHECK(std::string(out.data(), out.size()) == '<' + std::string(constant) + std::string(constant) + '>');
  }
}
