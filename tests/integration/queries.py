"""PostgreSQL queries end with their contexts: 12_queries and the tests of its header, against a server of their own."""

import re
import subprocess

from harness import BUILD, skip
from postgres_server import PostgresServer

EXAMPLE, TESTS = BUILD / "examples/12_queries", BUILD / "tests/integration/postgres_queries"
ENDED = r"context deadline exceeded \(weir\.context:2\), \d+\.\d ms after the context's end\n"
EXPECTED = (rf"sqlite: a count to 10\^10: {ENDED}"
            r"sqlite: the next query: 6 \* 7 = 42\n"
            rf"postgresql: select pg_sleep\(60\): {ENDED}"
            rf"postgresql: select count.*: {ENDED}"
            r"postgresql: the next query: 6 \* 7 = 42\n")


def main():
    for program in (EXAMPLE, TESTS):
        if not program.exists():
            skip(f"there is no {program}: SQLite's and libpq's headers were not installed when it was configured")
    with PostgresServer() as server:
        subprocess.run([TESTS], env=server.environment, check=True)
        said = subprocess.run([EXAMPLE], env=server.environment, check=True, capture_output=True, text=True).stdout
        print(said)
        assert re.fullmatch(EXPECTED, said), said
        # Each was cancelled by the server, too: what goes on there for nobody is what matters.
        log = server.log_path.read_text()
        assert log.count("canceling statement due to user request") >= 2, log
        nowhere = subprocess.run([EXAMPLE, "host=/nowhere"], env=server.environment, capture_output=True, text=True)
        assert nowhere.returncode == 1 and "/nowhere" in nowhere.stderr, nowhere


main()
