// What a server without weir does for its access log: a middleware that writes one line a request through spdlog.
#pragma once

#include <weir/beast.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace bench {

/// The spdlog logger of that subject (spdlog_sync, spdlog_sync_flush, spdlog_async), writing to `path`; nullptr if
/// the subject is none of these.
std::shared_ptr<spdlog::logger> open_access_log(std::string_view subject, const std::string& path);

/// Writes the same JSON object that weir's access log writes for the same request; what the middleware cannot know
/// (ids, the peer) stands there as text of the same length.
weir::http_middleware access_lines(std::shared_ptr<spdlog::logger> log);

} // namespace bench
