// The same cases in Node.js: node node.mjs URL, the site that a page would be from.
import { readFile } from "node:fs/promises";
import init, { run } from "./cases.js";

const site = process.argv[2];
const post = (path, body) => fetch(new URL(path, site), { method: "POST", body });
try {
  await init({ module_or_path: await readFile(new URL("cases_bg.wasm", import.meta.url)) });
  await post("/outcome", await run(await (await fetch(new URL("/given", site))).text()));
} catch (error) {
  await post("/failure", String(error?.stack ?? error));
}
