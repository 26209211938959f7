// The latency heat map: a column for each snapshot, a row for each bucket, the darker the more requests.

class HeatMap {
  constructor(canvas, note) {
    this.canvas = canvas;
    this.note = note;
    this.cells = null;
    canvas.addEventListener("pointermove", (event) => this.tell(event));
    canvas.addEventListener("pointerleave", () => { note.hidden = true; });
  }

  /** `columns`: how many there is room for. */
  draw(points, bounds, columns) {
    const box = this.canvas.getBoundingClientRect();
    const scale = window.devicePixelRatio || 1;
    const width = Math.round(box.width * scale), height = Math.round(box.height * scale);
    if (width === 0) return;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--heat").trim(), grid = style.getPropertyValue("--line").trim();
    const faint = style.getPropertyValue("--faint").trim();
    const pen = this.canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.scale(scale, scale);

    const left = 52, rows = bounds.length + 1, row = box.height / rows;
    const column = (box.width - left) / columns;
    let most = 1;
    for (const point of points) for (const count of point.buckets) most = Math.max(most, count);
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    for (let i = 0; i <= bounds.length; ++i) {
      const y = box.height - i * row;
      pen.fillStyle = grid;
      pen.fillRect(left, Math.round(y) - 1, box.width - left, 1);
      // Every other bound, where rows are too narrow for all of them; the line above a row is its bound.
      if (i > 0 && (row >= 13 || i % 2 === 0)) {
        pen.fillStyle = faint;
        pen.fillText(durationText(bounds[i - 1]), left - 8, Math.max(7, y));
      }
    }
    pen.fillStyle = ink;
    const first = box.width - points.length * column;
    points.forEach((point, i) => {
      point.buckets.forEach((count, bucket) => {
        if (count === 0) return;
        // By logarithm, as buckets differ by orders of magnitude; the least stays visible.
        pen.globalAlpha = 0.16 + 0.84 * Math.log1p(count) / Math.log1p(most);
        const x = first + i * column, y = box.height - (bucket + 1) * row;
        pen.fillRect(x, y + 1, Math.max(1, column - (column > 4 ? 1 : 0)), Math.max(1, row - 1.5));
      });
    });
    pen.globalAlpha = 1;
    this.cells = { points, bounds, first, column, row, height: box.height };
  }

  tell(event) {
    if (!this.cells) return;
    const { points, bounds, first, column, row, height } = this.cells;
    const point = points[Math.floor((event.offsetX - first) / column)];
    const bucket = Math.floor((height - event.offsetY) / row);
    if (!point || bucket < 0 || bucket > bounds.length) { this.note.hidden = true; return; }
    const to = bucket < bounds.length ? durationText(bounds[bucket]) : "more";
    const from = bucket === 0 ? "0" : durationText(bounds[bucket - 1]);
    this.note.textContent = `${new Date(point.at).toLocaleTimeString()}: ${countText(point.buckets[bucket])} from ${from} to ${to}`;
    this.note.hidden = false;
  }
}
