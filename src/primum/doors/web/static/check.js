/* Follows a check that is under way, and shows it when it is done. */
"use strict";

(() => {
  const bar = document.getElementById("bar");
  if (!bar) return;

  async function look() {
    const answer = await fetch("/check/progress").catch(() => null);
    if (answer && answer.status === 401) return window.location.replace("/");
    const told = answer && answer.ok ? await answer.json() : null;
    if (told && !told.under_way) return window.location.reload();
    if (told && told.total) {
      bar.max = told.total;
      bar.value = told.done;
    }
    window.setTimeout(look, 1_000);
  }

  window.setTimeout(look, 1_000);
})();
