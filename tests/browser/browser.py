"""A real Chromium, driven by playwright-core under Node.js; a test is skipped where one of them is not to be had."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from harness import BUILD, need, skip

MODULES = (BUILD / "tests/browser").resolve()


def install():
    """playwright-core, as the lock file has it, into the build directory: once, and again when that file changes."""
    MODULES.mkdir(parents=True, exist_ok=True)
    with open(MODULES / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several tests may come here at once
        wanted = (HERE / "package-lock.json").read_text()
        mark = MODULES / "installed"
        if mark.exists() and mark.read_text() == wanted:
            return
        # Not again at once: a registry that hangs would cost each of the tests its time.
        failed = MODULES / "failed"
        if failed.exists() and time.time() - failed.stat().st_mtime < 600:
            skip(failed.read_text())
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / name, MODULES / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000"]
        try:
            done = subprocess.run(command, cwd=MODULES, capture_output=True, text=True, timeout=90)
        except subprocess.TimeoutExpired:
            failed.write_text("npm did not install playwright-core in 90 s")
            skip(failed.read_text())
        if done.returncode != 0:
            failed.write_text(f"npm could not install playwright-core: {done.stderr.strip()[-300:]}")
            skip(failed.read_text())
        failed.unlink(missing_ok=True)
        mark.write_text(wanted)


class Browser:
    def __init__(self):
        need("node", "npm", "chromium")
        install()
        # Without the variables that npm would be set up by: a proxy for the registry is none for 127.0.0.1.
        self.process = subprocess.Popen(["node", str(HERE / "driver.mjs"), str(MODULES), shutil.which("chromium")],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.count = 0
        self.version = self.read()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the browser's driver has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]

    def call(self, name, **given):
        self.process.stdin.write(json.dumps({"call": name, **given}) + "\n")
        self.process.stdin.flush()
        return self.read()

    def open(self, url, **options):
        """`options`: playwright's for a context: viewport, colorScheme, …"""
        self.count += 1
        return Tab(self, f"page {self.count}", url, options)


class Tab:
    def __init__(self, browser, name, url, options):
        self.browser, self.name = browser, name
        self.response = self.call("open", url=url, **options)

    def call(self, name, **given):
        return self.browser.call(name, page=self.name, **given)

    def evaluate(self, script):
        return self.call("evaluate", script=script)

    def wait(self, script, seconds=20):
        """Until the expression is true."""
        self.call("wait", script=script, seconds=seconds)

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).textContent")

    def wait_text(self, selector, text, seconds=20):
        self.wait(f"document.querySelector({json.dumps(selector)})?.textContent === {json.dumps(text)}", seconds)

    def press(self, key):
        self.call("press", key=key)

    def screenshot(self, name, whole=True):
        directory = MODULES / "pictures"
        directory.mkdir(exist_ok=True)
        self.call("screenshot", path=str(directory / f"{name}.png"), whole=whole)

    def close(self):
        self.call("close")
