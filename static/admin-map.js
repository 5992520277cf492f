// Takes a place's coordinates from a map drawn from our own outlines: by a click, or by arrow keys.
"use strict";
(() => {
  const picker = document.querySelector(".picker");
  const [latitude, longitude, precision] = ["latitude", "longitude", "precision"].map((name) => document.getElementById(`id_${name}`));
  if (!picker || !latitude || !longitude || latitude.type === "hidden") return;
  const { west, north, units, squeeze } = Object.fromEntries(Object.entries(picker.dataset).map(([name, value]) => [name, Number(value)]));
  const svg = picker.querySelector("svg"), mark = svg.querySelector("circle"), told = picker.querySelector("output");
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  let view = { x: 0, y: 0, width, height };
  picker.hidden = false;

  const drawn = () => {
    const at = { lat: parseFloat(latitude.value), lon: parseFloat(longitude.value) };
    if (Number.isNaN(at.lat) || Number.isNaN(at.lon)) return null;
    return { x: (at.lon - west) * units * squeeze, y: (north - at.lat) * units };
  };
  function show() {
    const at = drawn();
    mark.toggleAttribute("hidden", !at);
    if (at) {
      mark.setAttribute("cx", at.x);
      mark.setAttribute("cy", at.y);
    }
    mark.setAttribute("r", view.width / 150);
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    told.textContent = at ? `${latitude.value}, ${longitude.value}` : "";
  }
  // A pixel of the screen is so many degrees: what is written has no more decimals than that.
  const decimals = () => Math.max(0, Math.min(5, Math.round(-Math.log10(view.width / svg.clientWidth / units))));
  function set(x, y) {
    latitude.value = Math.max(-90, Math.min(90, north - y / units)).toFixed(decimals());
    longitude.value = Math.max(-180, Math.min(180, west + x / units / squeeze)).toFixed(decimals());
    if (!precision.value) precision.value = "area";
    for (const field of [latitude, longitude, precision]) field.dispatchEvent(new Event("input", { bubbles: true }));
    show();
  }
  svg.addEventListener("click", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    set(at.x, at.y);
  });
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  svg.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const at = drawn() ?? { x: view.x + view.width / 2, y: view.y + view.height / 2 };
    const degree = units * 10 ** -decimals();
    set(at.x + step[0] * degree, at.y + step[1] * degree);
  });
  picker.querySelector(".zoom").addEventListener("click", (event) => {
    const factor = Number(event.target.value);
    if (!factor) return;
    const wide = Math.min(width, Math.max(width / 512, view.width * factor)), high = wide * height / width;
    const centre = drawn() ?? { x: view.x + view.width / 2, y: view.y + view.height / 2 };
    view = {
      x: Math.max(0, Math.min(width - wide, centre.x - wide / 2)),
      y: Math.max(0, Math.min(height - high, centre.y - high / 2)),
      width: wide, height: high,
    };
    show();
  });
  for (const field of [latitude, longitude]) field.addEventListener("input", show);
  show();
})();
