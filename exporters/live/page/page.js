// The page itself: takes snapshots in and shows them.

const series = new Series();
const heatMap = new HeatMap(byId("heat"), byId("heat-note"));
const log = new LogView(byId("log"), byId("level"), byId("containing"), byId("fields"));
const slow = new SlowList(byId("slow"));
const statusNames = ["none sent", "1xx", "2xx", "3xx", "4xx", "5xx"];
let latest = null;
let slowest = [];
let paused = false;
let held = []; // records that came during a pause
let restarted = false; // another program during a pause
let stuckBefore = 0;

// ---- the chart

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
let chart = null;
// Its legend sets a style in a way that the page's policy forbids, and the page has one of its own.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);
function chartData() {
  const rows = series.points.map((point) => [new Date(point.at), point.requests / point.seconds, point.failed / point.seconds]);
  return rows.length ? rows : [[new Date(), 0, 0]];
}
function chartWindow() {
  const end = latest ? latest.at : Date.now();
  return [end - series.width() * 1000 * (latest ? latest.interval : 1), end];
}
function makeChart() {
  if (chart) chart.destroy();
  chart = new Dygraph(byId("rate-chart"), chartData(), {
    labels: ["time", "all", "failed"],
    colors: [colour("--answered"), colour("--failed")],
    strokeWidth: 1.75, fillGraph: true, fillAlpha: 0.12, includeZero: true, legend: "never",
    gridLineColor: colour("--line"), axisLineColor: "transparent", axisLabelFontSize: 11, highlightCircleSize: 0,
    axes: { x: { drawGrid: false, axisLabelWidth: 64 }, y: { axisLabelWidth: 44, pixelsPerLabel: 36 } },
    dateWindow: chartWindow(), interactionModel: {}, xRangePad: 0, yRangePad: 4,
  });
}

// ---- the figures

function showFigures(snapshot) {
  const requests = snapshot.requests;
  const recent = series.last(10);
  setText("rate", rateText(Series.rate(series.last(1), (point) => point.requests)));
  setText("failing", rateText(Series.rate(series.last(1), (point) => point.failed)));
  setText("p50", Series.quantile(recent, requests.bounds, 0.5));
  setText("p99", Series.quantile(recent, requests.bounds, 0.99));
  setText("active", countText(requests.active));
  setText("stuck", countText(requests.stuck));
  byId("stuck-figure").classList.toggle("alarming", requests.stuck > 0);
  // Said when it changes, not every second.
  if (requests.stuck !== stuckBefore)
    setText("alarm", requests.stuck ? `${requests.stuck} handlers are stuck` : "No handler is stuck any more");
  stuckBefore = requests.stuck;

  fillTable(byId("statuses"), [
    ...requests.status.map((total, i) => [statusNames[i], countText(total), rateText(Series.rate(recent, (point) => point.status[i]))]),
    ["failed", countText(requests.failed), rateText(Series.rate(recent, (point) => point.failed))],
    ["all", countText(requests.total), rateText(Series.rate(recent, (point) => point.requests))],
  ]);
  fillTable(byId("durations"), requests.buckets.map((upTo, i) => [
    i < requests.bounds.length ? durationText(requests.bounds[i]) : "more",
    countText(i === 0 ? upTo : upTo - requests.buckets[i - 1]),
    countText(recent.reduce((sum, point) => sum + point.buckets[i], 0)),
  ]));
}

function showCancelled(cancelled) {
  const all = Object.entries(cancelled.reasons).map(([reason, phases]) => [reason, phases, phases.reduce((a, b) => a + b, 0)]);
  const most = Math.max(1, ...all.map(([, , sum]) => sum));
  const body = byId("reasons");
  fillTable(body, all.map(([reason, phases, sum]) => [reason, ...phases.map(countText), countText(sum)]));
  // The bar behind a row's name; CSSOM, which the policy allows.
  all.forEach(([, , sum], i) => { body.rows[i].cells[0].style.setProperty("--share", `${100 * sum / most}%`); });
  setText("for-nobody", `Handlers went on for nobody for ${durationText(cancelled.stop_seconds)} in all; ` +
          `${bytesText(cancelled.wasted_bytes)} were sent in vain.`);
}

