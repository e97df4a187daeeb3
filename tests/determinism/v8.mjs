// Replays recorded runs of canisters in V8 and tells the first difference of each.
//
// Standard input has one JSON command a line, standard output one JSON answer each:
//   {do: "shell", key, path, canonical}  compiles a metered shell
//   {do: "image", shell, path}           takes the first state of a canister; answers {state}
//   {do: "run", run}                     replays; answers {differences: [...], counts}
//   {do: "keep"}                         the states reached so far stay
//   {do: "forget"}                       drops those reached since
// The host's functions answer what the record says, and insist on being called as it says.

import { createHash, hash } from "node:crypto";
import { readFileSync, readSync, writeSync } from "node:fs";
import { isMainThread, Worker } from "node:worker_threads";
import { canonical } from "./canonical.mjs";

const PAGE = 65536;
const OS_PAGE = 4096;

const sha = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash;
};

// A WebAssembly function that calls `host`: only such can be put into a table.
function exported(host, wide) {
  const type = wide ? 0x7e : 0x7f;
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 7, 1, 0x60, 2, type, type, 1, type];
  bytes.push(2, 7, 1, 1, 0x68, 1, 0x66, 0, 0, 7, 5, 1, 1, 0x66, 0, 0);
  return new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), { h: { f: host } }).exports.f;
}

class HostEnded extends Error {}
class Difference extends Error {}

// ---- states: every one that was reached, page by page ---------------------------------------------------

const pages = new Map(); // hash of a page → its bytes
const heaps = new Map(); // hash of a heap → {pages: [hash of a page], globals: {number: bits}}
const stables = new Map(); // hash of stable memory → {pages: count, content: Map(number → bytes)}
let lasting; // the names of those that `forget` leaves

const keep = () => {
  lasting = { pages: new Set(pages.keys()), heaps: new Set(heaps.keys()), stables: new Set(stables.keys()) };
};

function capture(buffer, globals) {
  const whole = createHash("sha256");
  const list = [];
  for (let at = 0; at < buffer.byteLength; at += PAGE) {
    const page = new Uint8Array(buffer, at, PAGE);
    const digest = hash("sha256", page, "buffer");
    whole.update(digest);
    const name = digest.toString("base64");
    if (!pages.has(name)) pages.set(name, page.slice());
    list.push(name);
  }
  const numbers = Object.keys(globals).sort((a, b) => a - b);
  whole.update("|" + numbers.map((number) => `${number}=${globals[number]}`).join(","));
  const state = whole.digest("hex");
  if (!heaps.has(state)) heaps.set(state, { pages: list, globals });
  return state;
}

function stableState({ pages: count, content }) {
  const whole = sha(String(count));
  for (const number of [...content.keys()].sort((a, b) => a - b)) {
    const page = content.get(number);
    if (page.some((byte) => byte)) {
      const name = Buffer.alloc(8);
      name.writeBigUInt64LE(BigInt(number));
      whole.update(name);
      whole.update(page);
    }
  }
  return whole.digest("hex");
}

function stableRead(memory, offset, length) {
  const out = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const start = (offset + at) % OS_PAGE;
    const piece = Math.min(length - at, OS_PAGE - start);
    const page = memory.content.get(Math.floor((offset + at) / OS_PAGE));
    if (page) out.set(page.subarray(start, start + piece), at);
    at += piece;
  }
  return out;
}

function stableWrite(memory, offset, data) {
  for (let at = 0; at < data.length; ) {
    const number = Math.floor((offset + at) / OS_PAGE);
    const start = (offset + at) % OS_PAGE;
    const piece = Math.min(data.length - at, OS_PAGE - start);
    const page = new Uint8Array(memory.content.get(number) ?? OS_PAGE);
    page.set(data.subarray(at, at + piece), start);
    memory.content.set(number, page);
    at += piece;
  }
}

// ---- a live instance of a shell -------------------------------------------------------------------------

const unsigned = (value) => (typeof value === "bigint" ? BigInt.asUintN(64, value) : BigInt(value >>> 0));

class Shell {
  constructor(bytes) {
    this.module = new WebAssembly.Module(bytes);
    this.imports = WebAssembly.Module.imports(this.module);
    const types = WebAssembly.Module.exports(this.module);
    this.globals = types.filter(({ name }) => /^g\d+$/.test(name)).map(({ name }) => name);
    this.list = [];
    this.fresh();
  }

