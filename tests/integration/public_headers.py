"""Each public header compiles as the first and only one of a file, and all behind others' macros."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from harness import BUILD, SOURCE, is_sanitized, skip

if is_sanitized():
    skip("what a header includes is the same in every build")

cache = (BUILD / "CMakeCache.txt").read_text()
compiler = next(line.split("=", 1)[1] for line in cache.splitlines() if line.startswith("CMAKE_CXX_COMPILER:"))
roots = sorted(SOURCE.glob("*/include")) + sorted(SOURCE.glob("*/*/include"))
roots = [root for root in roots if (BUILD / root.parent.relative_to(SOURCE)).exists()]  # not those that are left out
headers = [(root, header.relative_to(root)) for root in roots for header in sorted(root.rglob("*.hpp"))]


# Of Qt, Windows' headers and macOS's. Not `info` and `error` with parentheses: they are names of the interface.
words = ["slots", "signals", "foreach(a, b) for (a : b)", "near", "far", "interface struct", "DEBUG 1", "ERROR 0",
         "min(a, b) ((a) < (b) ? (a) : (b))", "max(a, b) ((a) > (b) ? (a) : (b))", "check(x) (x)"]


def compiled(text, *options):
    command = [compiler, "-std=c++20", "-fsyntax-only", *options, "-x", "c++", "-",
               *(f"-I{other}" for other in roots)]
    return subprocess.run(command, input=text, capture_output=True, text=True)


def errors_of(root, header):
    done = compiled(f'#include "{header}"\n', "-Wall", "-Wextra", "-Werror")
    return f"{root.relative_to(SOURCE)}/{header}:\n{done.stderr}" if done.returncode else ""


def errors_behind(macros, tested):
    """Of headers that are included behind those macros, but whatever is not weir's before."""
    texts = [(root / header).read_text() for root, header in tested]
    others = {name for text in texts for name in re.findall(r"^#include (<.*?>)", text, re.MULTILINE)}
    lines = [f"#include {name}" for name in sorted(others)] + [f"#define {macro}" for macro in macros]
    lines += [f'#include "{header}"' for _, header in tested]
    done = compiled("\n".join(lines) + "\n")
    return f"behind macros:\n{done.stderr}" if done.returncode else ""


with ThreadPoolExecutor(os.cpu_count()) as several:
    failures = [text for text in several.map(lambda one: errors_of(*one), headers) if text]
# Qt's `emit` is also a function of Asio, whose users cannot have it as a macro.
with_asio = ("adapters/asio", "adapters/beast")
failures += filter(None, [
    errors_behind(words, headers),
    errors_behind(["emit"], [one for one in headers if not str(one[0].relative_to(SOURCE)).startswith(with_asio)])])
if len(headers) < 100 or failures:
    sys.exit(f"{len(failures)} of {len(headers)} headers do not compile alone\n" + "\n".join(failures))
print(f"{len(headers)} headers, each alone, and all behind {len(words) + 1} macros")
