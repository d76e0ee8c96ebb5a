function labelOf(item) {
  const model = data.models[item[0]];
  return [model.name, model.layers[item[1]][0]];
}
const valuesOf = (record) => (record.floats = record.floats || floats(record.values));
// Dark means alike, as in the printed heat maps: viridis from its dark end.
const STOPS = [[68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121], [109, 205, 89], [180, 222, 44], [253, 231, 37]];
function shade(share) {
  const place = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(place)), rest = place - low;
  return `rgb(${STOPS[low].map((v, i) => Math.round(v + rest * (STOPS[low + 1][i] - v))).join()})`;
}

function heatTips() {
  document.querySelectorAll("image[data-matrix]").forEach((image) => {
    const record = data.matrices[image.dataset.matrix];
    if (!record) return;
    const n = record.items.length;
    image.addEventListener("pointermove", (event) => {
      const box = image.getBoundingClientRect();
      const row = Math.floor(((event.clientY - box.top) / box.height) * n);
      const column = Math.floor(((event.clientX - box.left) / box.width) * n);
      if (row < 0 || column < 0 || row >= n || column >= n) return hideTip();
      const names = [row, column].map((i) => labelOf(record.items[i]).join(" · "));
      showTip(`${names[0]}\n${names[1]}\n${shown(valuesOf(record)[row * n + column])}`, event);
    });
    image.addEventListener("pointerleave", hideTip);
  });
}

function pairView() {
  const box = document.getElementById("pair-view");
  if (!box) return;
  const keys = Object.keys(data.matrices);
  if (!keys.length) return;
  box.hidden = false;
  const canvas = box.querySelector("canvas");
  const [rows, columns, matrix] = ["rows", "columns", "matrix"].map((name) => box.querySelector(`[data-select="${name}"]`));
  const present = [...new Set(data.matrices[keys[0]].items.map((item) => item[0]))];
  const names = present.map((m) => [m, data.models[m].name]);
  options(rows, names, present[0]);
  options(columns, names, present[Math.min(1, present.length - 1)]);
  options(matrix, keys.map((key) => [key, `${data.matrices[key].metric.replaceAll("_", " ").replace("wasserstein", "Wasserstein").replace(/\bcka\b/, "CKA")}, cloud ${data.matrices[key].cloud}`]));

  function draw() {
    const record = data.matrices[matrix.value];
    const values = valuesOf(record), n = record.items.length;
    const pick = (m) => record.items.map((item, i) => [item, i]).filter(([item]) => item[0] === Number(m));
    const down = pick(rows.value), across = pick(columns.value);
    const wide = canvas.clientWidth || 320;
    const pen0 = canvas.getContext("2d");
    pen0.font = "12px " + getComputedStyle(document.body).fontFamily;
    const longest = (items) => Math.max(...items.map(([item]) => pen0.measureText(labelOf(item)[1]).width));
    const gutter = Math.min(170, wide * 0.3, longest(down) + 14);
    const cell = Math.max(4, Math.min(44, (Math.min(wide, 760) - gutter) / Math.max(1, across.length)));
    const every = Math.max(1, Math.ceil(13 / cell));
    const foot = Math.min(130, longest(across) + 14);
    const [pen] = prepare(canvas, cell * down.length + foot + 8);
    const at = (i, j) => values[down[i][1] * n + across[j][1]];
    const same = rows.value === columns.value;
    let low = Infinity, high = -Infinity;
    down.forEach((_, i) => across.forEach((_, j) => {
      const value = at(i, j);
      if (Number.isFinite(value) && !(same && i === j)) { low = Math.min(low, value); high = Math.max(high, value); }
    }));
    if (!record.similarity) low = Math.min(0, low);
    let hits = 0, known = 0;
    down.forEach(([item], i) => {
      let best = -1, least = Infinity;
      across.forEach((_, j) => {
        const value = at(i, j);
        if (!Number.isFinite(value)) return;
        const share = high > low ? (value - low) / (high - low) : 0;
        pen.fillStyle = shade(record.similarity ? 1 - share : share);
        pen.fillRect(gutter + j * cell, i * cell, cell - (cell > 8 ? 1 : 0), cell - (cell > 8 ? 1 : 0));
        const away = record.similarity ? -value : value;
        if (away < least && !(same && i === j)) { least = away; best = j; }
      });
      if (best >= 0) {
        known += 1;
        hits += across[best][0][1] === item[1] ? 1 : 0;
        pen.fillStyle = "#fff"; pen.strokeStyle = "#000"; pen.lineWidth = 0.8;
        pen.beginPath(); pen.arc(gutter + (best + 0.5) * cell, (i + 0.5) * cell, Math.min(4, cell / 3.2), 0, 7); pen.fill(); pen.stroke();
      }
      if (i % every === 0) {
        pen.fillStyle = colour("--muted"); pen.textAlign = "right"; pen.textBaseline = "middle";
        pen.fillText(fit(pen, labelOf(item)[1], gutter - 8), gutter - 7, (i + 0.5) * cell);
      }
    });
    across.forEach(([item], j) => {
      if (j % every) return;
      pen.save(); pen.translate(gutter + (j + 0.5) * cell, cell * down.length + 7); pen.rotate(-Math.PI / 2);
      pen.fillStyle = colour("--muted"); pen.textAlign = "right"; pen.textBaseline = "middle";
      pen.fillText(fit(pen, labelOf(item)[1], foot - 8), 0, 0);
      pen.restore();
    });
    const counts = [rows.value, columns.value].map((m) => data.models[m].layers.length);
    box.querySelector(".readout").textContent = same
      ? "White dots: for each row, the most similar other layer."
      : "White dots: for each row, the most similar layer of the other model" +
        (counts[0] === counts[1] ? `; the same position for ${hits} of ${known}.` : ".");
    canvas.look = (px, py) => {
      const j = Math.floor((px - gutter) / cell), i = Math.floor(py / cell);
      if (i < 0 || j < 0 || i >= down.length || j >= across.length) return null;
      return `${labelOf(down[i][0]).join(" · ")}\n${labelOf(across[j][0]).join(" · ")}\n${shown(at(i, j))}`;
    };
  }
  function fit(pen, text, room) {
    if (pen.measureText(text).width <= room) return text;
    let kept = text;
    while (kept.length > 1 && pen.measureText("…" + kept).width > room) kept = kept.slice(1);
    return "…" + kept;
  }
  box.addEventListener("change", draw);
  canvas.addEventListener("pointermove", (event) => {
    const frame = canvas.getBoundingClientRect();
    const text = canvas.look && canvas.look(event.clientX - frame.left, event.clientY - frame.top);
    if (text) showTip(text, event); else hideTip();
  });
  canvas.addEventListener("pointerleave", hideTip);
  redraws.push(draw);
}
