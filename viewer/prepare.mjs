/* Makes the viewer that the web door serves, out of exactly what package-lock.json names.
 *
 *   node viewer/prepare.mjs            does nothing when the result is up to date
 *
 * Needs Node 20 or later and npm. Writes src/primum/doors/web/viewer/ and nothing else (node_modules aside).
 * A bundle is patched here, so every replacement has an expected count: another version of OHIF
 * ends this script rather than give a viewer that half works. Upgrading: docs/design/web.md.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "src", "primum", "doors", "web", "viewer");
const modules = join(here, "node_modules");

/* Everything the result depends on; its digest names the folder under /ohif/, so that a changed viewer has changed addresses. */
const INPUTS = ["package.json", "package-lock.json", "prepare.mjs", "boot.js", "viewer.css"];

/* Not carried: what no reading room needs, what talks to other hosts, what would keep patient data. Slash-ended: a folder. */
const LEFT_OUT = [
  "ort/", // ONNX runtime of the AI-assisted segmentation: 100 MB
  "dicom-microscopy-viewer/", // whole-slide images
  "customizations/", // samples
  "sw.js", "init-service-worker.js", // a service worker keeps what it serves; these also name other hosts
  "silent-refresh.html", "oidc-client.min.js", "google.js", // sign-in to others' servers
  "es6-shim.min.js", "polyfill.min.js", // for browsers without WebGL 2
  "app-config.js", "index.html", "manifest.json", // the door writes its own
  "_headers", "_redirects", "serve.json", // other servers' settings
];
const KEPT_ASSETS = "assets/images/"; // of assets/, only the presets' thumbnails: the rest are application icons

/* [what, by what, in how many places of how many files]. The counts are those of 3.13.2. */
const base = (stamp) => [
  { find: '__webpack_require__.p = "/";', put: `__webpack_require__.p = "/ohif/${stamp}/";`, in: ".js", files: 8, places: 8 },
  /* in French a month's short name is long; the other pages write 21/11/2026 */
  { find: '"localDateFormat":"DD MMM YYYY"', put: '"localDateFormat":"DD/MM/YYYY"', in: ".js", files: 1, places: 1 },
  { find: "url(/a34f9d1faa5f3315.woff2)", put: `url(/ohif/${stamp}/a34f9d1faa5f3315.woff2)`, in: ".css", files: 1, places: 5 },
];
const INDEX = { scripts: /<script defer src="\/(app\.bundle\.[0-9a-f]{16}\.js)"><\/script>/g, styles: /<link href="\/(app\.bundle\.css)" rel="stylesheet">/g, inline: /<script>/g };
const DECODER = /^8097\.bundle\.[0-9a-f]{16}\.js$/; // the image decode worker: the one script that may call new Function
const COMPRESSES = new Set([".js", ".css", ".wasm", ".svg", ".txt"]);

function fail(sentence) {
  console.error(`viewer: error: ${sentence}`);
  process.exit(1);
}

function expect(what, found, expected) {
  if (found !== expected) fail(`${what}: ${found} found, ${expected} expected; this is not the release that prepare.mjs knows`);
}

function digest() {
  const hash = createHash("sha256");
  for (const name of INPUTS) hash.update(`${name}\0`).update(readFileSync(join(here, name)));
  return hash.digest("hex").slice(0, 16);
}

function upToDate(stamp) {
  const file = join(target, "manifest.json");
  return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).stamp === stamp;
}

/* npm checks each tarball against the lock's SHA-512; no package's scripts are run. */
function install() {
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  execFileSync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: here, stdio: "inherit", shell: process.platform === "win32" });
}

function walk(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)).replaceAll("\\", "/"))
    .sort();
}

function kept(name) {
  if (name.endsWith(".map")) return false;
  if (name.startsWith("assets/")) return name.startsWith(KEPT_ASSETS);
  return !LEFT_OUT.some((out) => (out.endsWith("/") ? name.startsWith(out) : name === out));
}

