"""What a source file with 500 log statements costs to compile."""

import os
import resource
import subprocess

from .setting import Failure, row

LEADING = ("ms", False)
STATEMENTS = 500
STATEMENTS_A_FUNCTION = 10
# Format, arguments. One after the other, again and again; each statement has a number in its text, so that no two are
# the same.
SHAPES = [
    ("request int: {}, int: {}, double: {}", "i, i + 1, d"),
    ("request for {}", "s"),
    ("done {} in {} ms for {}", "s, d, i"),
    ("plain message", ""),
    ("x={} y={}", "i, i"),
    ("path {} status {} bytes {} peer {}", "s, i, u, s"),
]
# Subject -> (library, what a file that only logs includes, the logger's type, the statement without its end). spdlog
# by its macro: with that it keeps the place in the source, as the others do.
SUBJECTS = {
    "weir": ("weir", ["<weir/log.hpp>"], "weir::logger&", "WEIR_INFO(log, {}"),
    "weir_functions": ("weir", ["<weir/log.hpp>"], "weir::logger&", "log.info({}"),
    "spdlog": ("spdlog", ["<spdlog/spdlog.h>"], "spdlog::logger&", "SPDLOG_LOGGER_INFO(&log, {}"),
    "quill": ("quill", ["<quill/LogMacros.h>", "<quill/Logger.h>"], "quill::Logger*", "LOG_INFO(log, {}"),
}


def source_text(subject):
    _, headers, logger, statement = SUBJECTS[subject]
    lines = [f"#include {header}" for header in headers + ["<string>"]]
    for n in range(STATEMENTS):
        if n % STATEMENTS_A_FUNCTION == 0:
            lines += [f"void f{n // STATEMENTS_A_FUNCTION}({logger} log, int i, unsigned long u, double d, "
                      "const std::string& s) {"]
        text, arguments = SHAPES[n % len(SHAPES)]
        words = f'"{n} {text}"' + (f", {arguments}" if arguments else "")
        lines += ["  " + statement.replace("{}", words, 1) + ");"]
        if n % STATEMENTS_A_FUNCTION == STATEMENTS_A_FUNCTION - 1:
            lines += ["}"]
    return "\n".join(lines) + "\n"


def compiler_command(words):
    """The compiler and, of a subject's own compile command, what its library's headers need."""
    compiler = next(word for word in words if "ccache" not in word)
    kept = [word for word in words if word.startswith(("-D", "-I", "-std="))]
    system = [word for at, flag in enumerate(words) if flag == "-isystem" for word in (flag, words[at + 1])]
    return [compiler, *kept, *system]


def processor_ms(words):
    """Of the compiler and what it starts, by the kernel's account."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # For a compiler that is ccache under another name.
    done = subprocess.run(words, env=dict(os.environ, CCACHE_DISABLE="1"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise Failure(f"{' '.join(words)} failed")
    return 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def run(bench):
    for repetition, subject in bench.in_turns("compile_time", 1 if bench.quick else 2, list(SUBJECTS)):
        source, compiled = bench.scratch / f"{subject}.cpp", bench.scratch / f"{subject}.o"
        source.write_text(source_text(subject))
        command = compiler_command(bench.compile_commands[SUBJECTS[subject][0]])
        for level in ["O2", "O0"]:
            ms = processor_ms([*command, f"-{level}", "-c", str(source), "-o", str(compiled)])
            yield row("compile_time", level, subject, "ms", "ms", ms, repetition)
            yield row("compile_time", level, subject, "bytes", "bytes", compiled.stat().st_size, repetition)
        source.unlink()
        compiled.unlink()


def targets(results):
    for level in results.column("shape"):
        for subject in ["weir", "weir_functions"]:
            ratio = results.ratio("ms", (level, subject), (level, "spdlog"))
            yield f"{subject} {ratio:.2f} x spdlog at -{level}, at most 1", ratio <= 1
