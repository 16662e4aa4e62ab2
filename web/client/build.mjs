// Bundles what the browser gets: one script and one style sheet for each entry, one sprite of icons.
// Names carry a hash of their content, `manifest.json` maps plain names to them; licence texts stay beside the code.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "..", "static", "built");
const out = `${built}.${process.pid}`; // swapped in when it is whole: a server that runs meanwhile finds all or the old
const icons = JSON.parse(await readFile(join(here, "icons.json"), "utf8"));

async function entries() {
  const names = await readdir(join(here, "entries"));
  return names.filter((name) => /\.(ts|css)$/.test(name)).map((name) => join(here, "entries", name));
}

async function sprite() {
  const symbols = await Promise.all(
    Object.entries(icons).map(async ([name, file]) => {
      const svg = await readFile(join(here, "../../node_modules/lucide-static/icons", `${file}.svg`), "utf8");
      const body = svg.replace(/[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
      return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${body.replace(/\s+/g, " ")}</symbol>`;
    }),
  );
  const text = `<svg xmlns="http://www.w3.org/2000/svg"><!-- Lucide, ISC licence -->${symbols.join("")}</svg>`;
  const hashed = `icons-${createHash("sha256").update(text).digest("hex").slice(0, 8)}.svg`;
  await writeFile(join(out, hashed), text);
  return ["icons.svg", hashed];
}

await mkdir(out, { recursive: true });
const result = await build({
  entryPoints: await entries(),
  outdir: out,
  bundle: true,
  minify: true,
  sourcemap: process.env.GRIDGOV_SOURCEMAP === "1",
  format: "esm",
  target: ["chrome100", "safari15", "firefox100"],
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".svg": "file", ".png": "file", ".woff": "file", ".woff2": "file", ".ttf": "file", ".eot": "empty" },
  legalComments: "linked",
  metafile: true,
});
const manifest = Object.fromEntries([await sprite()]);
for (const [path, about] of Object.entries(result.metafile.outputs)) {
  if (!about.entryPoint) continue;
  const kind = path.endsWith(".css") ? "css" : "js";
  manifest[`${basename(about.entryPoint).replace(/\.(ts|css)$/, "")}.${kind}`] = basename(path);
}
for (const name of (await readdir(out)).filter((each) => /\.(js|css|svg)$/.test(each))) {
  const content = await readFile(join(out, name));
  await writeFile(join(out, `${name}.br`), brotliCompressSync(content));
  await writeFile(join(out, `${name}.gz`), gzipSync(content, { level: 9 }));
}
await writeFile(join(out, "manifest.json"), JSON.stringify(manifest, null, 1));
await rm(`${built}.old`, { recursive: true, force: true });
await rename(built, `${built}.old`).catch((error) => {
  if (error.code !== "ENOENT") throw error;
});
await rename(out, built);
await rm(`${built}.old`, { recursive: true, force: true });
