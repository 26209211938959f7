"""Clients that abort a download at a random byte leave nothing behind, and each is counted once.

curl's reader goes away after N bytes, curl sees that and closes its connection: a real abort, whatever N is. The file is
larger than anything the kernel's buffers could hold for the server, so every abort finds it writing.
"""

import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from harness import Server, eventually, is_sanitized, need

MIB = 1 << 20
FILE_BYTES = 96 * MIB
WARM_UP, ABORTS = 20, 100
# What a server that has warmed up may still grow by: pages that the allocator and the log's buffers come to touch.
SLACK_KIB = 2048


def abort_at(url, count):
    """Downloads `count` bytes and goes away."""
    curl = subprocess.Popen(["curl", "-sS", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    taken = 0
    while taken < count:
        part = curl.stdout.read1(min(65536, count - taken))
        assert part, curl.stderr.read()
        taken += len(part)
    curl.stdout.close()
    errors = curl.stderr.read()
    assert curl.wait() == 23, errors  # "a problem writing the transfer"


def cancelled(server):
    route = {"http_route": "/download/{file}"}
    return sum(server.metric("weir_requests_cancelled_total", reason=reason, **route)
               for reason in ("client_closed", "client_reset"))


def main():
    need("curl")
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    with Server() as server:
        server.add_file("large.bin", FILE_BYTES)
        url = f"{server.url}/download/large.bin"

        def abort_many(times):
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda count: abort_at(url, count), [dice.randint(1, 32 * MIB) for _ in range(times)]))

        active = server.metric("http_server_active_requests")
        eventually("the scrape's connection is closed", server.has_no_connection)
        open_files = server.open_files()
        abort_many(WARM_UP)
        eventually("the warm-up is counted", lambda: cancelled(server) == WARM_UP)
        resident = server.resident_kib()

        abort_many(ABORTS)
        eventually("every abort is counted", lambda: cancelled(server) >= WARM_UP + ABORTS)
        assert cancelled(server) == WARM_UP + ABORTS, cancelled(server)
        assert server.metric("weir_requests_cancelled_total") == WARM_UP + ABORTS
        assert server.metric("http_server_active_requests") == active
        eventually("the connections are closed", server.has_no_connection)
        assert server.open_files() == open_files, (server.open_files(), open_files)
        grown = server.resident_kib() - resident
        print(f"resident memory: {resident} KiB, grown by {grown} KiB")
        assert is_sanitized() or grown <= SLACK_KIB, grown

        subprocess.run(["curl", "-sSf", "-o", "/dev/null", url], check=True)
        assert server.stop() == 0
        access = [each for each in server.records() if each["logger"] == "access"]
        aborted = [each for each in access if each["outcome"] == "cancelled"]
        assert len(aborted) == WARM_UP + ABORTS, len(aborted)
        for each in aborted:
            assert re.fullmatch("[0-9a-f]{32}", each["trace_id"]), each
            assert each["http.route"] == "/download/{file}" and each["cancel.phase"] == "write", each
            assert each["error.type"] in ("client_closed", "client_reset"), each
            assert each["http.response.body.size"] < FILE_BYTES, each
        assert len({each["trace_id"] for each in aborted}) == len(aborted)
        whole = [each for each in access if each["http.route"] == "/download/{file}" and each["outcome"] == "completed"]
        assert [each["http.response.body.size"] for each in whole] == [FILE_BYTES], whole


main()
