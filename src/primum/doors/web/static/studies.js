/* The worklist by keyboard, and what happens when the session ends while it is open. */
"use strict";

(() => {
  const links = () => [...document.querySelectorAll("table.studies a.open")];

  function move(by) {
    const all = links();
    const at = all.indexOf(document.activeElement);
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    next?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      document.getElementById("name")?.focus();
    } else if (event.key === "ArrowDown" && !event.target.matches("select, input[type=date]")) {
      event.preventDefault();
      move(1);
    } else if (event.key === "ArrowUp" && !typing) {
      event.preventDefault();
      move(-1);
    }
  });

  /* the whole row opens its study, for the pointer; the link is there for everybody */
  document.addEventListener("click", (event) => {
    if (event.target.closest("a, button") || window.getSelection().toString()) return;
    event.target.closest("table.studies tbody tr")?.querySelector("a.open")?.click();
  });

  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) window.location.replace("/");
  });
  document.addEventListener("htmx:beforeRequest", () => document.getElementById("results")?.setAttribute("aria-busy", "true"));
})();
