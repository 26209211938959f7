"""Whatever is logged, each renderer writes one line of valid UTF-8; jq and a reader of logfmt get the values back."""

import json
import os
import random
import re
import shutil
import struct
import subprocess
import tempfile
import unicodedata
from pathlib import Path

from harness import BUILD, need


def corpus():
    strings = [
        b"", b"plain", b"null", b"true", b"12", b"a=b", b'"quotes" and \\back\\slashes\\', b"\\u0041 \\n %s {} {0}", b"%v %n",
        b"line\nfeed\r\ntab\t\v\f", b"\x1b[31mred\x1b[0m \x1b]0;title\x07", b"\x00", b"a\x00b", bytes(range(256)),
        '{"json":[1,2,{}]}'.encode(), "grüße 水 🌊".encode(), "水🌊".encode(), "\u2028\u2029".encode(), "\ufeff".encode(),
        "\ufffd\ufffe\uffff\U0010ffff".encode(), "\u00a0\u3000\u200b\u202e".encode(), "e\u0301".encode(),
        "".join(map(chr, range(0x80, 0xA0))).encode(),  # C1 controls, next line among them
        b"\xc3", b"\xe6\xb0", b"\xf0\x9f\x8c", b"\xf0\x9f\x8c ", b"ab\xe6\xb0cd",  # cut short
        b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xc0\x80",  # longer than need be
        b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb2\xa9",  # surrogates
        b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe\xff", b"\x80\xbf",
        b"x" * 20000, b"\n" * 5000, "水".encode() * 5000, b"\xff" * 3000,
    ]
    strings += [bytes([byte]) for byte in range(256)]
    strings += [b"word" + bytes([byte]) + b"word" for byte in range(256)]
    source = random.Random(7)
    pieces = strings[:40]
    for _ in range(1500):
        strings.append(b"".join(source.choice(pieces)[:40] for _ in range(source.randrange(1, 6))))
        strings.append(source.randbytes(source.randrange(1, 40)))
    return strings


def as_read(raw):
    """What a reader gets back: the text itself, and each byte that is part of none as \\xNN."""
    return raw.decode("utf-8", "backslashreplace")


