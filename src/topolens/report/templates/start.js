function markTips() {
  document.addEventListener("pointerover", (event) => {
    const mark = event.target.closest && event.target.closest("[data-tip]");
    if (mark) showTip(mark.dataset.tip, event);
  });
  document.addEventListener("pointerout", (event) => {
    if (event.target.closest && event.target.closest("[data-tip]")) hideTip();
  });
}

root.classList.add("live");
inspector();
highlights();
profileView();
compareView();
mapView();
mapperView();
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
