// Colleagues learn who has a form open: the form is heard of now and each minute while it is seen.
"use strict";
(() => {
  const others = document.querySelector(".others[data-address]");
  const token = document.querySelector("form[id$=_form] [name=csrfmiddlewaretoken]")?.value;
  if (!others || !token || !document.querySelector(".submit-row [type=submit]")) return;

  async function tell() {
    if (document.hidden) return;
    try {
      const answer = await fetch(others.dataset.address, { method: "POST", headers: { "X-CSRFToken": token } });
      const told = answer.ok && !answer.redirected ? await answer.text() : "";
      if (told.trim() !== others.innerHTML.trim()) others.innerHTML = told;
    } catch { /* no line: it is told once there is one again */ }
  }
  tell();
  setInterval(tell, 60_000);
})();
