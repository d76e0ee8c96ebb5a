// Dark means alike, as in the printed heat maps: viridis from its dark end.
const STOPS = [[68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121], [109, 205, 89], [180, 222, 44], [253, 231, 37]];
function shade(share) {
  const place = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(place)), rest = place - low;
  return `rgb(${STOPS[low].map((v, i) => Math.round(v + rest * (STOPS[low + 1][i] - v))).join()})`;
}

// The heat map and the map of layers show one metric in one cloud.
const comparing = { metric: 0, cloud: 0 };
const items = data.models.flatMap((model, m) => model.layers.map(([name, depth], k) => ({ m, k, name, depth, model: model.name })));

function metricMenus(metric, cloud) {
  choices(metric, data.metrics.map((one, i) => [i, one.name, one.kind]), comparing.metric);
  options(cloud, data.clouds.map((name, c) => [c, name]), comparing.cloud);
}

function valueOf(record, i, j) {
  record.floats = record.floats || floats(record.values);
  const n = items.length;
  if (!record.triangle) return record.floats[i * n + j];
  const [a, b] = i < j ? [i, j] : [j, i];
  return record.floats[a * n - (a * (a - 1)) / 2 + b - a];
}

// Which of the columns count as the same place as a row, as the table of same layers has it.
function samePlace(i, across) {
  const one = items[i], other = data.models[items[across[0]].m].layers;
  if (data.models[one.m].layers.length === other.length) return across.filter((j) => items[j].k === one.k);
  const gap = (j) => Math.abs(items[j].depth - one.depth);
  const least = Math.min(...across.map(gap));
  return across.filter((j) => gap(j) <= least + 1e-9);
}

// The nearest column, and whether it has the row's place: of several equally near, the share that has.
function lookUp(record, i, across) {
  let near = [], least = Infinity;
  for (const j of across) {
    const away = record.similarity ? -valueOf(record, i, j) : valueOf(record, i, j);
    if (i === j || !Number.isFinite(away) || away > least) continue;
    if (away < least) near = [];
    least = away;
    near.push(j);
  }
  if (!near.length) return null;
  const same = samePlace(i, across);
  return { best: near[0], hit: near.filter((j) => same.includes(j)).length / near.length };
}

