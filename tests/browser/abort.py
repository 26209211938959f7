"""A page's AbortController ends its fetch: the handler learns of it soon, and the log says what had been sent."""

import datetime

from browser import Browser
from harness import Server, eventually

# Resolves to the moment of the abort, in seconds since 1970.
ABORT_WHILE_WAITING = """(async () => {
  const controller = new AbortController();
  const answer = fetch('/slow?ms=60000', { signal: controller.signal }).catch((error) => error.name);
  while (!(await (await fetch('/metrics')).text()).includes('http_server_active_requests{http_request_method="GET",url_scheme="http"} 2')) {}
  const at = (performance.timeOrigin + performance.now()) / 1000;
  controller.abort();
  return [at, await answer];
})()"""

ABORT_WHILE_READING = """(async () => {
  const controller = new AbortController();
  const answer = await fetch('/download/large.bin', { signal: controller.signal });
  const reader = answer.body.getReader();
  let taken = 0;
  while (taken < 1e6) taken += (await reader.read()).value.length;
  const at = (performance.timeOrigin + performance.now()) / 1000;
  controller.abort();
  return [at, await reader.read().catch((error) => error.name), taken];
})()"""

# Aborts between two events, when all that was sent has been read: the first event, of some kilobytes, ends in an empty
# line, and the next is made an interval later.
ABORT_WHILE_STREAMING = """(async () => {
  const controller = new AbortController();
  const answer = await fetch('/weir/events', { signal: controller.signal });
  if (answer.status !== 200) throw new Error(await answer.text());
  const reader = answer.body.getReader();
  let taken = 0;
  for (let text = ''; !text.endsWith('\\n\\n');) {
    const { value } = await reader.read();
    taken += value.length;
    text = new TextDecoder().decode(value);
  }
  const at = (performance.timeOrigin + performance.now()) / 1000;
  controller.abort();
  return [at, await reader.read().catch((error) => error.name), taken];
})()"""


def seconds(record):
    return datetime.datetime.fromisoformat(record["time"].replace("Z", "+00:00")).timestamp()


def access_record(server, path, number=1):
    found = [each for each in server.records() if each["logger"] == "access" and each["url.path"] == path]
    return found[number - 1] if len(found) >= number else None


def report(name, aborted_at, record):
    # The record is made when the request has ended, after the handler has.
    print(f"{name}: {record['error.type']} {1000 * (seconds(record) - aborted_at):.1f} ms after the abort, handler stopped "
          f"{1e6 * record['cancel.to_stop_s']:.0f} µs after the signal, {record['http.response.body.size']} bytes sent")


def main():
    with Server() as server, Browser() as browser:
        size = server.add_file("large.bin", 64 << 20).stat().st_size
        tab = browser.open(server.url + "/hello")

        aborted_at, outcome = tab.evaluate(ABORT_WHILE_WAITING)
        assert outcome == "AbortError", outcome
        record = eventually("the handler has stopped", lambda: access_record(server, "/slow"))
        report("waiting", aborted_at, record)
        assert record["outcome"] == "cancelled" and record["cancel.phase"] == "handler", record
        assert record["error.type"] in ("client_closed", "client_reset"), record
        assert record["http.response.body.size"] == 0, record
        assert seconds(record) - aborted_at < 5, record

        aborted_at, outcome, taken = tab.evaluate(ABORT_WHILE_READING)
        assert outcome == "AbortError", outcome
        record = eventually("the download has stopped", lambda: access_record(server, "/download/large.bin"))
        report("reading", aborted_at, record)
        assert record["outcome"] == "cancelled" and record["cancel.phase"] == "write", record
        assert record["error.type"] in ("client_closed", "client_reset"), record
        assert taken <= record["http.response.body.size"] < size, (taken, record)
        assert seconds(record) - aborted_at < 5, record

        # On a busy machine an event may come between the last read and the abort: then again.
        for attempt in range(1, 11):
            aborted_at, outcome, taken = tab.evaluate(ABORT_WHILE_STREAMING)
            assert outcome == "AbortError" and taken > 0, (outcome, taken)
            record = eventually("the stream has stopped", lambda: access_record(server, "/weir/events", attempt))
            report("streaming", aborted_at, record)
            assert record["outcome"] == "cancelled" and record["http.response.status_code"] == 200, record
            assert taken <= record["http.response.body.size"], (taken, record)
            if taken == record["http.response.body.size"] and record["error.type"] == "client_closed":
                break
        else:
            raise AssertionError(f"{attempt} streams were aborted while something was on its way: {record}")
        assert seconds(record) - aborted_at < 5, record
        assert server.metric("weir_requests_cancelled_total", http_route="/weir/events") == attempt

        for route in ("/slow", "/download/{file}"):
            assert server.metric("weir_requests_cancelled_total", http_route=route) == 1, route
        eventually("nothing goes on", lambda: server.metric("http_server_active_requests") == 1)  # the scrape


main()
