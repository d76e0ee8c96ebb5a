function options(select, entries, chosen) {
  select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
  if (chosen !== undefined) select.value = String(chosen);
}

function unpack(record) {
  if (record.cache) return record.cache;
  let pairs;
  if (record.deaths !== undefined) {
    const deaths = floats(record.deaths);
    pairs = Array.from(deaths, (death) => [0, death]);
  } else {
    const flat = floats(record.pairs);
    pairs = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
  }
  record.cache = pairs;
  return pairs;
}

function barsOf(choice, degree) {
  const layer = data.diagrams[choice.model][choice.layer];
  const all = layer && layer[choice.cloud];
  return all && all[degree] ? all[degree] : null;
}

function prepare(canvas, height) {
  const ratio = devicePixelRatio || 1;
  const width = canvas.clientWidth || 320;
  canvas.style.height = height + "px";
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "12px " + getComputedStyle(document.body).fontFamily;
  return [pen, width];
}

function ticks(low, top) {
  const rough = (top - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-6); k * step <= top + step * 1e-6; k += 1) found.push(Number((k * step).toPrecision(6)));
  return found;
}

function drawDiagram(canvas, pairs, degree, low, top) {
  const side = Math.min(canvas.clientWidth || 320, 470);
  const [pen, width] = prepare(canvas, side);
  const left = 46, bottom = 38, right = 10, head = 14;
  const span = Math.min(width - left - right, side - bottom - head);
  const x = (value) => left + ((value - low) / (top - low)) * span;
  const y = (value) => side - bottom - ((value - low) / (top - low)) * span;
  const forever = top + 0.02 * (top - low);
  pen.strokeStyle = colour("--grid");
  pen.fillStyle = colour("--muted");
  pen.lineWidth = 1;
  for (const value of ticks(low, top)) {
    pen.beginPath(); pen.moveTo(left, y(value)); pen.lineTo(left + span, y(value)); pen.stroke();
    pen.textAlign = "right"; pen.textBaseline = "middle"; pen.fillText(shown(value), left - 8, y(value));
    pen.textAlign = "center"; pen.textBaseline = "top"; pen.fillText(shown(value), x(value), side - bottom + 6);
  }
  pen.strokeStyle = colour("--muted");
  pen.beginPath(); pen.moveTo(x(low), y(low)); pen.lineTo(x(top), y(top)); pen.stroke();
  pen.textAlign = "right"; pen.textBaseline = "bottom"; pen.fillText("born at", left + span, side - 2);
  pen.save(); pen.translate(11, head); pen.rotate(-Math.PI / 2); pen.fillText("gone at", 0, 6); pen.restore();
  pen.fillStyle = colour("--series-" + degree);
  pen.globalAlpha = 0.65;
  const marks = pairs.map(([birth, death]) => {
    const end = Number.isFinite(death) ? death : forever;
    pen.beginPath(); pen.arc(x(birth), y(end), 2.6, 0, 7); pen.fill();
    return [x(birth), y(end), birth, death];
  });
  pen.globalAlpha = 1;
  canvas.marks = marks;
  canvas.reach = (mark, px, py) => Math.hypot(mark[0] - px, mark[1] - py);
}

function drawBarcode(canvas, pairs, degree, low, top) {
  const side = Math.min(canvas.clientWidth || 320, 470);
  const [pen, width] = prepare(canvas, side);
  const left = 14, bottom = 38, right = 14, head = 8;
  const longest = pairs.slice().sort((a, b) => (b[1] - b[0]) - (a[1] - a[0])).slice(0, 200);
  longest.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const x = (value) => left + ((Math.min(value, top) - low) / (top - low)) * (width - left - right);
  const gap = (side - bottom - head) / Math.max(longest.length, 12);
  pen.strokeStyle = colour("--grid");
  pen.fillStyle = colour("--muted");
  pen.textAlign = "center"; pen.textBaseline = "top";
  for (const value of ticks(low, top)) {
    pen.beginPath(); pen.moveTo(x(value), head); pen.lineTo(x(value), side - bottom); pen.stroke();
    pen.fillText(shown(value), x(value), side - bottom + 6);
  }
  pen.textAlign = "right"; pen.textBaseline = "bottom"; pen.fillText("distance", width - right, side - 2);
  pen.strokeStyle = colour("--series-" + degree);
  pen.lineWidth = Math.max(1, Math.min(3, gap * 0.7));
  canvas.marks = longest.map(([birth, death], i) => {
    const row = side - bottom - (i + 0.5) * gap;
    pen.beginPath(); pen.moveTo(x(birth), row); pen.lineTo(x(death), row); pen.stroke();
    return [x(birth), row, birth, death, x(death)];
  });
  canvas.reach = (mark, px, py) =>
    px < mark[0] - 6 || px > mark[4] + 6 ? 99 : Math.abs(mark[1] - py);
}

