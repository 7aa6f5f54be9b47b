/* Runs before OHIF, in the viewer's page.
 *
 * Patient data must not outlive the session in the browser's profile. OHIF is given storages that live
 * in memory: a store that is never written need not be cleared, and LevelDB keeps cleared rows for a while.
 */
(() => {
  "use strict";

  class MemoryStorage {
    #rows = new Map();
    get length() { return this.#rows.size; }
    key(at) { return [...this.#rows.keys()][at] ?? null; }
    getItem(name) { return this.#rows.get(String(name)) ?? null; }
    setItem(name, value) { this.#rows.set(String(name), String(value)); }
    removeItem(name) { this.#rows.delete(String(name)); }
    clear() { this.#rows.clear(); }
  }
  /* some callers write storage.name = value: give that the same memory */
  const memory = () => new Proxy(new MemoryStorage(), {
    get: (rows, name) => (name in rows ? (typeof rows[name] === "function" ? rows[name].bind(rows) : rows[name]) : rows.getItem(name) ?? undefined),
    set: (rows, name, value) => (rows.setItem(name, value), true),
    deleteProperty: (rows, name) => (rows.removeItem(name), true),
  });

  const replace = (on, name, value) => Object.defineProperty(on, name, { value, configurable: false, writable: false });
  replace(window, "localStorage", memory());
  replace(window, "sessionStorage", memory());
  for (const name of ["indexedDB", "caches"]) replace(window, name, undefined);
  replace(Navigator.prototype, "serviceWorker", undefined);
  replace(Navigator.prototype, "storage", undefined);
  /* read as given, written in vain */
  const fix = (on, name, value) => Object.defineProperty(on, name, { get: () => value, set: () => {}, configurable: false });
  fix(document, "cookie", ""); // the library that chooses the language would set one: the only cookie here is the server's
  fix(document, "title", document.title); // history keeps titles: this one never holds a name

  window.PUBLIC_URL = new URL(".", document.currentScript.src).pathname;
  window.browserImportFunction = (address) => import(address);
  localStorage.setItem("i18nextLng", document.documentElement.lang);
})();
