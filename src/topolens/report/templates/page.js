"use strict";
(function () {
  const data = JSON.parse(document.getElementById("payload").textContent);
  const root = document.documentElement;
  const tip = document.getElementById("tip");
  const redraws = [];

  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const shown = (value) => {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : "∞";
    if (value === 0) return "0";
    const size = Math.abs(value);
    return size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
  };
  const floats = (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  };

  function showTip(text, event) {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const left = Math.min(event.clientX + 14, innerWidth - box.width - 8);
    const above = event.clientY - box.height - 12;
    tip.style.left = Math.max(8, left) + "px";
    tip.style.top = (above > 8 ? above : event.clientY + 18) + "px";
  }
  const hideTip = () => { tip.hidden = true; };

  function themes() {
    const button = document.getElementById("theme");
    const media = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme || (media.matches ? "dark" : "light")) === "dark";
    const update = () => {
      button.textContent = isDark() ? "Light" : "Dark";
      redraws.forEach((redraw) => redraw());
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      update();
    });
    media.addEventListener("change", update);
    update();
  }

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

  function markTips() {
    document.addEventListener("pointerover", (event) => {
      const mark = event.target.closest && event.target.closest("[data-tip]");
      if (mark) showTip(mark.dataset.tip, event);
    });
    document.addEventListener("pointerout", (event) => {
      if (event.target.closest && event.target.closest("[data-tip]")) hideTip();
    });
  }

  inspector();
  pairView();
  heatTips();
  markTips();
  themes();
  let wait;
  addEventListener("resize", () => {
    clearTimeout(wait);
    wait = setTimeout(() => redraws.forEach((redraw) => redraw()), 120);
  });
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((part) => { part.open = true; });
  });
})();
