// The log: the records that the page has been sent, those of a level and up, and with some text in them.

const levels = ["trace", "debug", "info", "warn", "error", "critical"];
const told = new Set(["time", "level", "logger", "message", "trace_id", "span_id"]);

function valueText(value) { return typeof value === "string" ? value : JSON.stringify(value); }

/** One record as a line; everything in it is text. */
function recordLine(record) {
  const line = element("p", "line " + (levels.includes(record.level) ? record.level : "info"));
  const time = record.time ? new Date(record.time) : null;
  const clock = element("time", "", time ? time.toLocaleTimeString("en-GB") : "");
  if (record.time) { clock.dateTime = record.time; clock.title = record.time; }
  line.append(clock, " ", element("b", "level", record.level), " ", element("span", "logger", record.logger), " ",
              element("span", "message", record.message));
  const fields = element("span", "fields");
  for (const [key, value] of Object.entries(record))
    if (!told.has(key)) fields.append(" ", element("span", "key", key + "="), valueText(value));
  if (record.trace_id) fields.append(" ", element("span", "key", "trace="), record.trace_id);
  line.append(fields);
  return line;
}

class LogView {
  constructor(box, level, containing, fields) {
    this.box = box;
    this.level = level;
    this.containing = containing;
    this.most = 500;
    this.records = [];
    this.last = 0;
    level.addEventListener("change", () => this.show());
    containing.addEventListener("input", () => this.show());
    fields.addEventListener("change", () => { box.classList.toggle("with-fields", fields.checked); this.toEnd(); });
  }

  clear() {
    this.records = [];
    this.last = 0;
    this.show();
  }

  /** `news`: pairs of number and record, some of which may be here already. */
  add(news) {
    const follows = this.atEnd();
    for (const [number, record] of news) {
      if (number <= this.last) continue;
      this.last = number;
      const entry = { severity: levels.indexOf(record.level), line: recordLine(record) };
      entry.text = entry.line.textContent.toLowerCase();
      this.records.push(entry);
      if (this.passes(entry)) this.box.append(entry.line);
    }
    while (this.records.length > this.most) this.records.shift().line.remove();
    if (follows) this.toEnd();
  }

  passes(entry) {
    return entry.severity >= Number(this.level.value) && entry.text.includes(this.containing.value.toLowerCase());
  }
  show() {
    this.box.replaceChildren(...this.records.filter((entry) => this.passes(entry)).map((entry) => entry.line));
    this.toEnd();
  }
  /** Whoever has scrolled up is reading. */
  atEnd() { return this.box.scrollTop + this.box.clientHeight >= this.box.scrollHeight - 8; }
  toEnd() { this.box.scrollTop = this.box.scrollHeight; }
}
