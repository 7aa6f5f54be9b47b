/* A session that nobody uses locks, in every tab, even when nothing is asked of the server.
 *
 * While keys or pointer move, say so to the server, at most once a minute: scrolling through slices that
 * are already here makes no request. When they have not moved for the idle time, lock. The page of a
 * session that is over (leave.js) tells the other tabs by a channel; they leave.
 */
"use strict";

(() => {
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
  const idle = Number(meta("primum-idle-minutes")) * 60_000;
  const token = meta("primum-form-token");
  const tabs = new BroadcastChannel("primum");
  const EVERY = 60_000;
  let moved = Date.now();
  let said = Date.now();

  const leave = () => window.location.replace("/");
  const post = (address) => fetch(address, { method: "POST", headers: { "X-Form-Token": token }, redirect: "manual" });

  async function say() {
    said = Date.now();
    const answer = await post("/active").catch(() => null);
    if (answer && answer.status === 401) leave();
  }

  async function lock() {
    await post("/lock").catch(() => null);
    leave();
  }

  function onMove() {
    moved = Date.now();
    tabs.postMessage("moved");
    if (moved - said > EVERY) say();
  }

  let last = 0;
  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"]) {
    window.addEventListener(kind, () => {
      if (Date.now() - last < 1_000) return;
      last = Date.now();
      onMove();
    }, { passive: true, capture: true });
  }

  tabs.addEventListener("message", (event) => {
    if (event.data === "leave") leave();
    else moved = Date.now();
  });
  /* a page brought back from memory may belong to a session that is over */
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
  window.setInterval(() => { if (Date.now() - moved >= idle) lock(); }, 5_000);
})();
