"""What those who run the server ask of it: life and readiness around its end, the levels of its log, the live page."""

import http.client
import signal
import time

from harness import Server, eventually

TOKEN = "0123456789abcdef"


def ask(server, method, target, body=None, **headers):
    connection = http.client.HTTPConnection("localhost", server.port, timeout=10)
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def guarded():
    elsewhere = {"X-Forwarded-For": "192.0.2.1"}
    with Server() as server:
        assert ask(server, "GET", "/log-levels")[0] == 200
        assert ask(server, "GET", "/log-levels", **elsewhere)[0] == 403
        assert ask(server, "GET", "/log-levels", Host="evil.example")[0] == 403
        assert ask(server, "PUT", "/log-levels", "trace", Origin="http://evil.example")[0] == 403
    # With a token it is wanted of everybody: who comes from this machine may be a proxy.
    with Server("--token", TOKEN) as server:
        for headers in ({}, elsewhere):
            assert ask(server, "GET", "/log-levels", **headers)[0] == 401
            assert ask(server, "GET", "/log-levels", **headers, Authorization="Bearer 0123456789abcdeg")[0] == 401
            assert ask(server, "GET", "/log-levels", **headers, Authorization=f"Bearer {TOKEN}")[0] == 200


def live_page():
    """Who may not see the live page is told why, by its stream of events, too."""
    with Server() as server:
        for target in ("/weir", "/weir/events"):
            status, why = ask(server, "GET", target, **{"X-Forwarded-For": "192.0.2.1"})
            assert status == 403 and why.startswith("This page is for browsers on "), (target, status, why)
    with Server("--token", TOKEN) as server:
        for target in ("/weir", "/weir/events"):
            status, why = ask(server, "GET", target)
            assert status == 401 and why.startswith("This page wants its token"), (target, status, why)


def levels():
    with Server() as server:
        assert ask(server, "GET", "/log-levels") == (200, "info\n")
        status, why = ask(server, "PUT", "/log-levels", "app=loud")
        assert status == 400 and "app=loud" in why, (status, why)
        assert ask(server, "PUT", "/log-levels", "warn,app=debug\n") == (200, "warn,app=debug\n")
        assert ask(server, "DELETE", "/log-levels")[0] == 405
        changed = eventually("the change is in the log",
                             lambda: [each for each in server.records() if each.get("logger") == "weir.levels"])
        assert [each["levels"] for each in changed] == ["warn,app=debug"], changed
        # Ordinary requests were told at info, which the stream does not log any more.
        before = len([each for each in server.records() if each.get("logger") == "access"])
        assert ask(server, "GET", "/hello")[0] == 200
        assert ask(server, "PUT", "/log-levels", "info")[0] == 200
        assert ask(server, "GET", "/hello")[0] == 200
        eventually("the second of them is told", lambda: len(
            [each for each in server.records() if each.get("url.path") == "/hello"]) == 1)
        assert before >= 1, before


def end():
    with Server("--unready", "1500") as server:
        assert ask(server, "GET", "/healthz") == (200, "alive\n")
        assert ask(server, "GET", "/readyz") == (200, "ready\n")
        waiting = http.client.HTTPConnection("localhost", server.port, timeout=20)
        waiting.request("GET", "/slow?ms=3000")
        eventually("it is under way", lambda: server.metric("http_server_active_requests") >= 2)
        server.process.send_signal(signal.SIGTERM)
        eventually("it says that it is about to stop", lambda: ask(server, "GET", "/readyz")[0] == 503)
        assert ask(server, "GET", "/healthz")[0] == 200, "it goes on serving meanwhile"
        eventually("then it accepts no more", lambda: refused(server))
        answer = waiting.getresponse()
        assert (answer.status, answer.read()) == (200, b"done after 3000 ms\n")
        assert server.process.wait(timeout=20) == 0
        records = server.records()
        assert records[-1]["message"] == "stopped", records[-1]
        assert [each for each in records if each.get("url.path") == "/slow"][0]["http.response.status_code"] == 200


def refused(server):
    try:
        ask(server, "GET", "/healthz")
    except OSError:
        return True
    time.sleep(0.05)
    return False


if __name__ == "__main__":
    guarded()
    live_page()
    levels()
    end()