function compareView() {
  const box = document.getElementById("compare");
  if (!box) return;
  const keys = Object.keys(data.matrices);
  if (!keys.length) return;
  box.hidden = false;
  const [metric, cloud, rows, columns] = ["metric", "cloud", "rows", "columns"].map((name) => box.querySelector(`[data-select="${name}"]`));
  const canvas = box.querySelector("canvas"), aside = box.querySelector(".aside"), facts = box.querySelector(".metric-facts");
  const [scaleLow, scaleHigh] = box.querySelectorAll(".scale span");
  const buttons = Array.from(document.querySelectorAll(".small.metric"));
  [comparing.cloud, comparing.metric] = (data.main && data.matrices[data.main] ? data.main : keys[0]).split("-").map(Number);
  metricMenus(metric, cloud);
  const several = data.models.filter((model) => model.layers.length).length > 1;
  const names = [["all", "all models"], ...data.models.map((model, m) => [m, model.name]).filter(([m]) => data.models[m].layers.length)];
  options(rows, several ? names : names.slice(1), several ? "all" : names[1][0]);
  options(columns, several ? names : names.slice(1), several ? "all" : names[1][0]);
  const picked = (select) => items.map((_, i) => i).filter((i) => select.value === "all" || items[i].m === Number(select.value));

  function draw() {
    [metric.value, cloud.value] = [comparing.metric, comparing.cloud].map(String);
    buttons.forEach((button) => {
      button.classList.toggle("chosen", button.dataset.metric === metric.value && button.dataset.cloud === cloud.value);
    });
    const record = data.matrices[`${comparing.cloud}-${comparing.metric}`];
    box.querySelector(".about").textContent = data.metrics[comparing.metric].about;
    facts.textContent = data.metrics[comparing.metric].facts[comparing.cloud].join(" · ");
    box.querySelector(".beside").hidden = !record;
    if (!record) { facts.textContent += " — not on this page: undefined throughout, or too large; see tables/distances.csv."; return; }
    const down = picked(rows), across = picked(columns);
    drawHeat(record, down, across);
    aside.innerHTML = rows.value === "all" || columns.value === "all" ? pairsTable(record, down, across) : nearestTable(record, down, across);
    const ends = record.span.map(shown);
    [scaleLow.textContent, scaleHigh.textContent] = record.similarity ? ends.reverse() : ends;
  }

  function drawHeat(record, down, across) {
    const frame = canvas.parentElement;
    const pen0 = canvas.getContext("2d");
    pen0.font = "12px " + getComputedStyle(document.body).fontFamily;
    const whole = rows.value === "all" || columns.value === "all";
    const label = (i) => whole ? items[i].model : items[i].name;
    const longest = (of) => Math.max(...of.map((i) => pen0.measureText(label(i)).width)) + 14;
    const gutter = Math.min(longest(down), frame.clientWidth * 0.4), foot = Math.min(longest(across), 190);
    const room = Math.min(frame.clientWidth - gutter - 4, 640);
    const cell = Math.min(56, room / across.length);
    const [pen] = prepare(canvas, cell * down.length + foot + 4);
    const [low, high] = record.span, gap = cell > 8 ? 1 : 0;
    down.forEach((i, r) => across.forEach((j, c) => {
      const value = valueOf(record, i, j);
      if (!Number.isFinite(value)) return;
      const share = (value - low) / (high - low);
      pen.fillStyle = shade(record.similarity ? 1 - share : share);
      pen.fillRect(gutter + c * cell, r * cell, cell - gap, cell - gap);
    }));
    if (!whole) {
      down.forEach((i, r) => {
        const found = lookUp(record, i, across);
        if (!found) return;
        const c = across.indexOf(found.best);
        pen.fillStyle = "#fff"; pen.strokeStyle = "#000"; pen.lineWidth = 0.8;
        pen.beginPath(); pen.arc(gutter + (c + 0.5) * cell, (r + 0.5) * cell, Math.min(4, cell / 3.2), 0, 7); pen.fill(); pen.stroke();
      });
    }
    const marks = (of) => {
      if (!whole) {
        const every = Math.max(1, Math.ceil(13 / cell));
        return of.map((i, p) => [p + 0.5, items[i].name, p]).filter(([, , p]) => p % every === 0);
      }
      const runs = [];
      of.forEach((i, p) => { const last = runs[runs.length - 1]; if (last && last.m === items[i].m) last.end = p + 1; else runs.push({ m: items[i].m, start: p, end: p + 1 }); });
      return runs.map((run) => [(run.start + run.end) / 2, data.models[run.m].name, run.start]);
    };
    pen.fillStyle = colour("--muted"); pen.strokeStyle = colour("--card"); pen.lineWidth = 2; pen.textBaseline = "middle"; pen.textAlign = "right";
    for (const [middle, text, start] of marks(down)) {
      pen.fillText(fit(pen, text, gutter - 8), gutter - 7, middle * cell);
      if (whole && start) { pen.beginPath(); pen.moveTo(gutter, start * cell); pen.lineTo(gutter + across.length * cell, start * cell); pen.stroke(); }
    }
    for (const [middle, text, start] of marks(across)) {
      pen.save(); pen.translate(gutter + middle * cell, cell * down.length + 7); pen.rotate(-Math.PI / 2);
      pen.fillText(fit(pen, text, foot - 8), 0, 0); pen.restore();
      if (whole && start) { pen.beginPath(); pen.moveTo(gutter + start * cell, 0); pen.lineTo(gutter + start * cell, down.length * cell); pen.stroke(); }
    }
    canvas.look = (px, py) => {
      const c = Math.floor((px - gutter) / cell), r = Math.floor(py / cell);
      if (r < 0 || c < 0 || r >= down.length || c >= across.length) return null;
      const [i, j] = [down[r], across[c]];
      return `${items[i].model} · ${items[i].name}\n${items[j].model} · ${items[j].name}\n${shown(valueOf(record, i, j))}`;
    };
  }

  // A name too long for its place keeps both ends.
  function fit(pen, text, room) {
    if (pen.measureText(text).width <= room) return text;
    for (let kept = text.length - 1; kept > 2; kept -= 1) {
      const cut = text.slice(0, Math.ceil(kept / 2)) + "…" + text.slice(text.length - Math.floor(kept / 2));
      if (pen.measureText(cut).width <= room) return cut;
    }
    return "…";
  }

  function nearestTable(record, down, across) {
    const same = rows.value === columns.value;
    let hits = 0, known = 0;
    const lines = down.map((i) => {
      const found = lookUp(record, i, across);
      if (!found) return `<tr><th scope="row">${safe(items[i].name)}</th><td>–</td><td></td></tr>`;
      const hit = same ? 0 : found.hit;
      known += 1; hits += hit;
      return `<tr${hit ? ' class="hit"' : ""}><th scope="row">${safe(items[i].name)}</th><td class="text">${safe(items[found.best].name)}${hit ? " ✓" : ""}</td><td>${shown(valueOf(record, i, found.best))}</td></tr>`;
    });
    const told = same ? "White dots: for each row, the most similar other layer."
      : `White dots: for each row, the most similar layer of the other model; the same place (✓) for ${shown(hits)} of ${known}.`;
    return `<p class="readout">${told}</p><div class="scroll tall"><table class="numbers"><thead><tr><th scope="col">layer</th><th scope="col" class="text">nearest</th><th scope="col">value</th></tr></thead><tbody>${lines.join("")}</tbody></table></div>`;
  }

  function pairsTable(record, down, across) {
    const models = (of) => [...new Set(of.map((i) => items[i].m))];
    const [rowModels, columnModels] = [models(down), models(across)];
    if (columnModels.length > 12 || rowModels.length > 40) return '<p class="readout">Choose two models to see which layers are nearest.</p>';
    const cell = (a, b) => {
      if (a === b) return "<td>·</td>";
      const here = down.filter((i) => items[i].m === a), there = across.filter((j) => items[j].m === b);
      const found = here.map((i) => lookUp(record, i, there)).filter((one) => one);
      if (!found.length) return "<td>–</td>";
      const share = found.reduce((sum, one) => sum + one.hit, 0) / found.length;
      return `<td><button type="button" data-pair="${a}-${b}" style="--share:${(100 * share).toFixed(0)}%">${Math.round(100 * share)} %</button></td>`;
    };
    const head = columnModels.map((b) => `<th scope="col">${safe(data.models[b].name)}</th>`).join("");
    const body = rowModels.map((a) => `<tr><th scope="row">${safe(data.models[a].name)}</th>${columnModels.map((b) => cell(a, b)).join("")}</tr>`).join("");
    return `<p class="readout">How many layers of the row's model have the layer of the same place as their nearest in the column's model. Press one to see the two side by side.</p><div class="scroll"><table class="numbers pairs"><thead><tr><th></th>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
  }

  aside.addEventListener("click", (event) => {
    const button = event.target.closest("[data-pair]");
    if (!button) return;
    [rows.value, columns.value] = button.dataset.pair.split("-");
    draw();
  });
  box.addEventListener("change", () => {
    [comparing.metric, comparing.cloud] = [Number(metric.value), Number(cloud.value)];
    redraws.forEach((redraw) => redraw());
  });
  buttons.forEach((button) => {
    button.addEventListener("click", () => {
      [comparing.metric, comparing.cloud] = [Number(button.dataset.metric), Number(button.dataset.cloud)];
      redraws.forEach((redraw) => redraw());
      box.scrollIntoView({ block: "nearest" });
    });
  });
  canvas.addEventListener("pointermove", (event) => {
    const frame = canvas.getBoundingClientRect();
    const text = canvas.look && canvas.look(event.clientX - frame.left, event.clientY - frame.top);
    if (text) showTip(text, event); else hideTip();
  });
  canvas.addEventListener("pointerleave", hideTip);
  redraws.push(draw);
}
