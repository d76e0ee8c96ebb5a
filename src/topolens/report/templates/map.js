function mapView() {
  const box = document.getElementById("map-view");
  if (!box) return;
  const mapped = Object.keys(data.matrices).filter((key) => data.matrices[key].map);
  if (!mapped.length) return;
  box.hidden = false;
  const [metric, cloud, path, hue] = ["metric", "cloud", "path", "colour"].map((name) => box.querySelector(`[data-select="${name}"]`));
  metricMenus(metric, cloud);
  options(path, [["all", "all models"], ["none", "no model"], ...data.models.map((model, m) => [m, model.name])], 0);
  if (data.models.length === 1) path.parentElement.hidden = true;
  hue.value = data.kin ? "depth" : "model";
  const drawing = box.querySelector(".drawing"), readout = box.querySelector(".readout");

  function draw() {
    [metric.value, cloud.value] = [comparing.metric, comparing.cloud].map(String);
    const record = data.matrices[`${comparing.cloud}-${comparing.metric}`];
    if (!record || !record.map) {
      drawing.textContent = "There is no map of this metric in this cloud: too few layers, or undefined distances.";
      readout.textContent = "";
      return;
    }
    const flat = floats(record.map);
    const at = (i) => [flat[2 * i], flat[2 * i + 1]];
    const placed = data.models.map((model, m) => model.layers.map((_, k) => starts[m] + k).filter((i) => Number.isFinite(flat[2 * i])));
    const every = placed.flat().map(at);
    const [lowX, topX] = [0, 1].map((end) => Math[end ? "max" : "min"](...every.map((p) => p[0])));
    const [lowY, topY] = [0, 1].map((end) => Math[end ? "max" : "min"](...every.map((p) => p[1])));
    const wide = Math.max(280, drawing.clientWidth), air = wide < 500 ? 16 : 46;
    const unit = Math.min((wide - 2 * air) / (topX - lowX || 1), (Math.min(560, wide * 0.8) - 2 * air) / (topY - lowY || 1));
    const tall = Math.max(160, unit * (topY - lowY) + 2 * air);
    const spot = (i) => { const [px, py] = at(i); return [wide / 2 + unit * (px - (lowX + topX) / 2), tall / 2 - unit * (py - (lowY + topY) / 2)].map((v) => Number(v.toFixed(1))); };
    const inFront = highlight.model !== null ? highlight.model : path.value === "all" || path.value === "none" ? null : Number(path.value);
    const layers = [[], []];
    placed.forEach((rows, m) => {
      if (!rows.length) return;
      const model = data.models[m], front = inFront === m, own = `var(--series-${model.series})`;
      const name = (i) => model.layers[i - starts[m]][0];
      const fill = (i) => hue.value === "model" ? own : shade(0.2 + 0.78 * model.layers[i - starts[m]][1]);
      const parts = [];
      if (front || (path.value === "all" && inFront === null)) {
        parts.push(`<path class="way${front ? " front" : ""}" style="stroke:${own}" d="M${rows.map((i) => spot(i).join(" ")).join("L")}"/>`);
      }
      rows.forEach((i) => {
        const [px, py] = spot(i);
        const behind = inFront !== null && !front;
        parts.push(`<circle cx="${px}" cy="${py}" r="${front ? 5 : 4}" style="fill:${fill(i)}" class="layer${behind ? " behind" : ""}" data-tip="${safe(`${model.name} · ${name(i)}`)}"/>`);
      });
      const [first, last] = [spot(rows[0]), spot(rows[rows.length - 1])];
      if (front || inFront === null) {
        parts.push(`<circle class="end" style="stroke:${own}" cx="${first[0]}" cy="${first[1]}" r="8"/><rect class="end" style="stroke:${own}" x="${last[0] - 7}" y="${last[1] - 7}" width="14" height="14"/>`);
      }
      if (front) parts.push(namesAlong(rows.map((i) => [...spot(i), name(i)]), wide));
      layers[front ? 1 : 0].push(parts.join(""));
    });
    drawing.innerHTML = svg(Math.round(wide), Math.round(tall), "Map of all layers", layers.flat().join(""));
    const words = hue.value === "model" ? "" : " Colour runs with depth, from dark (first layer) to light (last).";
    readout.textContent = `Stress ${shown(record.stress)}${record.stress > 0.2 ? ": trust only the coarse picture" : ""}.${words}`;
  }
  // A name is left out where it would lie on one that stands already; the ends come first.
  function namesAlong(places, wide) {
    const order = [places[0], places[places.length - 1], ...places.slice(1, -1)];
    const taken = [];
    return order.map(([px, py, text]) => {
      const width = 6.2 * text.length, left = px + 11 + width > wide ? px - 11 - width : px + 11;
      const box = [left, py - 7, left + width, py + 7];
      if (taken.some((t) => box[0] < t[2] && t[0] < box[2] && box[1] < t[3] && t[1] < box[3])) return "";
      taken.push(box);
      return `<text class="halo" x="${left}" y="${py}" dy="0.34em">${safe(text)}</text>`;
    }).join("");
  }
  box.addEventListener("change", () => {
    comparing.metric = Number(metric.value);
    comparing.cloud = Number(cloud.value);
    redraws.forEach((redraw) => redraw());
  });
  redraws.push(draw);
}
