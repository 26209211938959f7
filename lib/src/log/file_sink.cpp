#include "weir/log/file_sink.hpp"

#include "log/log_file.hpp"
#include "weir/log/line_sink.hpp"

#include <utility>

namespace weir {

namespace {

class to_file final : public line_sink {
 public:
  to_file(file_options options, std::unique_ptr<renderer> renderer)
      : line_sink(options.path, std::move(renderer)), file_(std::move(options)) {}

  void reopen() noexcept override { file_.request_reopen(); }
  std::error_code sync() override { return file_.sync(); }

 private:
  write_result write(std::string_view lines) override {
    write_result result;
    if ((result.error = file_.keep_at_path())) result.attempt = "opening anew";
    std::error_code error;
    result.taken = file_.write(lines, error);
    if (error && error != result.error) result = {.taken = result.taken, .error = error};
    return result;
  }

  detail::log_file file_;
};

} // namespace

std::shared_ptr<sink> file_sink(file_options options, std::unique_ptr<renderer> renderer) {
  return std::make_shared<to_file>(std::move(options), std::move(renderer));
}

} // namespace weir
