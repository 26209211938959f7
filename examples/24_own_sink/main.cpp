// A destination and a form of one's own: records as comma-separated values, in numbers of a hundred.
//
//   build/release/examples/24_own_sink
//
// You will see on standard output how many tables were filled, and the first and the last line of the last.
#include <weir/log.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

/// A renderer: level, message and a field, each in quotes. What it is given is escaped already, but for the quotes.
class as_csv final : public weir::renderer {
 public:
  void render(const weir::record& entry, weir::text_buffer& out) override {
    weir::append(out, weir::to_string_view(entry.severity()));
    weir::text_buffer part;
    entry.append_message(part, weir::field_style::text);
    append_quoted(out, part);
    part.clear();
    if (!entry.append_raw_field("bytes", part)) weir::append(part, "-");
    append_quoted(out, part);
    out.push_back('\n');
  }

 private:
  static void append_quoted(weir::text_buffer& out, const weir::text_buffer& part) {
    weir::append(out, ",\"");
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i] == '"') out.push_back('"');
      out.push_back(part[i]);
    }
    out.push_back('"');
  }
};

/// A sink: keeps lines until they are committed, which is once for all records that had come together. Everything
/// happens on the backend's thread. What throws, loses its records, and they are counted; the next are tried again.
class table_sink final : public weir::sink {
 public:
  explicit table_sink(std::unique_ptr<weir::renderer> renderer) : sink("tables"), renderer_(std::move(renderer)) {}

  void append(const weir::record& entry) override {
    line_.clear();
    renderer_->render(entry, line_);
    if (tables_.empty() || rows_ == 100) {
      tables_.emplace_back();
      rows_ = 0;
    }
    tables_.back().append(line_.data(), line_.size());
    ++rows_;
  }
  weir::commit_result commit() override { return {}; } // a database would be told here

  const std::vector<std::string>& tables() const { return tables_; }

 private:
  std::unique_ptr<weir::renderer> renderer_;
  weir::text_buffer line_;
  std::vector<std::string> tables_;
  std::size_t rows_ = 0;
};

} // namespace

int main() {
  const auto tables = std::make_shared<table_sink>(std::make_unique<as_csv>());
  weir::log_stream stream({.sinks = {tables}});
  weir::logger& log = stream.get_logger("downloads");
  for (int i = 0; i < 250; ++i) WEIR_INFO(log, "sent \"file {}\"", i, weir::field<"bytes">(i * 1024));
  WEIR_WARN(log, "the disk is\nfull");
  stream.close(std::chrono::seconds(5)); // from here on the sink is ours

  const std::string& last = tables->tables().back();
  std::printf("%zu tables, the last from\n%sto\n%s", tables->tables().size(),
              last.substr(0, last.find('\n') + 1).c_str(), last.substr(last.rfind("warn")).c_str());
}
