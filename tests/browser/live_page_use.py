"""The live page in a real browser: with a keyboard, on a phone, and when its server is restarted."""

import contextlib
import socket

from browser import Browser
from harness import Server, eventually
from page_numbers import compare_numbers, wait_for_snapshots


def test_keyboard(server, browser):
    """What a keyboard reaches, in the order in which the page reads, each with a name and a visible focus."""
    tab = browser.open(server.url + "/weir", viewport={"width": 1280, "height": 900})
    tab.wait("document.querySelectorAll('#slow summary').length > 0 && document.querySelectorAll('#reasons tr').length > 0")
    tab.evaluate("document.querySelector('#pause').click()")  # the list is as it is, and the focus where it begins
    reached = []
    for _ in range(60):
        tab.press("Tab")
        reached.append(tab.evaluate("""(() => {
            const at = document.activeElement;
            const outline = getComputedStyle(at).outlineStyle;
            return [at.id || at.tagName.toLowerCase(), at.getBoundingClientRect().top + scrollY, outline,
                    at.getAttribute('aria-label') || at.getAttribute('aria-labelledby') || at.labels?.[0]?.textContent || at.textContent];
        })()"""))
        if reached[-1][0] == "body":
            reached.pop()
            break
    names = [name for name, *_ in reached]
    assert names[:2] == ["a", "pause"], names
    for wanted in ("level", "containing", "fields", "log"):
        assert wanted in names, names
    assert names.index("level") < names.index("containing") < names.index("log"), names
    tops = [top for _, top, *_ in reached[1:]]
    assert all(b >= a - 60 for a, b in zip(tops, tops[1:])), reached
    assert all(outline not in ("", "none") for _, _, outline, _ in reached), reached
    assert all(name.strip() for *_, name in reached), reached
    # A summary unfolds by its key, and stays so when the next snapshots come.
    tab.evaluate("document.querySelector('#pause').click()")
    tab.evaluate("document.querySelector('#slow summary').focus()")
    tab.press("Enter")
    assert tab.evaluate("document.querySelector('#slow details').open")
    wait_for_snapshots(tab, 2)
    assert tab.evaluate("document.querySelector('#slow details').open && document.activeElement.closest('#slow') !== null")
    # Landmarks and headings, as assistive technology is told of them.
    tree = tab.call("tree", selector="body")
    for part in ("banner", "main", "contentinfo", 'heading "Latency"', 'region "Cancellations"', "log ", "meter"):
        assert part in tree, (part, tree)
    tab.close()


def test_phone(server, browser):
    tab = browser.open(server.url + "/weir", viewport={"width": 320, "height": 640}, deviceScaleFactor=2)
    tab.wait("document.querySelectorAll('#slow summary').length > 0 && document.querySelector('#rate').textContent !== '–'")
    tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = false; })")
    tab.screenshot("phone")
    assert tab.call("seen")["errors"] == []
    tab.close()


def test_pause(server, browser):
    """What is paused stands still, the log as well, and what came meanwhile is there afterwards."""
    tab = browser.open(server.url + "/weir")
    tab.wait_text("#connection", "live")
    tab.wait("document.querySelectorAll('#log .line').length > 0")
    tab.call("click", selector="#pause")
    tab.wait_text("#connection", "paused")
    before = tab.text("#log")
    assert "/hello" not in before, before
    assert server.get("/hello")[0] == 200
    wait_for_snapshots(tab, 3)
    assert tab.text("#log") == before
    tab.call("click", selector="#pause")
    tab.wait_text("#connection", "live")
    tab.wait("document.querySelector('#log').textContent.includes('/hello')")
    assert tab.text("#log").startswith(before)
    tab.close()


def view(server, until):
    """Whether there was a place for one more, which it keeps."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    client.sendall(b"GET /weir/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    if b" 200 " not in client.recv(64):
        client.close()
        return False
    until.enter_context(client)
    return True


def test_too_many_viewers(server, browser):
    """A tab too many says so, and finds its place when there is one."""
    with contextlib.ExitStack() as others:
        for _ in range(8):
            # The tab before may not have given back its place yet.
            eventually("a viewer has a place", lambda: view(server, others))
        tab = browser.open(server.url + "/weir")
        tab.wait_text("#connection", "too many viewers")
    tab.wait_text("#connection", "live", 60)
    tab.close()


def test_restart(server, browser):
    """The page finds the server again, and begins anew with it."""
    tab = browser.open(server.url + "/weir")
    tab.wait_text("#connection", "live")
    port = server.port
    assert server.stop() == 0  # at once, although somebody looks
    tab.wait_text("#connection", "reconnecting")
    for _ in range(2):  # nothing is live or paused of a server that is down
        tab.call("click", selector="#pause")
        assert tab.text("#connection") == "reconnecting", tab.text("#connection")
    with Server("--port", str(port)) as again:
        tab.wait_text("#connection", "live", 30)
        tab.wait("document.querySelector('#rate').textContent !== '–'")
        compare_numbers(again, tab)
        assert "/slow" not in tab.text("#log")  # which was the other program's
        # The browser's own messages of the time without a server are no errors of the page's.
        assert all("ERR_" in text for text in tab.call("seen")["errors"]), tab.call("seen")


def main():
    with Browser() as browser, Server() as server:
        assert server.get("/slow?ms=300")[0] == 200  # something for the lists
        test_keyboard(server, browser)
        test_phone(server, browser)
        test_pause(server, browser)
        test_too_many_viewers(server, browser)
        test_restart(server, browser)


main()
