#include "weir/log/rotating_file_sink.hpp"

#include "log/log_file.hpp"
#include "log/option_check.hpp"
#include "log/rotated_files.hpp"
#include "log/rotation_schedule.hpp"
#include "weir/log/line_sink.hpp"
#include "weir/log/record.hpp"
#include "weir/log/text_buffer.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace weir {

namespace {

using std::chrono::steady_clock;

constexpr std::int64_t minutes_of_a_day = 24 * 60;

// So many times a rotation begins anew where another sink or program renames files of the same names.
constexpr int most_tries = 20;
bool is_of_another(const std::error_code& error) noexcept {
  return error == std::errc::file_exists || error == std::errc::no_such_file_or_directory;
}

rotation_options checked(rotation_options options) {
  using detail::check_option;
  const std::int64_t every = options.every.count();
  check_option<std::int64_t>("rotation_options.every (min)", every, 0, minutes_of_a_day);
  if (every != 0 && minutes_of_a_day % every != 0)
    throw std::invalid_argument(
        fmt::format("rotation_options.every is {} min: it must be a whole fraction of a day", every));
  check_option<std::int64_t>("rotation_options.at (min)", options.at.count(), 0, minutes_of_a_day - 1);
  if (options.keep_files != keep_all)
    check_option<std::size_t>("rotation_options.keep_files", options.keep_files, 0, 10'000);
  detail::check_enumerator("rotation_options.zone", options.zone, rotation_zone::utc);
  detail::check_enumerator("rotation_options.naming", options.naming, rotation_naming::date);
  if (every == 0 && options.file_bytes == 0)
    throw std::invalid_argument("rotation_options.file_bytes and .every are both 0: nothing would rotate the file");
  return options;
}

/// The longest piece of `lines`, in whole lines, that is not larger than `room`.
std::string_view fitting(std::string_view lines, std::uint64_t room) noexcept {
  if (lines.size() <= room) return lines;
  return room == 0 ? std::string_view() : lines.substr(0, lines.rfind('\n', room - 1) + 1); // npos + 1 is 0
}

class to_rotating_file final : public line_sink {
 public:
  to_rotating_file(file_options file, rotation_options rotation, std::unique_ptr<renderer> renderer)
      : line_sink(file.path, std::move(renderer)),
        options_(checked(rotation)),
        schedule_(options_.every, options_.at, options_.zone),
        file_(std::move(file), detail::path_links::followed),
        rotated_(file_.path(), options_) {
    if (file_.size() != 0) period_ = schedule_.period_of(file_.modified_before());
  }

  void reopen() noexcept override { file_.request_reopen(); }
  std::error_code sync() override { return file_.sync(); }

  void append(const record& entry) override {
    // What the flight recorder kept is of its own time, and goes to the file of the present.
    if (!entry.recorded()) [[likely]] {
      last_second_ = entry.unix_nanoseconds() / 1'000'000'000;
      if (last_second_ >= period_.end || last_second_ < period_.begin) [[unlikely]]
        enter_period_of(last_second_);
    }
    line_sink::append(entry);
  }

 private:
  /// A period's end amid the lines that wait to be written.
  struct turn {
    std::size_t offset;               // bytes
    detail::rotation_period finished; // what stands in front
  };

  void enter_period_of(std::int64_t second) {
    // Records are in the order of their times but for a clock that was set; a little back is not worth a file.
    if (second < period_.begin && second >= period_.begin - 60 * options_.every.count()) return;
    if (period_.begin != INT64_MIN) turns_.push_back({lines().size(), period_});
    period_ = schedule_.period_of(second);
  }

  write_result write(std::string_view lines) override {
    write_result result;
    if ((result.error = file_.keep_at_path())) result.attempt = "opening anew";
    held_back_ = steady_clock::now() < next_try_;
    if (due_) rotate(result);
    std::size_t begin = 0;
    for (const turn& each : std::exchange(turns_, {})) {
      const bool whole = write_piece(lines.substr(begin, each.offset - begin), each.finished, result);
      due_ = due_.value_or(each.finished);
      if (!whole) return result; // what stands behind is lost, too: what was taken is the batch's begin
      rotate(result);
      begin = each.offset;
    }
    write_piece(lines.substr(begin), period_, result);
    return result;
  }

  /// Returns whether all of `lines`, which are of one period, was written.
  bool write_piece(std::string_view lines, detail::rotation_period period, write_result& result) {
    while (!lines.empty()) {
      std::string_view piece = lines;
      if (options_.file_bytes != 0 && !held_back_) {
        piece = fitting(lines, options_.file_bytes - std::min(options_.file_bytes, file_.size()));
        if (piece.empty()) {
          due_ = due_.value_or(period);
          if (rotate(result) || held_back_) continue;
          piece = lines.substr(0, lines.find('\n') + 1); // into an empty file, however long it is
        }
      }
      std::error_code error;
      const std::size_t taken = file_.write(piece, error);
      result.taken += taken;
      if (error && error != result.error) {
        result.error = error;
        result.attempt = {};
      }
      if (taken < piece.size()) return false;
      lines.remove_prefix(taken);
    }
    return true;
  }

  /// Does what is due. Returns whether there is a new file.
  bool rotate(write_result& result) noexcept {
    if (held_back_) return false;
    if (file_.size() == 0) { // or no regular file
      due_.reset();
      return false;
    }
    bool done = false;
    std::error_code error;
    try {
      const std::int64_t day = options_.every.count() != 0 ? due_->begin : last_second_;
      const std::string date = schedule_.date_of(day);
      int tries = 0;
      do {
        error.clear();
        const std::string target = rotated_.make_room(date, error);
        if (!error) error = file_.move_to(target);
      } while (is_of_another(error) && ++tries < most_tries);
      done = !error;
      if (done) rotated_.remove_surplus(date, error);
    } catch (const std::exception&) {
      error = std::make_error_code(std::errc::not_enough_memory);
    }
    if (done) {
      due_.reset();
    } else {
      next_try_ = steady_clock::now() + file_.look_interval();
      held_back_ = true;
    }
    if (error && !result.error) {
      result.error = error;
      result.attempt = done ? "removing old files" : "rotating";
    }
    return done;
  }

  const rotation_options options_;
  const detail::rotation_schedule schedule_;
  detail::log_file file_;
  const detail::rotated_files rotated_;

  detail::rotation_period period_{INT64_MIN, INT64_MIN}; // of the last record; at first, of none
  std::int64_t last_second_ = 0;
  std::vector<turn> turns_;
  std::optional<detail::rotation_period> due_; // the file is to be rotated, as of that period
  bool held_back_ = false;                     // it could not be, a moment ago
  steady_clock::time_point next_try_{};
};

} // namespace

std::shared_ptr<sink> rotating_file_sink(file_options file, rotation_options rotation,
                                         std::unique_ptr<renderer> renderer) {
  return std::make_shared<to_rotating_file>(std::move(file), rotation, std::move(renderer));
}

} // namespace weir
