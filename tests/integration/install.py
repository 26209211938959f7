"""What `cmake --install` leaves can be found and built against by another project."""

import json
import re
import subprocess
import tempfile
from pathlib import Path

from harness import BUILD, SOURCE, need

LISTS = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(weir 0.1 REQUIRED COMPONENTS beast live prometheus spdlog @MORE@)
add_executable(consumer main.cpp)
target_link_libraries(consumer PRIVATE weir::beast weir::live weir::prometheus weir::spdlog)
foreach(each @MORE@)
  add_executable(${each} ${each}.cpp)
  target_link_libraries(${each} PRIVATE weir::${each})
endforeach()
"""

MAIN = """
#include <weir/beast/files.hpp>
#include <weir/beast/router.hpp>
#include <weir/http.hpp>
#include <weir/live.hpp>
#include <weir/log.hpp>
#include <weir/metrics.hpp>
#include <weir/prometheus.hpp>
#include <weir/spdlog.hpp>

#include <spdlog/spdlog.h>

#include <iostream>

int main() {
  weir::log_stream stream({.sinks = {weir::console_sink(weir::console_stream::output, weir::as_json())}});
  weir::metrics_registry registry;
  weir::request_observer observer({.metrics = &registry, .access_log = &stream.get_logger("access")});
  weir::exchange exchange(observer);
  exchange.begin({.method = "GET", .target = "/consumer"});
  exchange.response_started(200);
  exchange.response_completed();
  exchange.finish();
  WEIR_INFO(stream.get_logger("main"), "hello from {}", "a consumer");
  const weir::http_handler files = weir::static_files(".", {.manifest = weir::manifest_options{}});
  const weir::live_page page({.metrics = &registry});
  weir::take_over_spdlog(stream);
  spdlog::info("hello from {}", "spdlog");
  stream.flush();
  std::cout << weir::make_scrape_response(registry, "text/plain").body;
}
"""

# Where their packages are installed
MORE = {"httplib": """
#include <weir/httplib.hpp>

int main() {
  weir::request_observer observer({});
  weir::httplib_server server(observer);
  server.Get("/", [](const httplib::Request&, httplib::Response&) {});
}
""", "grpc": """
#include <weir/grpc.hpp>

