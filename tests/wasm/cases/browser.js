// All cases, in a page or in a worker.
import init, { run } from "./cases.js";

const post = (path, body) => fetch(path, { method: "POST", body });
try {
  await init();
  await post("/outcome", await run(await (await fetch("/given")).text()));
} catch (error) {
  await post("/failure", String(error?.stack ?? error));
}
