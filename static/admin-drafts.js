// What an editor types is kept in the browser until it is saved: it is there again after a session
// that ran out, a line that failed, a tab that was closed. Signing out forgets it.
"use strict";
(() => {
  const user = document.querySelector("template#draft")?.dataset.user ?? "";
  const form = document.querySelector("form[id$=_form]");
  const key = `draft ${user} ${location.pathname.replace(/^\/\w\w\//, "/")}`;
  const sent = "draft sent";

  const store = (action) => {
    try { return action(); } catch { return null; } // no storage, or no room in it
  };
  const saved = document.querySelector(".messagelist .success");
  if (saved && sessionStorage.getItem(sent)) store(() => localStorage.removeItem(sessionStorage.getItem(sent)));
  sessionStorage.removeItem(sent);
  document.querySelector("#logout-form")?.addEventListener("submit", () => store(() => {
    for (const name of Object.keys(localStorage)) if (name.startsWith("draft ")) localStorage.removeItem(name);
  }));
  if (!form || !user || !document.querySelector(".submit-row")) return;

  const kept = (field) => field.name && !/^(csrf|initial-|version$|_)|__prefix__|_FORMS$/.test(field.name)
    && !["hidden", "file", "submit", "button"].includes(field.type);
  const fields = () => [...form.elements].filter(kept);
  const value = (field) => {
    if (field.type === "checkbox") return field.checked;
    if (field.tagName !== "SELECT") return field.value;
    return [...field.selectedOptions].filter((each) => each.value).map((each) => [each.value, each.text]);
  };
  const all = () => Object.fromEntries(fields().map((field) => [field.name, value(field)]));
  const shown = all();
  const refused = document.querySelector(".errornote") !== null;
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  let waiting;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, 500);
  });
  form.addEventListener("change", () => keep());
  form.addEventListener("submit", () => {
    keep();
    sessionStorage.setItem(sent, key);
  });
  function keep() {
    // Only what was typed: the rest may be another's by the time that it is put back.
    const typed = Object.entries(all()).filter(([name, what]) => !same(what, shown[name]));
    // A form that came back unsaved shows, as if it had always been there, what was typed before.
    const before = refused ? store(() => JSON.parse(localStorage.getItem(key)))?.fields : {};
    const fields = { ...before, ...Object.fromEntries(typed) };
    if (Object.keys(fields).length) store(() => localStorage.setItem(key, JSON.stringify({ at: Date.now(), fields })));
  }

  const draft = store(() => JSON.parse(localStorage.getItem(key)));
  // A form that comes back with errors has all that was typed.
  if (!draft || refused) return;
  if (Object.entries(draft.fields).every(([name, what]) => same(what, shown[name]))) return;
  const notice = document.querySelector("template#draft").content.cloneNode(true).firstElementChild;
  notice.querySelector("time").textContent = new Date(draft.at).toLocaleString(document.documentElement.lang);
  notice.querySelector("[name=restore]").addEventListener("click", () => {
    for (const [name, what] of Object.entries(draft.fields)) put(name, what);
    notice.remove();
    form.querySelector("fieldset :is(input:not([type=hidden]), textarea)")?.focus();
  });
  notice.querySelector("[name=discard]").addEventListener("click", () => {
    store(() => localStorage.removeItem(key));
    notice.remove();
  });
  form.prepend(notice);

  function put(name, what) {
    let field = form.elements[name];
    const row = name.match(/^([a-z_]+)-(\d+)-/);
    if (!field && row) document.querySelector(`#${row[1]}-group .add-row a`)?.click();
    field = form.elements[name];
    if (!field || same(value(field), what)) return;
    if (field.type === "checkbox") field.checked = what;
    else if (field.tagName !== "SELECT") field.value = what;
    else {
      for (const [key_, text] of what) {
        if (![...field.options].some((each) => each.value === key_)) field.add(new Option(text, key_));
      }
      for (const each of field.options) each.selected = what.some(([key_]) => key_ === each.value);
    }
    field.closest("details")?.setAttribute("open", "");
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
})();
