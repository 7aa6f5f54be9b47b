/* DICOM files of a folder, sent by STOW-RS some at a time. Names of files never leave the browser. */
"use strict";

(() => {
  const card = document.getElementById("bring");
  if (!card) return;
  const [bar, said] = ["bar", "said"].map((id) => document.getElementById(id));
  const token = document.querySelector("meta[name=primum-form-token]").content;
  const BATCH_BYTES = 32 * 1024 * 1024, BATCH_FILES = 64;
  let busy = false;

  async function isDicom(file) {
    const start = new Uint8Array(await file.slice(128, 132).arrayBuffer());
    return String.fromCharCode(...start) === "DICM";
  }

  function body(files) {
    const boundary = "primum" + crypto.randomUUID().replaceAll("-", "");
    const parts = files.flatMap((one) => [`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`, one, "\r\n"]);
    const type = `multipart/related; type="application/dicom"; boundary=${boundary}`;
    return { type, blob: new Blob([...parts, `--${boundary}--\r\n`]) };
  }

  const count = (told, tag) => told?.[tag]?.Value?.length ?? 0;

  async function send(files, totals) {
    const { type, blob } = body(files);
    const headers = { "Content-Type": type, Accept: "application/dicom+json", "X-Form-Token": token };
    const answer = await fetch("/dicom-web/studies", { method: "POST", headers, body: blob });
    if (answer.status === 401) window.location.replace("/");
    if (answer.status === 403) throw new Error("again");
    if (![200, 202, 409].includes(answer.status)) throw new Error("broken");
    const told = await answer.json();
    totals.stored += count(told, "00081199");
    totals.refused += count(told, "00081198");
  }

  const fill = (text, totals) => text.replace(/\{(\w+)\}/g, (_, name) => totals[name]);

  function report(totals, done) {
    const data = card.dataset;
    const parts = [fill(done ? data.done : data.running, totals)];
    if (totals.refused) parts.push(fill(data.refused, totals));
    if (totals.left) parts.push(fill(data.left, totals));
    said.textContent = parts.join(" ");
    bar.value = totals.seen;
  }

  async function bring(files) {
    if (busy || !files.length) return;
    busy = true;
    const totals = { all: files.length, seen: 0, stored: 0, refused: 0, left: 0 };
    bar.max = files.length;
    bar.hidden = false;
    let batch = [], size = 0;
    try {
      for (const file of files) {
        totals.seen += 1;
        if (!(await isDicom(file))) {
          totals.left += 1;
          continue;
        }
        if (batch.length && (batch.length >= BATCH_FILES || size + file.size > BATCH_BYTES)) {
          await send(batch, totals);
          [batch, size] = [[], 0];
          report(totals, false);
        }
        batch.push(file);
        size += file.size;
      }
      if (batch.length) await send(batch, totals);
      report(totals, true);
    } catch (error) {
      report(totals, false);
      said.textContent += " " + (error.message === "again" ? card.dataset.again : card.dataset.broken);
    }
    busy = false;
  }

  async function entries(entry) {
    if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
    const reader = entry.createReader(), found = [];
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return found;
      for (const one of some) found.push(...(await entries(one)));
    }
  }

  for (const id of ["folder", "files"]) {
    document.getElementById(id).addEventListener("change", (event) => bring([...event.target.files]));
  }
  card.addEventListener("dragover", (event) => event.preventDefault());
  card.addEventListener("drop", async (event) => {
    event.preventDefault();
    const dropped = [...event.dataTransfer.items].map((one) => one.webkitGetAsEntry()).filter(Boolean);
    const files = [];
    for (const one of dropped) files.push(...(await entries(one)));
    bring(files);
  });
})();
