// What the page remembers of the numbers: the last minutes, one entry a snapshot, made of differences of totals.

const kept = 180; // snapshots: three minutes at one a second

/** The totals that only grow, and their growth. A new program, or a page that was away, begins anew. */
class Series {
  constructor() { this.clear(); }

  clear() {
    this.points = []; // {at, seconds, requests, failed, buckets: of this interval, status}
    this.before = null;
  }

  add(snapshot) {
    const now = snapshot.requests;
    if (this.before && this.before.id !== snapshot.id) this.clear();
    if (this.before) {
      const old = this.before.requests;
      const seconds = (snapshot.at - this.before.at) / 1000;
      if (seconds > 0) {
        const whole = now.buckets.map((count, i) => count - old.buckets[i]);
        this.points.push({
          at: snapshot.at,
          seconds,
          requests: now.total - old.total,
          failed: now.failed - old.failed,
          buckets: whole.map((count, i) => (i === 0 ? count : count - whole[i - 1])),
          status: now.status.map((count, i) => count - old.status[i]),
        });
        if (this.points.length > kept) this.points.shift();
      }
    }
    this.before = snapshot;
  }

  /** The points of the last seconds, at least the last one. */
  last(seconds) {
    const from = this.points.length ? this.points[this.points.length - 1].at - seconds * 1000 : 0;
    return this.points.filter((point) => point.at > from);
  }

  /** Per second, of what `of` takes from a point. */
  static rate(points, of) {
    const time = points.reduce((sum, point) => sum + point.seconds, 0);
    return time > 0 ? points.reduce((sum, point) => sum + of(point), 0) / time : NaN;
  }

  /** The duration that this share of the requests did not exceed, as text: within its bucket in proportion, as
      Prometheus has it, but for the first and the last, of which nothing is known but one bound. */
  static quantile(points, bounds, share) {
    const counts = new Array(bounds.length + 1).fill(0);
    for (const point of points) point.buckets.forEach((count, i) => { counts[i] += count; });
    const wanted = share * counts.reduce((a, b) => a + b, 0);
    if (wanted === 0) return "–";
    let passed = 0, i = 0;
    while (counts[i] === 0 || passed + counts[i] < wanted) passed += counts[i++];
    if (i === 0) return "< " + durationText(bounds[0]);
    if (i === bounds.length) return "> " + durationText(bounds[i - 1]);
    return durationText(bounds[i - 1] + (bounds[i] - bounds[i - 1]) * (wanted - passed) / counts[i]);
  }

  /** How many snapshots a chart has room for: it grows with what there is to show. */
  width() { return Math.min(kept, Math.max(30, this.points.length)); }
}

// ---- numbers for people

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

function countText(value) { return whole.format(value); }
function rateText(value) { return Number.isNaN(value) ? "–" : value >= 100 ? whole.format(value) : short.format(value); }
function durationText(seconds) {
  if (Number.isNaN(seconds)) return "–";
  if (seconds < 0.001) return short.format(seconds * 1e6) + " µs";
  if (seconds < 1) return short.format(seconds * 1000) + " ms";
  if (seconds < 120) return short.format(seconds) + " s";
  if (seconds < 7200) return whole.format(seconds / 60) + " min";
  return short.format(seconds / 3600) + " h";
}
function bytesText(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; bytes >= 1000 && unit + 1 < units.length; ++unit) bytes /= 1000;
  return short.format(bytes) + " " + units[unit];
}

// ---- elements: text comes in by textContent and nothing else

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
function byId(id) { return document.getElementById(id); }
function setText(id, text) {
  const at = byId(id);
  if (at.textContent !== text) at.textContent = text;
}
/** Rows of cells; the first heads its row. Rows that are there are kept, so that what is read or chosen stays. */
function fillTable(body, rows) {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((cells, i) => {
    const row = body.rows[i] || body.insertRow();
    while (row.cells.length < cells.length) {
      const cell = element(row.cells.length === 0 ? "th" : "td");
      if (row.cells.length === 0) cell.scope = "row";
      row.append(cell);
    }
    cells.forEach((text, j) => { if (row.cells[j].textContent !== text) row.cells[j].textContent = text; });
  });
}
