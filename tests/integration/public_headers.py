"""Each public header compiles as the first and only one of a file."""

import os
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


def errors_of(root, header):
    command = [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c++", "-",
               *(f"-I{other}" for other in roots)]
    done = subprocess.run(command, input=f'#include "{header}"\n', capture_output=True, text=True)
    return f"{root.relative_to(SOURCE)}/{header}:\n{done.stderr}" if done.returncode else ""


with ThreadPoolExecutor(os.cpu_count()) as several:
    failures = [text for text in several.map(lambda one: errors_of(*one), headers) if text]
if len(headers) < 100 or failures:
    sys.exit(f"{len(failures)} of {len(headers)} headers do not compile alone\n" + "\n".join(failures))
print(f"{len(headers)} headers, each alone")
