"""A PostgreSQL server of a test's own: in a temporary directory, on a Unix socket only, gone with the test."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from harness import eventually, need, skip

USER = "weir"


def programs():
    """The directory with initdb and postgres; Debian puts it on nobody's path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: float(each.parent.name))
    on_path = shutil.which("initdb")
    for each in [Path(on_path).parent] if on_path else reversed(places):
        if (each / "initdb").exists() and (each / "postgres").exists():
            return each
    skip("PostgreSQL's server is not installed")


class PostgresServer:
    def __init__(self):
        need("setpriv")
        found = programs()
        # It refuses to run as root; and should the test be killed, it is to end as well.
        self.become = ["setpriv", "--pdeathsig", "QUIT"]
        owner = None
        if os.getuid() == 0:
            try:
                owner = pwd.getpwnam("postgres")
            except KeyError:
                skip("root cannot run PostgreSQL, and there is no user postgres")
            self.become += ["--reuid", str(owner.pw_uid), "--regid", str(owner.pw_gid), "--clear-groups"]
        self.directory = Path(tempfile.mkdtemp(prefix="weir-postgres-"))
        if owner:
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)
        others = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        self.environment = {**others, "PGHOST": str(self.directory), "PGUSER": USER, "PGDATABASE": "postgres"}
        self.log_path = self.directory / "log"
        self.process = None
        try:
            self.start(found)
        except BaseException:
            self.stop()
            raise

    def start(self, found):
        data = self.directory / "data"
        subprocess.run([*self.become, found / "initdb", "--pgdata", data, "--username", USER, "--auth", "trust",
                        "--encoding", "UTF8", "--locale", "C", "--no-sync"],
                       cwd=self.directory, stdout=subprocess.DEVNULL, check=True)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([*self.become, found / "postgres", "-D", data, "-k", self.directory,
                                             "-p", "5432", "-c", "listen_addresses=", "-c", "fsync=off"],
                                            cwd=self.directory, env=self.environment, stdout=log, stderr=log)
        eventually("PostgreSQL takes connections", self.is_ready, seconds=60.0)

    def is_ready(self):
        said = self.log_path.read_text(errors="replace")
        assert self.process.poll() is None, said
        return "ready to accept connections" in said

    def stop(self):
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGQUIT)  # it ends its backends, and itself, at once
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if error[0] is not None:
            print("--- the server's log:", self.log_path.read_text(errors="replace")[-4000:], sep="\n")
        self.stop()
