#include "weir/log/callback_sink.hpp"

#include <stdexcept>
#include <utility>

namespace weir {

namespace {

class to_callback final : public sink {
 public:
  to_callback(std::function<void(const record&)> on_record, std::string name)
      : sink(std::move(name)), on_record_(std::move(on_record)) {}

  void append(const record& entry) override { on_record_(entry); }
  commit_result commit() override { return {}; }

 private:
  const std::function<void(const record&)> on_record_;
};

} // namespace

std::shared_ptr<sink> callback_sink(std::function<void(const record&)> on_record, std::string name) {
  if (!on_record) throw std::invalid_argument("callback_sink: the function of \"" + name + "\" is empty");
  return std::make_shared<to_callback>(std::move(on_record), std::move(name));
}

} // namespace weir