int main() {
  weir::request_observer observer({});
  const auto interceptor = weir::observe_grpc(observer);
  grpc::ClientContext call;
  const weir::grpc_outgoing carried(call, weir::background());
}
"""}

# Of which beast is there, prometheus lacks what it stands on, and the last is none.
OPTIONAL = """
cmake_minimum_required(VERSION 3.25)
project(optional LANGUAGES CXX)
find_package(weir COMPONENTS asio @REQUIRED@ OPTIONAL_COMPONENTS beast prometheus nosuch)
message(STATUS "found ${weir_FOUND}, asio ${weir_asio_FOUND}, beast ${weir_beast_FOUND}")
message(STATUS "and ${weir_prometheus_FOUND} ${weir_nosuch_FOUND}")
message(STATUS "why: ${weir_NOT_FOUND_MESSAGE}")
"""

# Of which weir is a part. Nothing is built, so an install rule of weir's fails.
WHOLE = """
cmake_minimum_required(VERSION 3.25)
project(whole LANGUAGES CXX)
set(CMAKE_UNITY_BUILD ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(WEIR_GRPC OFF)
add_library(own_httplib INTERFACE)
target_compile_definitions(own_httplib INTERFACE OWN_HTTPLIB)
set(WEIR_HTTPLIB_TARGET own_httplib)
add_subdirectory(@WEIR@ weir)
add_executable(server server.cpp)
target_link_libraries(server PRIVATE weir::httplib)
get_target_property(several weir UNITY_BUILD)
message(STATUS "several at a time: ${several}")
"""


def run(*words):
    ended = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert ended.returncode == 0, f"{words}\n{ended.stdout[-4000:]}"
    return ended.stdout


def search(directory, prefix, required):
    """What CMake says of components that are not all to be had."""
    directory.mkdir()
    (directory / "CMakeLists.txt").write_text(OPTIONAL.replace("@REQUIRED@", required))
    return run("cmake", "-S", directory, "-B", directory / "build", "-G", cache("CMAKE_GENERATOR"),
               f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={cache('CMAKE_CXX_COMPILER')}",
               "-DCMAKE_DISABLE_FIND_PACKAGE_prometheus-cpp=TRUE")


def check_components(directory, prefix):
    said = search(directory / "optional", prefix, "")
    assert re.search(r"found (TRUE|1), asio TRUE, beast TRUE", said) and "and FALSE FALSE" in said, said
    why = "component prometheus: prometheus-cpp is missing. component nosuch: it is not in this installation."
    assert why in said, said
    said = search(directory / "required", prefix, "other")
    assert re.search(r"found (FALSE|0), asio TRUE, beast TRUE", said), said
    assert "component other: it is not in this installation." in said, said


def check_part(directory):
    directory.mkdir()
    (directory / "CMakeLists.txt").write_text(WHOLE.replace("@WEIR@", str(SOURCE)))
    (directory / "server.cpp").touch()
    said = run("cmake", "-S", directory, "-B", directory / "build", "-G", cache("CMAKE_GENERATOR"),
               f"-DCMAKE_CXX_COMPILER={cache('CMAKE_CXX_COMPILER')}")
    assert "several at a time: OFF" in said, said
    commands = json.loads((directory / "build/compile_commands.json").read_text())
    (server,) = [each["command"] for each in commands if "/server.dir/" in each["command"]]
    assert "-DOWN_HTTPLIB" in server and "CPPHTTPLIB" not in server, server
    run("cmake", "--install", directory / "build", "--prefix", directory / "prefix")
    assert not list(directory.glob("prefix/**/*weir*")), "weir has installed itself"


def cache(name):
    found = re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.MULTILINE)
    return found.group(1) if found else ""


def main():
    need("cmake")
    with tempfile.TemporaryDirectory(prefix="weir-install-") as directory:
        prefix, source, build = (Path(directory) / name for name in ("prefix", "source", "build"))
        run("cmake", "--install", BUILD, "--prefix", prefix)
        # No path of this machine goes with it.
        for each in prefix.rglob("*.cmake"):
            assert str(BUILD) not in each.read_text(), each
        # The licence asks to go along with every copy.
        assert (prefix / "share/doc/weir/LICENSE").read_text().startswith("MIT License")
        check_components(Path(directory), prefix)
        check_part(Path(directory) / "part")
        source.mkdir()
        more = [each for each in MORE if (BUILD / "adapters" / each).exists()]
        (source / "CMakeLists.txt").write_text(LISTS.replace("@MORE@", " ".join(more)))
        for each in more:
            (source / f"{each}.cpp").write_text(MORE[each])
        (source / "main.cpp").write_text(MAIN)
        # Sanitizers are a matter of the build that was installed, and not exported.
        sanitize = cache("WEIR_SANITIZE")
        run("cmake", "-S", source, "-B", build, "-G", cache("CMAKE_GENERATOR"), f"-DCMAKE_PREFIX_PATH={prefix}",
            f"-DCMAKE_CXX_COMPILER={cache('CMAKE_CXX_COMPILER')}",
            f"-DCMAKE_CXX_FLAGS={'-fsanitize=' + sanitize if sanitize else ''}",
            f"-DCMAKE_CXX_COMPILER_LAUNCHER={cache('CMAKE_CXX_COMPILER_LAUNCHER')}")
        run("cmake", "--build", build)
        for each in more:
            run(build / each)
        output = run(build / "consumer")
        assert '"message":"GET /consumer 200"' in output, output
        assert '"message":"hello from a consumer"' in output, output
        assert '"message":"hello from spdlog"' in output, output
        assert re.search(r'^http_server_request_duration_seconds_count\{.*http_response_status_code="200".*\} 1$', output,
                         re.MULTILINE)


main()
