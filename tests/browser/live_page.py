"""The live page in a real browser: its numbers are those of /metrics, and hostile text stays text."""

import contextlib
import json
import re
import socket

from browser import Browser
from harness import Server
from page_numbers import compare_numbers, drive

HOSTILE = ("/</script><img/src=x/onerror=alert(1)>\"'&amp;", "/%3Cimg%20src=x%20onerror=alert(2)%3E<b>bold</b>")


def test_numbers(server, browser):
    tab = browser.open(server.url + "/weir", viewport={"width": 1280, "height": 900}, colorScheme="light")
    tab.wait_text("#connection", "live")
    drive(server)
    print("numbers on the page equal those of /metrics:", compare_numbers(server, tab), "requests")

    # The slowest, with the lines that the flight recorder kept; those that were given up as well.
    tab.wait("[...document.querySelectorAll('#slow li')].some((item) => item.textContent.includes('/slow') && item.querySelector('.recorded')?.textContent.includes('sleeping'))")
    assert re.fullmatch(r"[0-9a-f]{32}", tab.evaluate("document.querySelector('#slow dl div:nth-child(4) dd').textContent"))
    assert "/weir/events" not in tab.text("#slow")
    tab.evaluate("document.querySelector('#slow details').open = true")
    tab.screenshot("light")
    return tab


def test_under_way(server, browser, tab):
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET /slow?ms=60000 HTTP/1.1\r\nHost: test\r\n\r\n")
        tab.wait("[...document.querySelectorAll('#under-way tr')].some((row) => row.textContent.includes('GET /slow') && row.textContent.includes('running'))")
        dark = browser.open(server.url + "/weir", viewport={"width": 1280, "height": 900}, colorScheme="dark")
        dark.wait("document.querySelectorAll('#under-way tr').length === 1")
        dark.wait("document.querySelector('#rate').textContent !== '–'")
        dark.screenshot("dark")
        assert dark.call("seen")["errors"] == [], dark.call("seen")
        dark.close()
    tab.wait("document.querySelectorAll('#under-way tr').length === 0")
    assert tab.evaluate("document.querySelector('#under-way-none').hidden") is False


def test_hostile_text(server, tab):
    """Paths and log lines that look like elements are shown as they are, and nothing of them runs."""
    for target in HOSTILE:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(f"GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
            while client.recv(1 << 16):
                pass
        tab.wait(f"document.querySelector('#log').textContent.includes({json.dumps(target)})")
    assert tab.evaluate("document.querySelectorAll('main img, main script, #log .message *, .what *').length") == 0
    assert tab.call("seen")["errors"] == []


def test_level_filter(server, tab):
    tab.wait("document.querySelectorAll('#log .info').length > 0 && document.querySelectorAll('#log .warn').length > 0")
    tab.call("select", selector="#level", value="3")
    assert tab.evaluate("document.querySelectorAll('#log .info').length") == 0
    warnings = tab.evaluate("document.querySelectorAll('#log .warn').length")
    assert warnings > 0
    assert server.get("/timeout")[0] == 503  # a new one passes, and a new one below does not
    assert server.get("/hello")[0] == 200
    tab.wait(f"document.querySelectorAll('#log .warn').length > {warnings}")
    assert tab.evaluate("document.querySelectorAll('#log .info').length") == 0
    tab.call("select", selector="#level", value="0")
    tab.wait("document.querySelectorAll('#log .debug').length > 0")  # of the flight recorder
    tab.call("click", selector="#containing")
    tab.call("type", text="/TIMEOUT")
    assert tab.evaluate("[...document.querySelectorAll('#log .line')].every((line) => line.textContent.includes('/timeout'))")


def test_self_contained(server, tab):
    headers = tab.response["headers"]
    assert headers["cache-control"] == "no-store", headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-") and "unsafe" not in policy, policy
    asked = {re.sub(r"^http://127\.0\.0\.1:\d+", "", url) for url in tab.call("seen")["requests"]}
    assert asked == {"/weir", "/weir/events"}, asked
    document = server.get("/weir")[1].decode()
    assert "Permission is hereby granted, free of charge" in document  # the chart library's licence


def test_viewers_are_few(server):
    statuses = []
    with contextlib.ExitStack() as all_of_them:
        for _ in range(9):
            client = all_of_them.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            client.sendall(b"GET /weir/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            statuses.append(client.recv(12).decode()[9:])
    assert statuses == ["200"] * 8 + ["503"], statuses


def main():
    with Browser() as browser, Server() as server:
        print("Chromium", browser.version)
        tab = test_numbers(server, browser)
        test_under_way(server, browser, tab)
        test_hostile_text(server, tab)
        test_level_filter(server, tab)
        test_self_contained(server, tab)
    with Server() as server:
        test_viewers_are_few(server)


main()
