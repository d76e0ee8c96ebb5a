function mapperView() {
  const box = document.getElementById("mapper-view");
  if (!box) return;
  box.hidden = false;
  const [mapper, model, layer] = ["mapper", "model", "layer"].map((name) => box.querySelector(`[data-select="${name}"]`));
  const rows = Array.from(document.querySelectorAll("#mapper .glance"));
  const buttons = Array.from(document.querySelectorAll("#mapper .small.graph"));
  const [about, readout] = [".about", ".readout"].map((part) => box.querySelector(part));
  const [drawing, aside] = [".drawing", ".aside"].map((part) => box.querySelector(part));
  const rowsOf = () => rows.filter((row) => row.dataset.block === mapper.value);
  const graphsOf = (row) => Array.from(row.querySelectorAll(".small.graph"));
  mapper.parentElement.hidden = mapper.options.length === 1;

  // A copy of a drawing of the page, so that its nodes can be pointed at.
  function copied(id, viewBox, label) {
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("viewBox", viewBox);
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", label);
    const inner = document.getElementById(id).cloneNode(true);
    inner.removeAttribute("id");
    picture.append(inner);
    return picture;
  }
  function show(button) {
    const row = button.closest(".glance"), name = `${row.dataset.model} · ${button.dataset.layer}`;
    const key = button.dataset.graph;
    about.textContent = row.dataset.recipe;
    readout.textContent = button.dataset.facts;
    drawing.replaceChildren(copied(`graph-${key}`, button.querySelector("svg").getAttribute("viewBox"), `Mapper graph of ${name}`));
    aside.replaceChildren();
    if (button.dataset.curve) {
      const words = document.createElement("p");
      words.className = "about";
      words.textContent = `0–${button.dataset.top}: ${button.dataset.curve}.`;
      aside.append(copied(`curve-${key}`, "0 0 220 96", "Curve of neighbour distances"), words);
    }
    buttons.forEach((other) => other.classList.toggle("chosen", other === button));
  }
  function fillLayers(chosen) {
    const graphs = graphsOf(rowsOf()[model.value]);
    options(layer, graphs.map((one, k) => [k, one.dataset.layer]), chosen < 0 ? graphs.length - 1 : chosen);
    show(graphs[layer.value]);
  }
  function fillModels() {
    options(model, rowsOf().map((row, m) => [m, row.dataset.model]), 0);
    model.parentElement.hidden = model.options.length === 1;
    fillLayers(-1);
  }
  mapper.addEventListener("change", fillModels);
  model.addEventListener("change", () => fillLayers(-1));
  layer.addEventListener("change", () => show(graphsOf(rowsOf()[model.value])[layer.value]));
  buttons.forEach((button) => button.addEventListener("click", () => {
    const row = button.closest(".glance");
    mapper.value = row.dataset.block;
    options(model, rowsOf().map((one, m) => [m, one.dataset.model]), rowsOf().indexOf(row));
    fillLayers(graphsOf(row).indexOf(button));
    box.scrollIntoView({ block: "nearest" });
  }));
  document.querySelectorAll("[data-only-class]").forEach((button) => button.addEventListener("click", () => {
    const wanted = button.getAttribute("aria-pressed") === "true" ? null : button.dataset.onlyClass;
    document.querySelectorAll("[data-only-class]").forEach((other) => {
      other.setAttribute("aria-pressed", String(other.dataset.onlyClass === wanted));
    });
    document.querySelectorAll("#mapper .slices").forEach((path) => {
      path.classList.toggle("faint", wanted !== null && path.dataset.class !== wanted);
    });
  }));
  fillModels();
}
