// Several destinations for one log, each with its own level and form.
//
//   build/release/examples/04_sinks [DIRECTORY]
//
// A server's usual set: warnings for whoever watches the console, everything as JSON in files that rotate, the last
// lines in memory for a debug page, requests in a file of their own, errors to a function that raises an alarm, and a
// slow destination on a thread of its own. You will see two warnings on standard error (coloured, if that is a
// terminal), and on standard output what the other sinks have got. DIRECTORY (default: one in the temporary
// directory) keeps the files.
#include <weir/log.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

namespace {

/// Runs on the log's thread: quick, and without logging.
void raise_alarm(const weir::record& entry) {
  weir::text_buffer message;
  entry.append_message(message, weir::field_style::text);
  std::printf("alarm: %.*s\n", static_cast<int>(message.size()), message.data());
}

void show(const char* name, const weir::sink_stats& stats) {
  std::printf("%s: %llu written, %llu lost\n", name, static_cast<unsigned long long>(stats.written()),
              static_cast<unsigned long long>(stats.lost));
}

void run(const std::string& directory) {
  const auto console = weir::console_sink();
  console->set_threshold(weir::level::warn);

  // server.json, and what it was before: server.1.json to server.5.json. One more each midnight, or at 20 000 bytes.
  const auto files = weir::rotating_file_sink(
      {.path = directory + "/server.json", .create_directories = true},
      {.file_bytes = 20'000, .every = std::chrono::hours(24), .keep_files = 5}, weir::as_json());

  // Others may move this one: it is opened anew when they have, and when a SIGHUP says so.
  const auto plain = weir::file_sink({.path = directory + "/server.log", .start = weir::file_start::truncate});
  weir::reopen_log_files_on(SIGHUP);

  // Of some records only: those that count a request.
  const auto requests = weir::filtered(weir::file_sink(directory + "/requests.log"), [](const weir::record& entry) {
    weir::text_buffer number;
    return entry.append_raw_field("number", number);
  });

  const auto last = weir::memory_sink({.lines = 2});

  const auto alarm = weir::callback_sink(raise_alarm, "alarm");
  alarm->set_threshold(weir::level::error);

  // If this pipe, or network file system, hangs, it alone does.
  const auto distant = weir::on_own_thread(weir::file_sink("/dev/null"), {.buffer_bytes = 1 << 20});

  weir::log_stream stream({.sinks = {console, files, plain, requests, last, alarm, distant}});
  weir::logger& log = stream.get_logger("server");
  for (int i = 0; i < 500; ++i) WEIR_INFO(log, "request served", weir::field<"number">(i));
  WEIR_WARN(log, "{} % of the disk is in use", 91);
  WEIR_ERROR(log, "the disk is full");
  stream.flush();

  for (const std::string& line : last->snapshot())
    std::printf("in memory: %s\n", line.substr(line.find(' ') + 1).c_str());
  show("files", files->stats());
  show("plain", plain->stats());
  show("requests", requests->stats());
  show("distant", distant->stats());
  for (const char* name : {"server.json", "server.1.json", "server.log", "requests.log"})
    std::printf("%s: %s\n", name, std::filesystem::exists(directory + "/" + name) ? "there" : "not there");
}

} // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : (std::filesystem::temp_directory_path() / "weir-sinks").string());
  } catch (const std::exception& error) { // an option out of range, or a file that cannot be opened
    std::fprintf(stderr, "04_sinks: %s\n", error.what());
    return 1;
  }
}