function readIndex(dist) {
  const html = readFileSync(join(dist, "index.html"), "utf8");
  const [scripts, styles] = [INDEX.scripts, INDEX.styles].map((shape) => [...html.matchAll(shape)]);
  expect("main script in index.html", scripts.length, 1);
  expect("style sheet in index.html", styles.length, 1);
  expect("inline scripts in index.html (boot.js stands for them)", [...html.matchAll(INDEX.inline)].length, 2);
  return { script: scripts[0][1], style: styles[0][1] };
}

function rebase(files, stamp) {
  for (const rule of base(stamp)) {
    let [touched, places] = [0, 0];
    for (const [name, text] of files) {
      if (extname(name) !== rule.in || !text.includes(rule.find)) continue;
      touched += 1;
      places += text.split(rule.find).length - 1;
      files.set(name, text.replaceAll(rule.find, rule.put));
    }
    expect(`files with ${rule.find}`, touched, rule.files);
    expect(`places with ${rule.find}`, places, rule.places);
  }
}

async function minify(esbuild, name, text) {
  const loader = extname(name).slice(1);
  const made = await esbuild.transform(text, { loader, minify: true, legalComments: "eof", charset: "utf8", target: "es2022" });
  return made.code;
}

function write(folder, name, bytes) {
  const compressed = COMPRESSES.has(extname(name));
  const file = join(folder, compressed ? `${name}.gz` : name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, compressed ? gzipSync(bytes, { level: 9 }) : bytes);
}

/* MIT and BSD ask that their notice goes with the copy: the packages' own texts, then every legal comment inside the bundles. */
function notices(files) {
  const parts = [];
  for (const name of ["@ohif/app", "htmx.org"]) {
    const about = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
    parts.push(`${name} ${about.version} (${about.license})\n\n${readFileSync(join(modules, name, "LICENSE"), "utf8").trim()}`);
  }
  const comments = new Set();
  for (const [name, text] of files) {
    if (extname(name) !== ".js") continue;
    for (const [comment] of text.matchAll(/\/\*[!*](?:(?!\*\/)[\s\S])*?(?:@license|@preserve|Copyright|copyright)(?:(?!\*\/)[\s\S])*\*\//g)) comments.add(comment.trim());
  }
  if (comments.size < 20) fail(`only ${comments.size} notices found inside the bundles`);
  return parts.concat(["Found inside the bundles of @ohif/app:", ...[...comments].sort()]).join("\n\n----------------------------------------\n\n") + "\n";
}

async function main() {
  const stamp = digest();
  if (upToDate(stamp)) return;
  install();
  const esbuild = await import("esbuild");
  const dist = join(modules, "@ohif", "app", "dist");
  const names = walk(dist).filter(kept);
  const index = readIndex(dist);
  const texts = new Map(names.filter((name) => [".js", ".css"].includes(extname(name))).map((name) => [name, readFileSync(join(dist, name), "utf8")]));
  const notice = notices(texts);
  rebase(texts, stamp);
  const decoders = names.filter((name) => DECODER.test(name));
  expect("decode workers", decoders.length, 1);

  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  const folder = join(fresh, "ohif");
  for (const name of names) write(folder, name, texts.has(name) ? await minify(esbuild, name, texts.get(name)) : readFileSync(join(dist, name)));
  for (const name of ["boot.js", "viewer.css"]) write(folder, name, await minify(esbuild, name, readFileSync(join(here, name), "utf8")));
  write(fresh, "htmx.js", readFileSync(join(modules, "htmx.org", "dist", "htmx.min.js")));
  write(fresh, "THIRD_PARTY.txt", notice);
  const version = JSON.parse(readFileSync(join(modules, "@ohif", "app", "package.json"), "utf8")).version;
  writeFileSync(join(fresh, "manifest.json"), `${JSON.stringify({ stamp, version, ...index, decoder: decoders[0], files: walk(folder) }, null, 1)}\n`);
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
  const bytes = walk(target).reduce((sum, name) => sum + statSync(join(target, name)).size, 0);
  console.log(`viewer: OHIF ${version} ready, ${names.length + 2} files, ${(bytes / 1e6).toFixed(1)} MB`);
}

await main();
