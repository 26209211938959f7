"""What strangers send and operators mistype: answered as the standards ask, logged on one line, and nothing given away."""

import os
import re
import socket
import subprocess

from harness import BUILD, Server, eventually

SECRET = b"nobody is to read this"


def exchange(server, raw):
    """Sends these bytes; (status, the whole answer)."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(raw)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    assert found, (raw[:200], answer[:200])
    return int(found.group(1)), answer


def get(server, target, *headers):
    lines = [b"GET " + target + b" HTTP/1.1", b"Host: test", b"Connection: close", *headers, b"", b""]
    return exchange(server, b"\r\n".join(lines))


def malformed(server):
    bad = [
        b"\r\n\r\nnonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /hello\r\n\r\n",
        b"G\x00T /hello HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /hel\x01lo HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
        b"GET /hello HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(32).replace(b"\n", b"\r") + b"\r\n\r\n",
    ]
    for raw in bad:
        assert exchange(server, raw)[0] == 400, raw
    assert exchange(server, b"GET /hello HTTP/9.9\r\nHost: x\r\n\r\n")[0] == 505
    assert get(server, b"/hello", b"X-Huge: " + b"x" * 65536)[0] == 431
    assert get(server, b"/" + b"x" * 65536)[0] == 431
    head = b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    assert exchange(server, head + b"Content-Length: 10485760\r\n\r\n")[0] == 413
    assert exchange(server, head + b"Content-Length: 99999999999999999999999\r\n\r\n")[0] == 400
    assert exchange(server, head + b"Transfer-Encoding: chunked\r\n\r\n" + b"80000\r\n" + b"x" * 0x80000 + b"\r\n" +
                    b"80001\r\n")[0] == 413
    refused = len(bad) + 6
    broken = eventually("each of them is in the log", lambda: len(errors := [
        each for each in server.records() if each.get("outcome") == "protocol_error"]) >= refused and errors)
    assert len(broken) == refused, len(broken)
    assert all(each["error.message"] and len(each["trace_id"]) == 32 for each in broken)


def unknown(server):
    assert get(server, b"/nowhere")[0] == 404
    assert get(server, b"/hello/")[0] == 404
    status, answer = exchange(server, b"DELETE /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status == 405 and b"\r\nAllow: GET, HEAD\r\n" in answer, answer


def escapes(server):
    (server.directory / "secret").write_bytes(SECRET)
    (server.root / "good.bin").write_bytes(b"good")
    (server.root / "sub").mkdir()
    (server.root / "sub" / "inner").write_bytes(SECRET)
    (server.root / "link").symlink_to("../secret")
    (server.root / "absolute-link").symlink_to(server.directory / "secret")
    (server.root / "up").symlink_to("..")
    os.mkfifo(server.root / "fifo")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(server.root / "socket"))
    eventually("the connections so far are closed", server.has_no_connection)
    before = server.open_files()
    names = [b"..", b".", b"", b"%2e", b"%2e%2e", b"../secret", b"%2e%2e/secret", b"..%2fsecret", b"%2e%2e%2Fsecret",
             b"..%5csecret", b"..\\secret", b"%252e%252e%252fsecret", b"..%c0%afsecret", b"%c0%ae%c0%ae/secret",
             b"%2e%2e%00", b"good.bin%00", b"good.bin%00.html", b"%00", b"good.bin/", b"good.bin%2f", b"./good.bin",
             b"sub", b"sub/", b"sub/inner", b"sub%2finner", b"up", b"up/secret", b"up%2fsecret", b"link", b"absolute-link",
             b"fifo", b"socket", b"//etc/passwd", b"%2fetc%2fpasswd", b"/etc/passwd",
             str(server.directory / "secret").replace("/", "%2f").encode(), b"%", b"%2", b"%zz", b"none", b"x" * 300]
    for name in names:
        for target in (b"/download/" + name, b"/download/" + name + b"?x=/../secret"):
            status, answer = get(server, target)
            assert status == 404, (target, answer[:200])
            assert SECRET not in answer and b"root:" not in answer, target
    for target in (b"/../secret", b"/download/../../secret", b"/..%2fsecret"):
        status, answer = get(server, target)
        assert status == 404 and SECRET not in answer, (target, answer[:200])
    status, answer = get(server, b"/download/%67ood.bin")
    assert status == 200 and answer.endswith(b"\r\n\r\ngood"), answer
    eventually("the connections are closed", server.has_no_connection)
    assert server.open_files() == before, (server.open_files(), before)


def traces(server):
    caller = "4bf92f3577b34da6a3ce929d0e0e4736"
    good = f"00-{caller}-00f067aa0ba902b7-01".encode()
    bad = [b"", b"hello", good.upper(), good + b"-x", b"ff" + good[2:], good.replace(b"00f067aa0ba902b7", b"0" * 16),
           good.replace(caller.encode(), b"0" * 32), good[:-1], b"\xff\xfe" + good]
    assert get(server, b"/good-trace", b"traceparent: " + good)[0] == 404
    for value in bad:
        assert get(server, b"/bad-trace", b"traceparent: " + value)[0] == 404
    assert get(server, b"/bad-trace", b"traceparent: " + good, b"traceparent: " + good)[0] == 404

    def of_path(path):
        return [each for each in server.records() if each.get("url.path") == path]
    found = eventually("they are in the log", lambda: len(found := of_path("/bad-trace")) == len(bad) + 1 and found)
    assert caller not in {each["trace_id"] for each in found}
    assert len({each["trace_id"] for each in found}) == len(found)
    assert all(re.fullmatch("[0-9a-f]{32}", each["trace_id"]) for each in found)
    assert [each["trace_id"] for each in of_path("/good-trace")] == [caller]
    assert of_path("/good-trace")[0]["span_id"] != "00f067aa0ba902b7"


def hostile_text(server):
    """Each of these comes out as one line of JSON. harness.records() fails on any line that is not."""
    targets = [b"/text%0a%0d%1b[31m%00", b"/text\xff\xfe\xc3(\xe2\x82", b"/text\xe4\xb8\xad", b"/text\xe2\x80\xa8\xc2\x85",
               b"/text\"\\{}{0}%s%n", b"/text\xf4\x90\x80\x80\xed\xa0\x80\xc0\xaf"]
    before = len(server.records())
    statuses = [get(server, target)[0] for target in targets]
    assert set(statuses) <= {400, 404}, statuses
    records = eventually("they are in the log",
                         lambda: len(found := server.records()) >= before + len(targets) and found)
    paths = [each["url.path"] for each in records[before:] if each["logger"] == "access"]
    assert len(paths) == len(targets), paths
    assert paths[0] == "/text%0a%0d%1b[31m%00" and "/text中" in paths and '/text"\\{}{0}%s%n' in paths, paths
    raw = server.log_path.read_bytes()
    assert raw.count(b"\n") == len(server.records()) and not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", raw)
    raw.decode()  # valid UTF-8 throughout


def configuration(server):
    taken = str(server.port)
    root = str(server.root)
    # Whatever is wrong, nothing is left behind that runs: the exit status is waited for.
    for words, named in [
        (["--port", "99999"], "99999"), (["--port", "eighty"], "eighty"), (["--port", "-1"], "-1"), (["--port", ""], "--port"),
        (["--port"], "--port"), (["--bogus", "1"], "--bogus"), (["extra"], "extra"),
        (["--root", "/does/not/exist"], "/does/not/exist"), (["--root", f"{root}/good.bin"], f"{root}/good.bin"),
        (["--port", taken], taken), (["--metrics-port", taken], taken), (["--threads", "0"], "threads is 0"),
        (["--threads", "65"], "65"), (["--overflow", "maybe"], "maybe"), (["--log", "/does/not/exist/log"], "/does/not/exist/log"),
    ]:
        given = {"--port": "0", "--root": root, "--log": "/dev/null"}
        given.update(zip(words[::2], words[1::2]))
        line = [word for pair in given.items() for word in pair] + (words if len(words) == 1 else [])
        ended = subprocess.run([str(BUILD / "examples/02_download_server"), *line], capture_output=True, text=True, timeout=20)
        assert ended.returncode == 1, (words, ended)
        assert ended.stderr.count("\n") == 1 and ended.stderr.startswith("02_download_server: "), (words, ended.stderr)
        assert named in ended.stderr, (words, ended.stderr)
        assert ended.stdout == "", (words, ended.stdout)


with Server() as server:
    malformed(server)
    unknown(server)
    escapes(server)
    traces(server)
    hostile_text(server)
    configuration(server)
    assert server.get("/hello") == (200, b"hello\n")
    assert server.metric("http_server_active_requests") == 1  # the scrape itself
    assert server.stop() == 0
