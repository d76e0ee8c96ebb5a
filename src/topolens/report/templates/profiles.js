// Elements of a drawing as text; every name that a person chose goes through `safe`.
const safe = (text) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
const svg = (width, height, label, inner) =>
  `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${safe(label)}">${inner}</svg>`;
const starts = data.models.reduce((found, model) => [...found, found[found.length - 1] + model.layers.length], [0]);

// Operations by kind, as a menu.
function choices(select, entries, chosen) {
  const groups = new Map();
  for (const [value, text, kind] of entries) {
    if (!groups.has(kind)) {
      const group = document.createElement("optgroup");
      group.label = kind;
      groups.set(kind, group);
    }
    groups.get(kind).append(new Option(text, value));
  }
  select.replaceChildren(...groups.values());
  select.value = String(chosen);
}

const highlight = { model: null };
function highlights() {
  document.querySelectorAll("[data-highlight]").forEach((button) => {
    button.addEventListener("click", () => {
      const model = Number(button.dataset.highlight);
      highlight.model = highlight.model === model ? null : model;
      document.querySelectorAll("[data-highlight]").forEach((other) => {
        other.setAttribute("aria-pressed", String(Number(other.dataset.highlight) === highlight.model));
      });
      redraws.forEach((redraw) => redraw());
    });
  });
}

function scaleOf(course, values, bounds) {
  let low = Infinity, top = -Infinity;
  for (const value of [...values, ...bounds]) {
    if (Number.isFinite(value) && !(course.log && value <= 0)) { low = Math.min(low, value); top = Math.max(top, value); }
  }
  if (course.log) {
    const [a, b] = [Math.log10(low), Math.log10(top)];
    const marks = [];
    const step = Math.max(1, Math.ceil((b - a) / 6));
    for (let k = Math.ceil(a - 1e-9); k <= b + 1e-9; k += step) marks.push(10 ** k);
    return { share: (value) => (Math.log10(Math.max(value, low)) - a) / (b - a), marks };
  }
  if (low >= 0 && low <= 0.6 * top) low = 0;
  if (!(top > low)) { const air = Math.abs(low) * 0.1 || 1; low -= air; top += air; }
  const size = top - low;
  return { share: (value) => (value - low) / size, marks: ticks(low, top) };
}

function profileView() {
  const box = document.getElementById("profile-view");
  if (!box) return;
  const known = data.measures.map((measure, i) => [i, measure.name, measure.kind]).filter(([i]) => data.measures[i].clouds.some((one) => one));
  if (!known.length) return;
  box.hidden = false;
  const [measure, cloud] = ["measure", "cloud"].map((name) => box.querySelector(`[data-select="${name}"]`));
  const buttons = Array.from(document.querySelectorAll(".small.profile"));
  choices(measure, known, buttons.length ? buttons[0].dataset.measure : known[0][0]);
  options(cloud, data.clouds.map((name, c) => [c, name]), 0);
  const drawing = box.querySelector(".drawing");

  function draw() {
    const record = data.measures[measure.value], course = record.clouds[cloud.value];
    buttons.forEach((button) => {
      button.classList.toggle("chosen", button.dataset.measure === measure.value && button.dataset.cloud === cloud.value);
    });
    box.querySelector(".about").textContent = record.about;
    box.querySelector(".doubts").textContent = course ? course.doubts.join(" ") : "";
    if (!course) { drawing.textContent = "No values in this cloud."; return; }
    const [values, low, high] = ["values", "low", "high"].map((name) => floats(course[name]));
    const wide = Math.max(280, drawing.clientWidth), tall = Math.round(Math.min(430, Math.max(240, wide * 0.42)));
    const scale = scaleOf(course, values, data.models.length > 8 ? [] : [...low, ...high]);
    const left = 58, right = 14, head = 30, foot = 40;
    const x = (depth) => (left + depth * (wide - left - right)).toFixed(1);
    const y = (value) => (tall - foot - scale.share(value) * (tall - foot - head)).toFixed(1);
    const parts = [`<text x="4" y="16" class="axis-title">${safe(course.axis + (course.log ? ", log scale" : ""))}</text>`];
    for (const mark of scale.marks) {
      parts.push(`<path class="rule-line" d="M${left} ${y(mark)}H${wide - right}"/><text x="${left - 8}" y="${y(mark)}" dy="0.34em" text-anchor="end">${shown(mark)}</text>`);
    }
    for (const mark of [0, 0.2, 0.4, 0.6, 0.8, 1]) parts.push(`<text x="${x(mark)}" y="${tall - foot + 18}" text-anchor="middle">${mark}</text>`);
    parts.push(`<text x="${(left + wide - right) / 2}" y="${tall - 4}" text-anchor="middle">relative depth</text>`);
    const behind = [], front = [];
    data.models.forEach((model, m) => {
      const at = model.layers.map(([name, depth], k) => [starts[m] + k, name, depth]).filter(([i]) => Number.isFinite(values[i]));
      if (!at.length) return;
      const chosen = highlight.model === m, dim = highlight.model !== null && !chosen;
      const dash = model.dash ? `stroke-dasharray="${model.dash}"` : "";
      const banded = at.filter(([i]) => Number.isFinite(low[i]));
      const band = banded.length > 1 && (data.models.length <= 8 || chosen)
        ? `<path class="band" d="M${banded.map(([i, , d]) => `${x(d)} ${y(high[i])}`).join("L")}L${banded.reverse().map(([i, , d]) => `${x(d)} ${y(low[i])}`).join("L")}Z"/>` : "";
      const line = `<path class="course" ${dash} d="M${at.map(([i, , d]) => `${x(d)} ${y(values[i])}`).join("L")}${at.length > 1 ? "" : "h0"}"/>`;
      const dots = at.map(([i, name, d]) => {
        const half = (high[i] - low[i]) / 2;
        const text = `${model.name} · ${name}\ndepth ${d.toFixed(2)} · ${shown(values[i])}${Number.isFinite(half) ? " ± " + shown(half) : ""}`;
        return `<circle cx="${x(d)}" cy="${y(values[i])}" r="${at.length > 40 ? 2 : 3.2}" data-tip="${safe(text)}"/>`;
      }).join("");
      const group = `<g class="model${dim ? " dim" : ""}" style="--own:var(--series-${model.series})">${band}${line}${dots}</g>`;
      (chosen ? front : behind).push(group);
    });
    parts.push(...behind, ...front);
    drawing.innerHTML = svg(wide, tall, `${course.axis} over relative depth`, parts.join(""));
  }
  box.addEventListener("change", draw);
  buttons.forEach((button) => {
    button.addEventListener("click", () => {
      [measure.value, cloud.value] = [button.dataset.measure, button.dataset.cloud];
      draw();
      box.scrollIntoView({ block: "nearest" });
    });
  });
  redraws.push(draw);
}
