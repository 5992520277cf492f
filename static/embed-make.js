// Copies the code for another site, and says how high the frame would have to be to show all.
"use strict";

const copy = document.getElementById("copy");
const shown = document.getElementById("shown");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    const snippet = document.getElementById("snippet");
    try {
      await navigator.clipboard.writeText(snippet.value);
      copy.textContent = copy.dataset.done;
    } catch {
      snippet.select();
    }
  });
}

addEventListener("message", ({ source, data }) => {
  if (!shown || source !== shown.contentWindow) return;
  const fits = document.getElementById("fits");
  fits.textContent = `${fits.dataset.fits} ${JSON.parse(data).height}`;
});
