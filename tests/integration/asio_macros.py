"""A program that is compiled with other macros of Asio's than weir::beast does not link, and hears why."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import BUILD, SOURCE, is_sanitized, skip

if is_sanitized():
    skip("what a name is made of is the same in every build")
library = BUILD / "adapters/beast/libweir_beast.a"
if not library.exists():
    skip("weir::beast is not built")

cache = (BUILD / "CMakeCache.txt").read_text()
compiler = next(line.split("=", 1)[1] for line in cache.splitlines() if line.startswith("CMAKE_CXX_COMPILER:"))
program = """#include "weir/beast/client.hpp"
#include "weir/beast/client_watch.hpp"
#include "weir/beast/request_scope.hpp"
#include "weir/beast/server.hpp"
#include <boost/asio/ip/tcp.hpp>
void* make(weir::server_options options) { return new weir::http_server(options); }
void* make(weir::client_options options) { return new weir::http_client(options); }
void* make(boost::asio::any_io_executor executor) { return new weir::client_watch(executor); }
void* make(weir::request_observer& observer, boost::asio::ip::tcp::socket& socket) {
  return new weir::request_scope(observer, socket);
}
"""


def tags_of(file):
    """Of the constructors that need this Asio, as that file names them."""
    names = subprocess.run(["nm", "-C", file], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"weir::(\w+)::\1\[abi:(\w+)\]", names))


def tags_with(*options):
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory) / "program.o"
        roots = [f"-I{SOURCE / room / 'include'}" for room in ("lib", "adapters/asio", "adapters/beast")]
        command = [compiler, "-std=c++20", *options, *roots, "-x", "c++", "-", "-c", "-o", made]
        subprocess.run(command, input=program, text=True, check=True)
        return tags_of(made)


ours = tags_of(library)
if len(ours) != 4 or tags_with() != ours:
    sys.exit(f"a program that is compiled as the library does not link: {ours}, {tags_with()}")
theirs = tags_with("-DBOOST_ASIO_DISABLE_EPOLL")
if len(theirs) != 4 or theirs & ours:
    sys.exit(f"one with another Asio links: {ours}, {theirs}")
print(f"{sorted(ours)} does not link with {sorted(theirs)}")
