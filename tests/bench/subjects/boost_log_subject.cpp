// Boost.Log as add_file_log() sets it up: a synchronous sink with one lock, a buffered file, the formatter made of
// expressions.
#include "subjects/subject.hpp"

#include <boost/date_time/posix_time/posix_time_types.hpp>
#include <boost/log/attributes/clock.hpp>
#include <boost/log/core.hpp>
#include <boost/log/expressions.hpp>
#include <boost/log/sources/record_ostream.hpp>
#include <boost/log/sources/severity_channel_logger.hpp>
#include <boost/log/support/date_time.hpp>
#include <boost/log/utility/setup/file.hpp>

#include <iomanip>
#include <ostream>
#include <string>

namespace bench {

namespace {

namespace expressions = boost::log::expressions;
namespace keywords = boost::log::keywords;

enum class severity { debug, info };

std::ostream& operator<<(std::ostream& out, severity value) {
  return out << (value == severity::info ? "info " : "debug");
}

class boost_log_subject final : public subject {
 public:
  explicit boost_log_subject(const std::string& path) {
    const auto core = boost::log::core::get();
    core->add_global_attribute("TimeStamp", boost::log::attributes::utc_clock());
    core->set_filter(expressions::attr<severity>("Severity") >= severity::info);
    sink_ = boost::log::add_file_log(keywords::file_name = path,
                                     keywords::format = expressions::stream
                                                        << expressions::format_date_time<boost::posix_time::ptime>(
                                                               "TimeStamp", "%Y-%m-%dT%H:%M:%S.%fZ")
                                                        << ' ' << expressions::attr<severity>("Severity") << " ["
                                                        << expressions::attr<std::string>("Channel") << "] "
                                                        << expressions::smessage);
  }
  ~boost_log_subject() override { boost::log::core::get()->remove_all_sinks(); }

  call_samples time_calls(call_shape shape, const call_timing& timing) override {
    switch (shape) {
    case call_shape::string60:
      return timing.run(
          [this](std::uint64_t) { BOOST_LOG_SEV(log_, severity::info) << "request for " << sixty_characters; });
    case call_shape::fields3: // in text its attributes would be a part of the format: the same text
      return timing.run([this](std::uint64_t i) {
        BOOST_LOG_SEV(log_, severity::info) << std::setprecision(10) << "request done path=" << twelve_characters
                                            << " bytes=" << i << " seconds=" << fraction(i);
      });
    case call_shape::below_level:
      return timing.run([this](std::uint64_t i) { log_line(severity::debug, i); });
    case call_shape::recorder:
      not_offered("boost_log", shape);
    case call_shape::int_int_double:
      break;
    }
    return timing.run([this](std::uint64_t i) { log_line(severity::info, i); });
  }

  void log_lines(std::uint64_t first, std::uint64_t count) override {
    for (std::uint64_t i = first; i < first + count; ++i) log_line(severity::info, i);
  }

  void finish() override { sink_->flush(); }

 private:
  void log_line(severity level, std::uint64_t i) {
    BOOST_LOG_SEV(log_, level) << std::setprecision(10) << "request int: " << i << ", int: " << i + 1
                               << ", double: " << fraction(i);
  }

  boost::shared_ptr<boost::log::sinks::synchronous_sink<boost::log::sinks::text_file_backend>> sink_;
  boost::log::sources::severity_channel_logger_mt<severity> log_{keywords::channel = "main"};
};

const subject_registration registered("boost_log",
                                      [](const std::string& path, layout lines) -> std::unique_ptr<subject> {
                                        want_text("boost_log", lines);
                                        return std::make_unique<boost_log_subject>(path);
                                      });

} // namespace

} // namespace bench