  fresh() {
    const imports = {};
    for (const { module, name } of this.imports) {
      imports[module] ??= {};
      imports[module][name] = (...given) => this.host(name, given);
    }
    this.exports = new WebAssembly.Instance(this.module, imports).exports;
    this.exports.h.set(0, exported((previous, added) => {
      if (previous !== -1) this.host("grown", [previous, added]);
      return previous;
    }, false));
    this.list = [];
  }

  // Brings heap and globals to a state that was reached before.
  load(state) {
    const wanted = heaps.get(state);
    if (!wanted) throw new Difference(`the run begins in a state that was never reached here: ${state}`);
    if (wanted.pages.length < this.list.length || !this.exports.m) this.fresh();
    const missing = wanted.pages.length - this.exports.m.buffer.byteLength / PAGE;
    if (missing > 0) this.exports.m.grow(missing);
    wanted.pages.forEach((name, index) => {
      if (this.list[index] !== name) new Uint8Array(this.exports.m.buffer, index * PAGE, PAGE).set(pages.get(name));
    });
    this.list = wanted.pages;
    for (const [number, bits] of Object.entries(wanted.globals)) {
      const global = this.exports[`g${number}`];
      global.value = typeof global.value === "bigint" ? BigInt(bits) : Number(bits) | 0;
    }
  }

  state() {
    const globals = {};
    for (const name of this.globals) globals[name.slice(1)] = unsigned(this.exports[name].value).toString();
    const state = capture(this.exports.m.buffer, globals);
    this.list = heaps.get(state).pages;
    return state;
  }

  // A call of the code to the host: compares it with the record, does what the record says.
  host(name, given) {
    const index = this.done++;
    const call = this.run.calls[index];
    const place = `call ${index} (${name})`;
    const insist = (what, expected, found) => {
      if (expected !== found) {
        this.difference = `${place}: ${what}: recorded ${expected}, V8 ${found}`;
        throw new Difference(this.difference);
      }
    };
    insist("name", call?.name, name);
    insist("arguments", call.arguments.join(" "), given.map((value) => unsigned(value).toString()).join(" "));
    insist("instructions left", call.left, this.exports.c.value.toString());
    const memory = Buffer.from(this.exports.m.buffer);
    for (const [offset, data] of call.reads ?? []) {
      insist(`memory at ${offset}`, data, memory.toString("hex", offset, offset + data.length / 2));
    }
    if (!call.ended) this.stableEffect(name, call, insist);
    for (const [offset, data] of call.writes ?? []) memory.write(data, offset, "hex");
    this.exports.c.value = BigInt(call["left after"]);
    if (call.ended) {
      this.ended = true;
      throw new HostEnded(place);
    }
    if (call.result === undefined) return undefined;
    const result = BigInt(call.result);
    return this.wideResults.has(name) ? BigInt.asIntN(64, result) : Number(BigInt.asIntN(32, result));
  }

  // Stable memory is kept here, not replayed: reads must give what the record says.
  stableEffect(name, call, insist) {
    const numbers = call.arguments.map(Number);
    const memory = this.stable;
    switch (name) {
      case "stable64_size": case "stable_size":
        return insist("result", call.result, String(memory.pages));
      case "stable64_grow": case "stable_grow":
        if (BigInt.asIntN(64, BigInt(call.result)) < 0n) return;
        insist("result", call.result, String(memory.pages));
        memory.pages += numbers[0];
        return;
      case "stable64_write": case "stable_write":
        for (const [, data] of call.reads ?? []) stableWrite(memory, numbers[0], Buffer.from(data, "hex"));
        return;
      case "stable64_read": case "stable_read":
        for (const [, data] of call.writes ?? []) {
          insist("content", data, stableRead(memory, numbers[1], data.length / 2).toString("hex"));
        }
    }
  }

