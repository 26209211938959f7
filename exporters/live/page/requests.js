// Requests one by one: those under way, and the slowest with the lines of their flight recorder.

function showUnderWay(requests) {
  byId("under-way-none").hidden = requests.length !== 0;
  const body = byId("under-way");
  body.parentElement.hidden = requests.length === 0;
  fillTable(body, requests.map((each) => [
    durationText(each.seconds),
    each.method + " " + each.path,
    each.stuck ? `stuck: ${each.reason} ${durationText(each.ended_seconds)} ago`
               : each.reason ? `ending: ${each.reason}` : "running",
    each.trace_id,
  ]));
  requests.forEach((each, i) => { body.rows[i].className = each.stuck ? "stuck" : ""; });
}

function outcomeText(each) {
  if (each.outcome === "completed") return String(each.status);
  return (each.status ? each.status + " " : "") + (each.reason || each.outcome);
}

class SlowList {
  constructor(list) {
    this.list = list;
    this.items = new Map(); // by span: what somebody has unfolded stays so
  }

  show(requests) {
    byId("slow-none").hidden = requests.length !== 0;
    const slowest = requests.length ? requests[0].seconds : 1;
    const items = new Map();
    for (const each of requests) {
      const old = this.items.get(each.span_id);
      items.set(each.span_id, old && old.lines === each.lines.length ? old : this.make(each, old));
      items.get(each.span_id).bar.value = each.seconds / slowest;
    }
    const wanted = [...items.values()].map((item) => item.element);
    // First what has gone, or all behind it would move.
    for (const child of [...this.list.children]) if (!wanted.includes(child)) child.remove();
    // Only what has moved is touched: focus and screen readers stay where they are.
    wanted.forEach((item, i) => { if (this.list.children[i] !== item) this.list.insertBefore(item, this.list.children[i] || null); });
    this.items = items;
  }

  make(each, old) {
    const item = element("li");
    const fold = element("details", each.outcome === "completed" && each.status < 500 ? "" : "bad");
    const head = element("summary");
    const bar = element("progress");
    bar.max = 1;
    bar.setAttribute("aria-hidden", "true");
    head.append(element("b", "took", durationText(each.seconds)), bar, element("span", "what", each.method + " " + each.path),
                element("span", "outcome", outcomeText(each)));
    const facts = element("dl", "pairs");
    const fact = (name, text) => { const pair = element("div"); pair.append(element("dt", "", name), element("dd", "", text)); facts.append(pair); };
    fact("Ended", new Date(each.at).toLocaleTimeString("en-GB"));
    fact("Route", each.route || "none");
    fact("Sent", bytesText(each.bytes));
    fact("Trace", each.trace_id);
    fact("Span", each.span_id);
    const lines = element("div", "log recorded");
    lines.tabIndex = 0;
    lines.setAttribute("role", "region");
    lines.setAttribute("aria-label", "Flight recorder of " + each.method + " " + each.path);
    lines.append(...each.lines.map(recordLine));
    fold.append(head, facts, each.lines.length ? lines : element("p", "foot", "The flight recorder kept nothing of it."));
    item.append(fold);
    if (old) {
      fold.open = old.fold.open;
      if (old.element.contains(document.activeElement)) requestAnimationFrame(() => head.focus());
    }
    return { element: item, fold, bar, lines: each.lines.length };
  }
}
