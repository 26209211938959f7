"""What the live page says, and what /metrics says."""

import socket

from harness import eventually


def number(text):
    return int(text.replace(",", ""))


def drive(server):
    """Requests of several outcomes; all of them have ended when it returns."""
    server.add_file("small.bin", 1 << 16)
    for _ in range(20):
        assert server.get("/hello")[0] == 200
        assert server.get("/download/small.bin")[0] == 200
    assert server.get("/slow?ms=300")[0] == 200  # slow enough for the flight recorder
    for _ in range(3):
        assert server.get("/timeout")[0] == 503
    assert server.get("/nothing")[0] == 404
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"GET /slow?ms=60000 HTTP/1.1\r\nHost: test\r\n\r\n")
            eventually("the handler runs", lambda: server.metric("http_server_active_requests") >= 3)  # the viewer, this, the scrape
    eventually("all have ended", lambda: server.metric("http_server_active_requests") <= 2)


def wait_for_snapshots(tab, count):
    seen = int(tab.evaluate("document.body.dataset.snapshot || 0"))
    tab.wait(f"Number(document.body.dataset.snapshot) >= {seen + count}")


def compare_numbers(server, tab):
    """What the page says, and what /metrics says right after that, as nothing goes on but the page's own stream."""
    wait_for_snapshots(tab, 2)  # the first may have been under way already
    shown = tab.evaluate("""({
        statuses: Object.fromEntries([...document.querySelectorAll('#statuses tr')].map((row) => [row.cells[0].textContent, row.cells[1].textContent])),
        reasons: Object.fromEntries([...document.querySelectorAll('#reasons tr')].map((row) => [row.cells[0].textContent, [...row.cells].slice(1).map((cell) => cell.textContent)])),
        durations: [...document.querySelectorAll('#durations tr')].map((row) => row.cells[1].textContent),
        active: document.querySelector('#active').textContent, stuck: document.querySelector('#stuck').textContent,
        health: Object.fromEntries([...document.querySelectorAll('#health div')].map((pair) => [pair.children[0].textContent, pair.children[1].textContent])),
    })""")
    # The scrape itself ends after its page was made, so it is not in it. The page's own requests are none that it shows.
    page = {(name, pairs): value for (name, pairs), value in server.metrics().items()
            if dict(pairs).get("http_route") not in ("/weir", "/weir/events")}
    count = lambda name, **labels: sum(v for (n, pairs), v in page.items() if n == name and set(labels.items()) <= pairs)
    total = count("http_server_request_duration_seconds_count")
    assert number(shown["statuses"]["all"]) == total, (shown["statuses"], total)
    for name in ("2", "4", "5"):
        of_class = sum(v for (n, pairs), v in page.items() if n == "http_server_request_duration_seconds_count"
                       and dict(pairs).get("http_response_status_code", "").startswith(name))
        assert number(shown["statuses"][name + "xx"]) == of_class, (name, shown["statuses"], of_class)
    without_status = total - sum(v for (n, pairs), v in page.items() if n == "http_server_request_duration_seconds_count"
                                 and dict(pairs).get("http_response_status_code"))
    assert number(shown["statuses"]["none sent"]) == without_status, shown["statuses"]
    failed = sum(v for (n, pairs), v in page.items() if n == "http_server_request_duration_seconds_count"
                 and (dict(pairs).get("http_response_status_code", "").startswith("5") or dict(pairs).get("error_type") == "exception"))
    assert number(shown["statuses"]["failed"]) == failed, shown["statuses"]
    for reason, cells in shown["reasons"].items():
        wanted = [count("weir_requests_cancelled_total", reason=reason, phase=phase) for phase in ("read", "handler", "write")]
        assert [number(cell) for cell in cells] == [*wanted, sum(wanted)], (reason, cells, wanted)
    assert sum(number(cell) for cell in shown["durations"]) == total, shown["durations"]
    below_5ms = count("http_server_request_duration_seconds_bucket", le="0.005")
    assert number(shown["durations"][0]) == below_5ms, (shown["durations"], below_5ms)
    assert number(shown["stuck"]) == count("weir_handlers_stuck")
    assert number(shown["health"]["Dropped"]) == count("weir_log_records_total", outcome="dropped") == 0
    return int(total)
