// The core on a machine that has nothing, and on WASI. Exits with 1 where it asks the machine for anything, or has no answer.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const read = async (name) => WebAssembly.compile(await readFile(new URL(name, import.meta.url)));
const arn = "arn:aws:iam::123456789012:user/alice";

const bare = await read("bare.wasm");
const imports = WebAssembly.Module.imports(bare);
if (imports.length > 0) throw new Error(`the core imports ${imports.map((of) => of.name)}`);
const { exports } = await WebAssembly.instantiate(bare, {});
const length = exports.ask(1715940487n, 42n);
if (length !== arn.length) throw new Error(`the arn has ${length} characters`);

// Prints the ARN.
const wasi = new WASI({ version: "preview1", returnOnExit: true });
wasi.start(await WebAssembly.instantiate(await read("on_wasi.wasm"), wasi.getImportObject()));
