"""The example of an existing server: what the marked lines add is there, and a client that goes is noticed."""

import re
import subprocess

from harness import BUILD, Example, need

need("curl")
with Example("03_existing_server") as server:
    answered = subprocess.run(["curl", "-q", "--silent", server.url + "/a"], capture_output=True, text=True)
    assert answered.stdout == "hello\n", answered
    given_up = subprocess.run(["curl", "-q", "--silent", "--max-time", "0.1", server.url + "/b"])
    assert given_up.returncode == 28, given_up
    # Its record is written when the server has noticed, before this one's: half a second later.
    subprocess.run(["curl", "-q", "--silent", server.url + "/c"], check=True, capture_output=True)
    for limit, target in (("100", "/d"), ("-1", "/e")):
        late = subprocess.run(["curl", "-q", "--silent", "--write-out", "%{http_code}", "--header",
                               f"X-Request-Timeout-Ms: {limit}", server.url + target], capture_output=True, text=True)
        assert late.stdout == "too late\n504", late
lines = server.log.splitlines()
assert len(lines) == 5, server.log
assert "GET /a 200" in lines[0] and "http.route=/{any}" in lines[0] and re.search(r"trace_id=[0-9a-f]{32} span_id=[0-9a-f]{16}", lines[0]), lines
assert "GET /b 499" in lines[1] and "error.type=client_closed cancel.phase=handler" in lines[1], lines
assert "GET /c 200" in lines[2], lines
for line, target, outcome in ((lines[3], "/d", "timed_out"), (lines[4], "/e", "refused")):
    assert f"GET {target} 504" in line and f"outcome={outcome} " in line and "error.type=deadline" in line, line
wrong = subprocess.run([str(BUILD / "examples/03_existing_server"), "70000"], capture_output=True, text=True)
assert wrong.returncode == 1 and "70000" in wrong.stderr, wrong