function showStream(stream, passedOver) {
  if (!stream) return;
  const limit = stream.memory_limit_bytes || 1;
  byId("queue").value = stream.queue_bytes / limit;
  setText("queue-text", `${bytesText(stream.queue_bytes)} of ${bytesText(limit)}`);
  const dropped = Object.entries(stream.dropped).filter(([, count]) => count > 0);
  const sum = dropped.reduce((total, [, count]) => total + count, 0);
  const rows = [
    ["Written", countText(stream.written), ""],
    ["Dropped", sum ? `${countText(sum)} (${dropped.map(([why, count]) => `${countText(count)} ${why}`).join(", ")})` : "0", sum ? "alarming" : ""],
    ["Batches", stream.batches ? `${countText(stream.batches)}, of ${short.format(stream.batch_records / stream.batches)} records each` : "0", ""],
    ["A write took", stream.writes ? durationText(stream.write_seconds / stream.writes) : "–", ""],
    ["Sink errors", countText(stream.sink_errors), stream.sink_errors ? "alarming" : ""],
    ["Calls that waited", stream.blocked_calls ? `${countText(stream.blocked_calls)}, for ${durationText(stream.blocked_seconds)}` : "0", ""],
    ["From the flight recorder", countText(stream.recorder_emitted), ""],
  ];
  const list = byId("health");
  while (list.children.length < rows.length) {
    const pair = element("div");
    pair.append(element("dt"), element("dd"));
    list.append(pair);
  }
  rows.forEach(([name, text, mark], i) => {
    const pair = list.children[i];
    pair.className = mark;
    pair.children[0].textContent = name;
    if (pair.children[1].textContent !== text) pair.children[1].textContent = text;
  });
  setText("passed-over", passedOver ? `${countText(passedOver)} more were not sent here` : "");
}

function draw() {
  if (!latest) return;
  chart.updateOptions({ file: chartData(), dateWindow: chartWindow() });
  heatMap.draw(series.points, latest.requests.bounds, series.width());
}

function render() {
  if (restarted) log.clear();
  restarted = false;
  log.add(held);
  held = [];
  document.title = latest.title + " · weir";
  setText("title", latest.title);
  const others = latest.viewers > 1 ? `, ${latest.viewers} look at it` : "";
  setText("since", "for " + durationText((latest.at - latest.started) / 1000) + others);
  showFigures(latest);
  showCancelled(latest.cancelled);
  showStream(latest.stream, latest.passed_over);
  if (latest.under_way) showUnderWay(latest.under_way);
  slow.show(slowest);
  draw();
}

function take(snapshot) {
  if (latest && latest.id !== snapshot.id) {
    restarted = true;
    held = [];
  }
  latest = snapshot;
  if (snapshot.slow) slowest = snapshot.slow; // only when it has changed
  series.add(snapshot);
  held = held.concat(snapshot.records).slice(-log.most);
  if (!paused) render();
}

// ---- the connection

const address = location.pathname.replace(/\/$/, "") + "/events" + location.search;
const refusals = { 401: "wants its token", 403: "not for this browser", 503: "too many viewers" };
const shortestWait = 2000, longestWait = 30000; // ms
let source = null;
let wait = shortestWait;
let retry = 0; // of a timer
let trouble = "connecting";

/** Paused is only what would be live. */
function showConnection() {
  const open = source !== null && source.readyState === EventSource.OPEN;
  setText("connection", !open ? trouble : paused ? "paused" : "live");
  byId("connection").className = "state " + (!open ? "bad" : paused ? "held" : "good");
}

function connect() {
  disconnect();
  if (document.hidden) return;
  source = new EventSource(address);
  showConnection();
  source.onmessage = (event) => {
    wait = shortestWait;
    trouble = "reconnecting";
    showConnection();
    take(JSON.parse(event.data));
    document.body.dataset.snapshot = event.lastEventId; // for who waits for it
  };
  source.onerror = () => {
    showConnection();
    // A browser tries again by itself when a connection ends, and gives up when it is answered with an error.
    if (source.readyState === EventSource.CLOSED) giveWay(source);
  };
}

function disconnect() {
  clearTimeout(retry);
  if (source) source.close();
}

/** Says why the events were refused, which an EventSource does not, and tries again: later each time, as each counts as a
    failed request of the server's. */
async function giveWay(refused) {
  const asking = new AbortController();
  const status = await fetch(address, { signal: asking.signal }).then((answer) => answer.status, () => 0);
  asking.abort(); // the events, should there be a place by now
  if (refused !== source || document.hidden) return; // another connection since
  const isRefusal = status >= 400;
  trouble = isRefusal ? refusals[status] || `refused: ${status}` : "reconnecting";
  showConnection();
  retry = setTimeout(connect, wait);
  wait = isRefusal ? Math.min(2 * wait, longestWait) : shortestWait;
}

byId("pause").addEventListener("click", () => {
  paused = !paused;
  byId("pause").setAttribute("aria-pressed", String(paused));
  showConnection();
  if (!paused && latest) render();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { makeChart(); draw(); });
addEventListener("resize", () => { chart.resize(); draw(); });
// What is not looked at costs nothing.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) disconnect();
  if (!document.hidden) { series.clear(); connect(); }
});
makeChart();
connect();
