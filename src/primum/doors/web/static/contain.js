/* Follows what a file's page has begun, and shows it when it is over. A page that answers no more says nothing new. */
"use strict";

(() => {
  const card = document.getElementById("under-way");
  const far = document.getElementById("far");
  if (!card || !far) return;

  async function look() {
    const answer = await fetch(card.dataset.progress).catch(() => null);
    if (answer && answer.status === 401) return window.location.replace("/");
    const told = answer && answer.ok ? await answer.json() : null;
    if (told && !told.under_way) return window.location.reload();
    if (told && told.says !== far.textContent) far.textContent = told.says;
    window.setTimeout(look, 2_000);
  }

  window.setTimeout(look, 1_000);
})();
