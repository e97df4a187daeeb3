// Runs metered modules in V8.  Standard input: a JSON list of {shell (base64), pages, globals, calls, limit};
// standard output: a list of {instructions, exhausted, trapped, memory (base64)}.

import { readFileSync } from "node:fs";

// The host's function as a WebAssembly one, which alone can be put into a table: it returns its first argument.
function identity(type) {
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 7, 1, 0x60, 2, type, type, 1, type, 3, 2, 1, 0];
  bytes.push(7, 5, 1, 1, 0x66, 0, 0, 10, 6, 1, 4, 0, 0x20, 0, 0x0b);
  return new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))).exports.f;
}

// Older versions take a number for 64-bit memories as well.
function grow(memory, pages, wide) {
  try {
    memory.grow(wide ? BigInt(pages) : pages);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    memory.grow(pages);
  }
}

function run({ shell, wide, pages, globals, calls, limit }) {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(shell, "base64")));
  const { exports } = instance;
  exports.h.set(0, identity(wide ? 0x7e : 0x7f));
  if (exports.m && pages) grow(exports.m, pages, wide);
  for (const [number, value] of Object.entries(globals)) exports[`g${number}`].value = value;
  exports.c.value = BigInt(limit);
  let trapped = false;
  try {
    for (const name of calls) exports[name]();
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    trapped = true;
  }
  const memory = exports.m ? Buffer.from(exports.m.buffer.slice(0, 4096)).toString("base64") : "";
  return {
    instructions: (BigInt(limit) - exports.c.value).toString(),
    exhausted: exports.x.value === 1,
    trapped,
    memory,
  };
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(run)));