def lines_of(path):
    data = path.read_bytes()
    assert data.endswith(b"\n"), (path, data[-100:])
    lines = data.decode("utf-8", "strict")[:-1].split("\n")
    for line in lines:
        bad = [c for c in line if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs")]
        assert not bad, (path, line[:200], bad)
    return lines


def no_key_twice(pairs):
    assert len({key for key, _ in pairs}) == len(pairs), pairs
    return dict(pairs)


def logfmt_pairs(line):
    """As go-logfmt's decoder has it, and stricter: one space between pairs, no key alone or twice."""
    pairs = {}
    at = 0
    while at < len(line):
        found = re.compile(r'([^\x00-\x20="]+)=(?:([^\x00-\x20="]+)|"((?:[^"\\]|\\.)*)")( |$)').match(line, at)
        assert found, (line[:200], line[at : at + 100])
        key, bare, quoted, _ = found.groups()
        assert key not in pairs, line
        pairs[key] = bare if quoted is None else json.loads(f'"{quoted}"')
        at = found.end()
    return pairs


def read_by_go(path, directory):
    """What go-logfmt/logfmt makes of the file, or None where it is not installed (golang-go and
    golang-github-go-logfmt-logfmt-dev, which are too large to ask for)."""
    sources = Path(os.environ.get("GOPATH", "/usr/share/gocode"))
    if shutil.which("go") is None or not (sources / "src/github.com/go-logfmt/logfmt").exists():
        return None
    environment = {**os.environ, "GOPATH": str(sources), "GO111MODULE": "off", "GOCACHE": str(directory / "go-cache")}
    program = directory / "read_logfmt"
    source = Path(__file__).with_name("read_logfmt.go")
    subprocess.run(["go", "build", "-o", program, source], env=environment, check=True)
    with open(path, "rb") as file:
        output = subprocess.run([program], stdin=file, stdout=subprocess.PIPE, check=True).stdout
    return [dict(json.loads(line)) for line in output.split(b"\n")[:-1]]


def check_kinds(line, logfmt_line):
    record = json.loads(line, object_pairs_hook=no_key_twice)
    assert list(record)[:4] == ["time", "level", "logger", "message"], list(record)
    expected = {
        "boolean": True, "character": "\n", "int8": -128, "int64": -(2**63), "uint64": 2**64 - 1,
        "beyond_double": 9007199254740993, "float": 0.1, "double": 0.1, "tiny": 5e-324, "huge": 1e300, "minus_zero": -0.0,
        "nan": "NaN", "infinity": "Infinity", "minus_infinity": "-Infinity", "text": "null", "empty": "", "none": None,
        "doubles": [0.1, -0.0, 1e300, 5e-324, "NaN", "Infinity"], "map": {'a "b"': 1, "c\n": None}, "pair": [1, "a"],
        "duration": "1500ms", "error": "generic:2 No such file or directory", "enum": 1, "path": "/srv/a b",
        "pointer": "0x0",
    }
    found = dict(list(record.items())[4:])
    assert found == expected and list(found) == list(expected), found
    kind = {bool: bool, int: float, float: float}  # JSON has one kind of number
    for key in expected:
        types = [kind.get(type(value), type(value)) for value in (found[key], expected[key])]
        assert types[0] is types[1], (key, found[key])
    assert '"minus_zero":-0,' in line, line
    pairs = logfmt_pairs(logfmt_line)
    assert list(pairs) == list(record), pairs
    for key, value in expected.items():
        if isinstance(value, bool):
            assert pairs[key] == str(value).lower(), (key, pairs[key])
        elif isinstance(value, (int, float)):
            assert type(value)(pairs[key]) == value, (key, pairs[key])
        elif isinstance(value, str):
            assert pairs[key] == value, (key, pairs[key])
        else:
            assert json.loads(pairs[key]) == value, (key, pairs[key])


need("jq")
with tempfile.TemporaryDirectory(prefix="weir-renderers-") as temporary:
    directory = Path(temporary)
    strings = corpus()
    (directory / "corpus").write_bytes(b"".join(struct.pack("<I", len(each)) + each for each in strings))
    output = subprocess.run([BUILD / "tests/integration/hostile_writer", directory / "corpus", directory],
                            stdout=subprocess.PIPE, check=True, text=True).stdout
    records = 1 + 2 * len(strings)
    assert int(output) == records, output

    lines = {name: lines_of(directory / name) for name in ("text", "pattern", "logfmt", "json")}
    assert all(len(each) == records for each in lines.values()), {name: len(each) for name, each in lines.items()}
    check_kinds(lines["json"][0], lines["logfmt"][0])

    # jq reads every line and gives back what was logged.
    filters = "[.time, .level, .logger, .message, .text, .list[0]?, .trace_id]"
    got = subprocess.run(["jq", "-c", filters, directory / "json"], stdout=subprocess.PIPE, check=True).stdout
    got = [json.loads(line) for line in got.split(b"\n")[1:-1]]  # without the record of all kinds
    trace_id = "00000000000000010000000000000002"
    for index, raw in enumerate(strings):
        value = as_read(raw)
        time, *rest = got[index]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", time), time
        assert rest == ["info", "log", value, value, value, trace_id], (raw, rest)
        _, *rest = got[len(strings) + index]
        assert rest[:2] == ["warn", as_read(b"named " + raw)] and rest[3:] == [None] * 3, (raw, rest)

        pairs = logfmt_pairs(lines["logfmt"][1 + index])
        assert list(pairs) == ["time", "level", "logger", "message", "trace_id", "span_id", "text", "list"], pairs
        assert [pairs[key] for key in ("message", "text", "trace_id")] == [value, value, trace_id], (raw, pairs)
        assert json.loads(pairs["list"]) == [value], (raw, pairs)
        pairs = logfmt_pairs(lines["logfmt"][1 + len(strings) + index])
        assert list(pairs) == ["time", "level", "logger", "message"] and pairs["logger"] == rest[1], (raw, pairs)
        assert pairs["message"] == rest[2], (raw, pairs)

        if value.isprintable():  # and hence the same in text
            assert f" [log] {value} text=" in lines["text"][1 + index], (raw, lines["text"][1 + index])
            assert f" {value:<30} trace_id={trace_id} " in lines["pattern"][1 + index], (raw, lines["pattern"][1 + index])
    by_go = read_by_go(directory / "logfmt", directory)
    if by_go is None:
        print("not read by go-logfmt/logfmt, which is not installed")
    else:
        assert by_go == [logfmt_pairs(line) for line in lines["logfmt"]]
    print(f"{records} records, four renderers: {sum(len(each) for each in lines.values())} lines")
