"""Downloads as real clients make them: curl's ranges, resuming and conditions, and a client that is killed and goes on."""

import hashlib
import os
import random
import re
import subprocess
import time
from pathlib import Path

from harness import BUILD, Server, eventually, is_sanitized, need

KIB, MIB = 1 << 10, 1 << 20
BLOCK = MIB
BLOCKS = 16
# A sparse file of a GiB through one buffer: what the process may grow by.
SLACK_KIB = 2048
FETCH = str(BUILD / "examples/14_fetch")


def curl(*arguments, status=0):
    ended = subprocess.run(["curl", "-q", "-sS", *arguments], capture_output=True, timeout=30)
    assert ended.returncode == status, (arguments, ended)
    return ended.stdout


def settled(path):
    """As if it had been there for an hour: what has only just changed has a weak tag."""
    before = time.time() - 3600
    os.utime(path, (before, before))
    return path


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def code_and_size(url, *arguments):
    said = curl("-o", "/dev/null", "-w", "%{http_code} %{size_download}", *arguments, url).split()
    return int(said[0]), int(said[1])


def with_curl(server):
    source = settled(server.add_file("data.bin", 5 * MIB + 321))
    data = source.read_bytes()
    url = f"{server.url}/download/data.bin"
    mine = server.directory / "mine"

    assert curl("-r", "100-199", url) == data[100:200]
    assert curl("-r", "-321", url) == data[-321:]
    assert curl("-r", f"{5 * MIB}-", url) == data[5 * MIB:]
    parts = curl("-i", "-r", "0-99,1000-1099,-10", url)
    head, body = parts.split(b"\r\n\r\n", 1)
    boundary = re.search(rb"boundary=(\w+)", head).group(1)
    pieces = body.split(b"--" + boundary)
    assert len(pieces) == 5 and pieces[4] == b"--\r\n", len(pieces)
    assert [each.split(b"\r\n\r\n", 1)[1][:-2] for each in pieces[1:4]] == [data[:100], data[1000:1100], data[-10:]]
    assert int(re.search(rb"Content-Length: (\d+)", head).group(1)) == len(body)
    assert code_and_size(url, "-r", "99999999-")[0] == 416
    assert code_and_size(url, "-r", ",".join(["0-"] * 50)) == (200, len(data))

    mine.write_bytes(data[:2 * MIB])
    curl("-C", "-", "-o", str(mine), url)
    assert mine.read_bytes() == data

    tag = server.directory / "tag"
    assert code_and_size(url, "--etag-save", str(tag)) == (200, len(data))
    assert code_and_size(url, "--etag-compare", str(tag)) == (304, 0)
    assert code_and_size(url, "-z", str(source)) == (304, 0)
    assert code_and_size(url, "-z", "Sun, 06 Nov 1994 08:49:37 GMT") == (200, len(data))
    head = curl("-I", url)
    assert b" 200 OK" in head and f"Content-Length: {len(data)}".encode() in head and b"Accept-Ranges: bytes" in head
    source.write_bytes(data[::-1])
    settled(source)
    os.utime(source, (1e9, 1e9))
    assert code_and_size(url, "--etag-compare", str(tag)) == (200, len(data))


def flat_memory(server):
    with open(server.root / "sparse.bin", "wb") as file:
        file.truncate(1 << 30)
    url = f"{server.url}/download/sparse.bin"
    assert code_and_size(url, "-r", f"0-{64 * MIB - 1}") == (206, 64 * MIB)
    before = server.resident_kib()
    client = subprocess.Popen(["curl", "-q", "-sS", "-o", "/dev/null", "-w", "%{size_download}", url], stdout=subprocess.PIPE)
    most = before
    while client.poll() is None:
        most = max(most, server.resident_kib())
        time.sleep(0.1)
    assert client.stdout.read() == b"1073741824"
    print(f"resident memory: {before} KiB, at most {most - before} KiB more during a GiB")
    assert is_sanitized() or most - before <= SLACK_KIB, most - before


def fetch(url, target, status=0):
    """(blocks there, damaged, to fetch), as it says at its beginning."""
    ended = subprocess.run([FETCH, url, str(target)], capture_output=True, text=True, timeout=60)
    assert ended.returncode == status, ended
    found = re.findall(r"(\d+) there, (\d+) damaged, (\d+) to fetch", ended.stdout)
    return tuple(map(int, found[-1])) if found else ended.stderr


def bytes_fetched(server, since):
    """What the access log says was sent of the file: in ranges, as the manifest is all that is asked for as a whole."""
    told = [each for each in server.records()[since:] if each.get("http.route") == "/download/{file}"]
    statuses = [each["http.response.status_code"] for each in told]
    assert statuses.count(200) == 1 and set(statuses) <= {200, 206}, told
    return sum(each["http.response.body.size"] for each in told if each["http.response.status_code"] == 206)


def lines_so_far(server):
    """The log's length when all that was asked for is in it: what is asked for last is the last to come."""
    eventually("nothing is under way", server.has_no_connection)

    def greetings():
        return sum(each.get("url.path") == "/hello" for each in server.records())
    before = greetings()
    server.get("/hello")
    eventually("the log is complete", lambda: greetings() > before)
    return len(server.records())