function inspector() {
  const box = document.getElementById("inspector");
  const usable = (m) => data.models[m].layers.map((_, k) => k)
    .filter((k) => data.diagrams[m][k].some((found) => found));
  const models = data.models.map((_, m) => m).filter((m) => usable(m).length);
  if (!models.length) return;
  box.hidden = false;
  document.querySelectorAll(".scripted").forEach((part) => { part.hidden = false; });
  const state = { view: "diagram", degree: 1, next: 0 };
  const first = usable(models[0]);
  const sides = Array.from(box.querySelectorAll(".panel"), (panel, i) => ({
    panel,
    canvas: panel.querySelector("canvas"),
    choice: { model: models[0], layer: first[i === 0 ? 0 : first.length - 1], cloud: 0 },
  }));
  const some = data.diagrams[models[0]][first[0]].find((found) => found);
  state.degree = Math.min(1, some.length - 1);
  const degrees = box.querySelector('[data-control="degree"]');
  const nouns = ["H0 pieces", "H1 loops", "H2 voids"];
  some.forEach((_, d) => {
    const button = document.createElement("button");
    button.type = "button"; button.dataset.value = d; button.textContent = nouns[d] || "H" + d;
    degrees.append(button);
  });

  // Two layers of one cloud share their axes, so that the eye may compare them.
  const rangesOf = () => {
    const ranges = sides.map((side) => {
      const record = barsOf(side.choice, state.degree);
      let low = Infinity, top = -Infinity;
      if (record) for (const [birth, death] of unpack(record)) {
        low = Math.min(low, birth);
        top = Math.max(top, birth, Number.isFinite(death) ? death : birth);
      }
      return [low, top];
    });
    const shared = sides[0].choice.cloud === sides[1].choice.cloud;
    return ranges.map((own) => {
      const of = shared ? ranges : [own];
      let low = Math.min(...of.map((range) => range[0])), top = Math.max(...of.map((range) => range[1]));
      if (!Number.isFinite(low)) [low, top] = [0, 1];
      if (top <= low) top = low + (Math.abs(low) || 1);
      const air = 0.03 * (top - low);
      return [Math.max(0, low - air), top + air];
    });
  };

  function draw() {
    const ranges = rangesOf();
    sides.forEach((side, i) => {
      const record = barsOf(side.choice, state.degree);
      const pairs = record ? unpack(record) : [];
      const paint = state.view === "diagram" ? drawDiagram : drawBarcode;
      paint(side.canvas, pairs, state.degree, ...ranges[i]);
      const noun = ["pieces", "loops", "voids"][state.degree] || "bars";
      const cut = record && pairs.length < record.n ? `, the ${pairs.length} longest drawn` : "";
      side.panel.querySelector(".readout").textContent = record
        ? `${record.n} ${noun}, total lifespan ${shown(record.sum)}${cut}` : "No diagram for this layer.";
    });
    box.querySelectorAll(".switch").forEach((group) => {
      const current = String(state[group.dataset.control]);
      group.querySelectorAll("button").forEach((button) => {
        button.setAttribute("aria-pressed", String(button.dataset.value === current));
      });
    });
    document.querySelectorAll(".small").forEach((button) => {
      const match = sides.some(({ choice }) =>
        button.dataset.model === String(choice.model) && button.dataset.layer === String(choice.layer));
      button.classList.toggle("chosen", match);
    });
  }

  function fill(side) {
    const [model, layer, cloud] = ["model", "layer", "cloud"].map((name) =>
      side.panel.querySelector(`[data-select="${name}"]`));
    options(model, models.map((m) => [m, data.models[m].name]), side.choice.model);
    options(layer, usable(side.choice.model).map((k) => [k, data.models[side.choice.model].layers[k][0]]), side.choice.layer);
    options(cloud, data.clouds.map((name, c) => [c, name]), side.choice.cloud);
  }

  sides.forEach((side) => {
    fill(side);
    side.panel.addEventListener("change", (event) => {
      const name = event.target.dataset.select;
      side.choice[name] = Number(event.target.value);
      if (name === "model") {
        const known = usable(side.choice.model);
        if (!known.includes(side.choice.layer)) side.choice.layer = known[known.length - 1];
        fill(side);
      }
      draw();
    });
    side.canvas.addEventListener("pointermove", (event) => {
      const frame = side.canvas.getBoundingClientRect();
      const px = event.clientX - frame.left, py = event.clientY - frame.top;
      let best = null, least = 12;
      for (const mark of side.canvas.marks || []) {
        const away = side.canvas.reach(mark, px, py);
        if (away < least) { least = away; best = mark; }
      }
      if (best) showTip(`born ${shown(best[2])}, gone ${shown(best[3])}\nlifespan ${shown(best[3] - best[2])}`, event);
      else hideTip();
    });
    side.canvas.addEventListener("pointerleave", hideTip);
  });
  box.querySelector(".controls").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const name = button.parentElement.dataset.control;
    state[name] = name === "degree" ? Number(button.dataset.value) : button.dataset.value;
    draw();
  });
  document.querySelectorAll(".small").forEach((button) => {
    button.addEventListener("click", () => {
      const model = Number(button.dataset.model), layer = Number(button.dataset.layer);
      if (!usable(model).includes(layer)) return;
      const side = sides[state.next];
      state.next = 1 - state.next;
      Object.assign(side.choice, { model, layer });
      fill(side);
      draw();
      box.scrollIntoView({ block: "nearest" });
    });
  });
  redraws.push(draw);
}
