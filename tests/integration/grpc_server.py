"""The gRPC example under a client: its counts, the access log and the metrics agree, and callers that go are noticed."""

import collections
import re
import signal
import subprocess

from harness import BUILD, Server, eventually

with Server(program="examples/16_grpc", plain=True) as server:
    client = subprocess.run([str(BUILD / "tests/integration/grpc_client"), f"127.0.0.1:{server.port}"],
                            capture_output=True, text=True, timeout=60)
    assert client.returncode == 0, client
    # A relayed call makes two.
    eventually("all calls are over", lambda: server.log_path.read_bytes().count(b'"logger":"access"') == 87 + 9)
    server.process.send_signal(signal.SIGTERM)
    page = server.process.communicate(timeout=20)[0]
    assert server.process.returncode == 0, server.process.returncode
    records = server.records()

OK, CANCELLED, DEADLINE, NOT_FOUND, INTERNAL = 0, 1, 4, 5, 13
got = {tuple(line.split("|")[:2]): int(line.split("|")[2]) for line in client.stdout.splitlines()}
assert got == {("found", "0"): 50, ("nothing", "5"): 7, ("broken", "13"): 5, ("cancelled", "1"): 6, ("too late", "4"): 6,
               ("relayed", "0"): 3, ("relayed and cancelled", "1"): 3, ("relayed too late", "4"): 3,
               ("listed", "0"): 2, ("half listed", "1"): 2}, got

access = [each for each in records if each["logger"] == "access"]
logged = collections.Counter((each["http.route"].rpartition("/")[2], each["outcome"], each.get("error.type"),
                              each.get("rpc.grpc.status_code")) for each in access)
# A relayed call is one more call of Find, which ends as the one that it is made for.
assert logged == {("Find", "completed", None, OK): 50 + 3, ("Find", "completed", None, NOT_FOUND): 7,
                  ("Find", "completed", None, INTERNAL): 5, ("Find", "cancelled", "client_closed", CANCELLED): 6 + 3,
                  ("Find", "timed_out", "deadline", DEADLINE): 6 + 3, ("Relay", "completed", None, OK): 3,
                  ("Relay", "cancelled", "client_closed", CANCELLED): 3, ("Relay", "timed_out", "deadline", DEADLINE): 3,
                  ("List", "completed", None, OK): 2, ("List", "cancelled", "client_closed", CANCELLED): 2}, logged

# The metrics say the same.
cut_short, errors, calls = collections.Counter(), collections.Counter(), 0
for name, labels, value in re.findall(r"^(\w+)\{(.*)\} (\d+)$", page, re.MULTILINE):
    labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels))
    method = labels.get("http_route", "").rpartition("/")[2]
    if name == "weir_requests_cancelled_total" and value != "0":
        cut_short[method, labels["reason"], labels["phase"]] += int(value)
    elif name == "http_server_request_duration_seconds_count":
        assert labels["network_protocol_version"] == "2", labels
        errors[labels.get("error_type", "")] += int(value)
    elif name == "http_server_active_requests":
        assert value == "0", (labels, value)
assert cut_short == {("Find", "client_closed", "handler"): 9, ("Find", "deadline", "handler"): 9,
                     ("Relay", "client_closed", "handler"): 3, ("Relay", "deadline", "handler"): 3,
                     ("List", "client_closed", "write"): 2}, cut_short
assert errors == {"": 53 + 7 + 3 + 2, "INTERNAL": 5, "client_closed": 14, "deadline": 12}, errors

# One trace through all of it, and what is logged in a method has its call's ids. Whoever stopped did so soon.
assert {each["trace_id"] for each in records} == {"4bf92f3577b34da6a3ce929d0e0e4736"}
spans = {each["span_id"] for each in access}
assert len(spans) == len(access) and {each["span_id"] for each in records} == spans
assert all(each.get("cancel.to_stop_s", 0) < 1 for each in access), access
assert sorted(each["http.response.body.size"] for each in access if each["http.route"].endswith("List"))[2:] == [80000] * 2