def fetched_anew(server, url, target, source, missing, damaged=0):
    """A run that completes, and what it fetches: the missing blocks and nothing else."""
    since = lines_so_far(server)
    there = fetch(url, target)
    assert there == (BLOCKS - missing, damaged, missing), there
    assert sha256(target) == sha256(source)
    assert not list(target.parent.glob(target.name + ".*")), list(target.parent.iterdir())
    lines_so_far(server)
    sent = bytes_fetched(server, since)
    assert sent == missing * BLOCK, (sent, missing)


def marks(target):
    table = Path(f"{target}.table")
    return table.read_text(errors="replace").splitlines()[1].count("x") if table.exists() else 0


def killed_and_resumed(server, dice):
    source = settled(server.add_file("large.bin", BLOCKS * BLOCK))
    url = f"{server.url}/download/large.bin"
    target = server.directory / "large.bin"
    kills = 0

    def kill(client, least):
        """Whether it was still at work; what it had marked by then stays marked."""
        nonlocal kills
        client.kill()
        client.wait()
        if target.exists():
            return False
        assert client.returncode == -9 and marks(target) >= least, (client.returncode, marks(target), least)
        kills += 1
        return True

    for _ in range(4): # at any moment at all
        before = marks(target)
        client = subprocess.Popen([FETCH, url, str(target)], stdout=subprocess.DEVNULL)
        time.sleep(dice.random() / 20)
        if not kill(client, before):
            break
    for _ in range(4): # at a random moment behind the one when this run has brought another block
        before = marks(target)
        client = subprocess.Popen([FETCH, url, str(target)], stdout=subprocess.DEVNULL)
        eventually("another block is there", lambda: marks(target) > before or client.poll() is not None)
        time.sleep(dice.random() / 50)
        if not kill(client, before + 1):
            break
    missing = 0 if target.exists() else BLOCKS - marks(target)
    print(f"killed {kills} times, {missing} of {BLOCKS} blocks to fetch by then")
    assert kills >= 2, kills
    fetched_anew(server, url, target, source, missing)

    # Nothing to do; nothing is fetched.
    fetched_anew(server, url, target, source, 0)

    # Damaged on the disk, when it was complete, and half-way.
    with open(target, "r+b") as file:
        file.seek(3 * BLOCK + 77)
        file.write(b"\0" * 100)
    fetched_anew(server, url, target, source, 1)
    part, table = Path(f"{target}.part"), Path(f"{target}.table")
    target.rename(part)
    tag = re.search(r'"[^"]+"', curl("-I", url).decode()).group(0)
    table.write_text(f"weir_fetch 1 {BLOCKS * BLOCK} {BLOCK} {tag}\n" + "x" * (BLOCKS - 2) + "..")
    with open(part, "r+b") as file:
        file.seek(BLOCK)
        file.write(b"damaged")
        file.truncate((BLOCKS - 1) * BLOCK)
    fetched_anew(server, url, target, source, 3, damaged=1)

    # A table that was torn in the middle is as good as none.
    target.rename(part)
    table.write_text("weir_fetch 1 25")
    assert fetch(url, target) == (0, 0, BLOCKS), "another state's table"
    assert sha256(target) == sha256(source)
    return source, url, target


def changed_and_gone(server, source, url, target):
    # Another file of that name: what is half there is of no use.
    target.rename(f"{target}.part")
    Path(f"{target}.table").write_text(f'weir_fetch 1 {BLOCKS * BLOCK} {BLOCK} "another"\n' + "x" * BLOCKS)
    assert fetch(url, target) == (0, 0, BLOCKS)
    assert sha256(target) == sha256(source)

    # It is replaced between two of a run's requests: If-Range tells.
    part, table = Path(f"{target}.part"), Path(f"{target}.table")
    target.rename(part)
    tag = re.search(r'"[^"]+"', curl("-I", url).decode()).group(0)
    table.write_text(f"weir_fetch 1 {BLOCKS * BLOCK} {BLOCK} {tag}\n" + "x." * (BLOCKS // 2))
    client = subprocess.Popen([FETCH, url, str(target)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    eventually("it has begun", lambda: marks(target) > BLOCKS // 2)
    other = settled(server.add_file("other.bin", BLOCKS * BLOCK))
    other.rename(source)
    said, complained = client.communicate(timeout=30)
    assert client.returncode == 0 and "changed on the server" in complained and "beginning anew" in said, (said, complained)
    assert sha256(target) == sha256(source)

    def refused(address, *words):
        said = fetch(address, server.directory / "none", status=1)
        assert said.count("\n") == 1 and all(word in said for word in words), said
    refused(f"{server.url}/download/nothing", "404", "manifest")
    refused(f"{server.url}/hello", "no manifest", "text/plain")
    refused("ftp://localhost/x", "ftp://localhost/x")

    # Ctrl-C: it ends at once, and says how to go on.
    target.unlink()
    client = subprocess.Popen([FETCH, url, str(target)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    eventually("a block is there", lambda: marks(target) > 0)
    client.send_signal(2)
    assert client.wait(timeout=10) == 130 and "run it again" in client.stderr.read()


def main():
    need("curl")
    seed = random.randrange(1 << 32)
    print("seed", seed)
    with Server() as server:
        with_curl(server)
        flat_memory(server)
        assert server.stop() == 0
    # Slow enough to be killed in the middle.
    with Server("--rate", str(48 * MIB)) as server:
        source, url, target = killed_and_resumed(server, random.Random(seed))
        changed_and_gone(server, source, url, target)
        assert server.stop() == 0


main()