  replay(run) {
    this.run = run;
    this.done = 0;
    this.ended = false;
    this.difference = null;
    this.load(run.start);
    const before = stables.get(run.stable);
    if (!before) throw new Difference("the run begins with a stable memory that was never reached here");
    this.stable = { pages: before.pages, content: new Map(before.content) };
    const { exports } = this;
    exports.c.value = BigInt(run.limit);
    exports.x.value = 0;
    let outcome = "returned";
    try {
      const { entry } = run;
      if ("function" in entry) exports[`f${entry.function}`]();
      else exports.t.get(entry.slot)(entry.argument | 0);
    } catch (error) {
      if (error instanceof Difference || this.difference) throw error;
      outcome = this.ended ? "host" : trapName(error, exports.x.value === 1);
    }
    const left = exports.c.value.toString();
    const end = this.state();
    const stable = stableState(this.stable);
    if (!stables.has(stable)) stables.set(stable, this.stable);
    const recorded = run.calls.at(-1)?.ended ? "host" : run.outcome;
    return [
      ["number of calls", run.calls.length, this.done],
      ["outcome", recorded, outcome],
      ["instructions left", run.left, left],
      ["heap and globals", run.end, end],
      ["stable memory", run["stable end"], stable],
    ].filter(([, expected, found]) => expected !== found)
      .map(([what, expected, found]) => `${what}: recorded ${expected}, V8 ${found}`);
  }
}

const TRAPS = [
  [/memory access out of bounds/, "MEMORY_OUT_OF_BOUNDS"],
  [/table index is out of bounds/, "TABLE_OUT_OF_BOUNDS"],
  [/null function or function signature mismatch/, "INDIRECT_CALL_TO_NULL"],
  [/divide by zero|remainder by zero/, "INTEGER_DIVISION_BY_ZERO"],
  [/divide result unrepresentable/, "INTEGER_OVERFLOW"],
  [/float unrepresentable in integer range/, "BAD_CONVERSION_TO_INTEGER"],
  [/unreachable/, "UNREACHABLE"],
  [/Maximum call stack size exceeded/, "STACK_OVERFLOW"],
];

function trapName(error, exhausted) {
  const found = TRAPS.find(([pattern]) => pattern.test(error.message));
  if (!found) throw error;
  return `trap: ${exhausted && found[1] === "UNREACHABLE" ? "OUT_OF_INSTRUCTIONS" : found[1]}`;
}

// ---- commands ---------------------------------------------------------------------------------------------

const shells = new Map();
stables.set(stableState({ pages: 0, content: new Map() }), { pages: 0, content: new Map() });

const commands = {
  shell({ key, path, canonical: wanted, wide }) {
    const bytes = readFileSync(path);
    const shell = new Shell(wanted ? canonical(bytes) : bytes);
    shell.wideResults = new Set(wide);
    shells.set(key, shell);
    return {};
  },
  image({ path }) {
    const image = JSON.parse(readFileSync(path, "utf8"));
    const memory = Buffer.alloc(image.pages * PAGE);
    for (const [offset, data] of image.segments) memory.write(data, offset, "base64");
    const state = capture(memory.buffer, image.globals);
    keep();
    return { state };
  },
  run({ run }) {
    try {
      return { differences: shells.get(run.shell).replay(run) };
    } catch (error) {
      if (!(error instanceof Difference)) throw error;
      shells.get(run.shell).fresh();
      return { differences: [error.message] };
    }
  },
  forget() {
    for (const name of pages.keys()) if (!lasting.pages.has(name)) pages.delete(name);
    for (const name of heaps.keys()) if (!lasting.heaps.has(name)) heaps.delete(name);
    for (const name of stables.keys()) if (!lasting.stables.has(name)) stables.delete(name);
    return {};
  },
  keep() {
    keep();
    return {};
  },
};

function* lines() {
  const chunk = Buffer.alloc(1 << 20);
  let rest = [];
  for (;;) {
    let size;
    try {
      size = readSync(0, chunk, 0, chunk.length, null);
    } catch (error) {
      if (error.code === "EAGAIN") continue;
      if (error.code === "EOF") return;
      throw error;
    }
    if (!size) return;
    let start = 0;
    for (let end; (end = chunk.subarray(0, size).indexOf(10, start)) >= 0; start = end + 1) {
      rest.push(Buffer.from(chunk.subarray(start, end)));
      yield Buffer.concat(rest).toString("utf8");
      rest = [];
    }
    rest.push(Buffer.from(chunk.subarray(start, size)));
  }
}

function answer(value) {
  const data = Buffer.from(JSON.stringify(value) + "\n");
  for (let at = 0; at < data.length; ) at += writeSync(1, data, at);
}

if (isMainThread) {
  // The wasm stack of a canister needs more than V8's main thread has.
  const worker = new Worker(new URL(import.meta.url), { resourceLimits: { stackSizeMb: 200, maxOldGenerationSizeMb: 8192 } });
  worker.on("error", (error) => {
    console.error(error);
    process.exit(1);
  });
} else {
  for (const line of lines()) {
    const command = JSON.parse(line);
    answer(commands[command.do](command));
  }
}
