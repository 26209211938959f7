"""The smallest server: what its handler reads and sets arrives, and SIGTERM ends it."""

import subprocess

from harness import Example, need

need("curl")
with Example("26_small_server") as server:
    answer = subprocess.run(["curl", "-q", "--silent", "--include", "--header", "Accept-Language: de",
                             server.url + "/items/7?unit=k%67"], capture_output=True, text=True, check=True).stdout
    head, body = answer.replace("\r", "").split("\n\n")
    assert body == "item 7 by the kg, in de\n", answer
    cookies = [line for line in head.splitlines() if line.startswith("Set-Cookie: ")]
    assert [line.split("=")[0] for line in cookies] == ["Set-Cookie: seen", "Set-Cookie: theme"], head

    plain = subprocess.run(["curl", "-q", "--silent", server.url + "/items/8"], capture_output=True, check=True)
    assert plain.stdout == b"item 8 by the piece, in en\n", plain
lines = server.log.splitlines()
assert len(lines) == 2, lines
for line in lines:
    assert "http.route=/items/{id}" in line and "outcome=completed" in line, line
