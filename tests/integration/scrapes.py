"""What a scrape gets: exemplars that lead a real Prometheus from a bucket to a line of the access log, pages compressed
for who asks, the process's own numbers, and whole pages to the very end."""

import gzip
import http.client
import threading
import time

from harness import Server, eventually, need
from prometheus_process import Prometheus

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
TRACES = [f"4bf92f3577b34da6a3ce929d0e0e{number:04x}" for number in range(1, 6)]


def get(server, headers):
    """(header of the answer, its body) of one scrape."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", "/metrics", headers=headers)
        response = connection.getresponse()
        assert response.status == 200, response.status
        return response.headers, response.read()
    finally:
        connection.close()


def exemplars_lead_to_the_access_log():
    with Server() as server, Prometheus(server.port, "--enable-feature=exemplar-storage") as prometheus:
        for trace in TRACES:
            assert server.get("/hello", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})[0] == 200
        # One that nobody records leads to nothing, and is no example.
        unsampled = "ffffffffffffffffffffffffffffffff"
        assert server.get("/timeout", headers={"traceparent": f"00-{unsampled}-00f067aa0ba902b7-00"})[0] == 503

        def exemplars(route):
            now = time.time()
            found = prometheus.api("query_exemplars", start=now - 3600, end=now + 3600, query=(
                f'http_server_request_duration_seconds_bucket{{http_route="{route}"}}'))
            return [(series["seriesLabels"], each) for series in found for each in series["exemplars"]]

        found = eventually("an exemplar in Prometheus", lambda: exemplars("/hello"), seconds=30)
        eventually("the other request was scraped", lambda: prometheus.query(
            'http_server_request_duration_seconds_count{http_route="/timeout"} == 1'), seconds=30)
        assert not exemplars("/timeout"), exemplars("/timeout")

        assert server.stop() == 0
        access = {each["trace_id"]: each for each in server.records() if each["logger"] == "access"}
        assert unsampled in access
        for labels, exemplar in found:
            record = access[exemplar["labels"]["trace_id"]]
            assert exemplar["labels"]["trace_id"] in TRACES, exemplar
            assert exemplar["labels"]["span_id"] == record["span_id"], (exemplar, record)
            assert (labels["http_route"], record["http.route"]) == ("/hello", "/hello"), record
            assert float(exemplar["value"]) <= float(labels["le"]), (labels, exemplar)
            assert abs(exemplar["timestamp"] - time.time()) < 600, exemplar
        print(f"{len(found)} exemplars, such as {found[0][1]}")


def pages_are_compressed_for_who_asks(server):
    plain, page = get(server, {})
    assert plain["Content-Encoding"] is None
    assert plain["Content-Type"].startswith("text/plain; version=0.0.4"), plain["Content-Type"]
    packed, body = get(server, {"Accept": OPENMETRICS, "Accept-Encoding": "deflate, gzip;q=0.5"})
    assert packed["Content-Encoding"] == "gzip" and packed["Content-Type"].startswith(OPENMETRICS)
    assert len(body) * 3 < len(page), (len(body), len(page))
    assert gzip.decompress(body).endswith(b"# EOF\n")
    refused, body = get(server, {"Accept": "application/json", "Accept-Encoding": "gzip;q=0, *"})
    assert refused["Content-Encoding"] is None and refused["Content-Type"] == plain["Content-Type"]
    assert b"weir_log_records_total" in body


def the_process_is_what_the_kernel_says(server):
    samples = {name: value for (name, labels), value in server.metrics().items() if not labels}
    assert abs(samples["process_resident_memory_bytes"] / 1024 - server.resident_kib()) < 64 * 1024
    assert samples["process_virtual_memory_bytes"] > samples["process_resident_memory_bytes"]
    assert abs(samples["process_open_fds"] - server.open_files()) <= 2, "the connection that asked"
    assert samples["process_max_fds"] >= samples["process_open_fds"]
    assert samples["process_threads"] >= 2
    assert samples["process_cpu_seconds_total"] > 0
    assert abs(samples["process_start_time_seconds"] - time.time()) < 600


def scrapes_during_shutdown_are_whole(server):
    """Clients that scrape on and on, one of them on one connection, while the server stops: each answer that comes is
    complete."""
    pages, cut = [], []
    stopping = threading.Event()

    def scrape(keep):
        connection = None
        while True:
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
                connection.request("GET", "/metrics", headers={"Accept": OPENMETRICS})
                response = connection.getresponse()
            except (OSError, http.client.HTTPException):
                if stopping.is_set():
                    return
                connection = None
                continue
            try:
                pages.append(response.read())
            except (OSError, http.client.HTTPException) as error:
                cut.append(error)
            if not keep:
                connection = connection.close()

    threads = [threading.Thread(target=scrape, args=(keep,)) for keep in (False, True)]
    for thread in threads:
        thread.start()
    eventually("both scrape", lambda: len(pages) > 10)
    stopping.set()
    assert server.stop() == 0
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()
    assert not cut, cut
    assert all(page.endswith(b"# EOF\n") for page in pages)
    assert server.records()[-1]["message"] == "stopped"


def main():
    with Server() as server:
        pages_are_compressed_for_who_asks(server)
        the_process_is_what_the_kernel_says(server)
        scrapes_during_shutdown_are_whole(server)
    need("prometheus")
    exemplars_lead_to_the_access_log()


if __name__ == "__main__":
    main()
