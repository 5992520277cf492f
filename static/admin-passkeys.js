// A form that asks for a passkey shows itself where the browser has them, and sends what they sign.
"use strict";
(() => {
  const form = document.querySelector("form[data-passkey]");
  if (!form || !window.PublicKeyCredential) return;
  const asked = JSON.parse(form.dataset.passkey);
  const answer = form.querySelector("input[name$=passkey]");
  const failed = form.querySelector("[role=alert]");
  const PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature"];

  // What travels as base64url is bytes for the browser.
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }));

  async function answered() {
    const publicKey = { ...asked, challenge: bytes(asked.challenge) };
    if (!asked.user) {
      publicKey.allowCredentials = known(asked.allowCredentials);
      return navigator.credentials.get({ publicKey });
    }
    publicKey.user = { ...asked.user, id: bytes(asked.user.id) };
    publicKey.excludeCredentials = known(asked.excludeCredentials);
    return navigator.credentials.create({ publicKey });
  }

  form.hidden = false;
  for (const instead of document.querySelectorAll("[data-without-passkeys]")) instead.hidden = true;
  form.addEventListener("submit", async (event) => {
    if (answer.value) return;
    event.preventDefault();
    failed.hidden = true;
    try {
      const { id, type, response } = await answered();
      const parts = PARTS.filter((name) => response[name]).map((name) => [name, text(response[name])]);
      answer.value = JSON.stringify({ id, rawId: id, type, response: Object.fromEntries(parts) });
    } catch {
      failed.hidden = false;
      return;
    }
    form.submit();
  });
})();
