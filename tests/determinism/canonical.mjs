// A copy of a module in which every float operation that may give a NaN gives the canonical one.
//
// WebAssembly leaves the bits of such a NaN open.  The Internet Computer and our replica have the compiler
// make them canonical; V8 has no such setting, so the copy asks after each operation: `x == x ? x : NaN`.
// Nothing else changes: indices stay, and a function that computes with floats gets two locals behind its own.

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  byte() {
    return this.bytes[this.at++];
  }
  skipLeb() {
    while (this.bytes[this.at++] & 0x80);
  }
  unsigned() {
    let value = 0, shift = 0, byte;
    do {
      byte = this.bytes[this.at++];
      value += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte & 0x80);
    return value;
  }
}

export function leb(value) {
  const out = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    out.push(value ? low | 0x80 : low);
  } while (value);
  return out;
}

const F32 = new Set([0x8d, 0x8e, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0xb6]);
const F64 = new Set([0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xbb]);
const LEBS_OF_FC = { 8: 2, 9: 1, 10: 2, 11: 1, 12: 2, 13: 1, 14: 2, 15: 1, 16: 1, 17: 1 };

// Moves `reader` behind the operands that are part of instruction `op`.
function skipImmediates(reader, op) {
  if (op >= 0x45 && op <= 0xc4) return;
  if (op >= 0x28 && op <= 0x3e) {
    reader.skipLeb();
    reader.skipLeb();
    return;
  }
  switch (op) {
    case 0x00: case 0x01: case 0x05: case 0x0b: case 0x0f: case 0x1a: case 0x1b: case 0xd1:
      return;
    case 0x02: case 0x03: case 0x04: case 0x0c: case 0x0d: case 0x10: case 0x12: case 0x20: case 0x21:
    case 0x22: case 0x23: case 0x24: case 0x25: case 0x26: case 0x3f: case 0x40: case 0x41: case 0x42:
    case 0xd0: case 0xd2:
      return reader.skipLeb();
    case 0x11: case 0x13:
      reader.skipLeb();
      return reader.skipLeb();
    case 0x0e: case 0x1c: {
      let count = reader.unsigned() + (op === 0x0e ? 1 : 0);
      while (count--) reader.skipLeb();
      return;
    }
    case 0x43:
      reader.at += 4;
      return;
    case 0x44:
      reader.at += 8;
      return;
    case 0xfc: {
      let count = LEBS_OF_FC[reader.unsigned()] ?? 0;
      while (count--) reader.skipLeb();
      return;
    }
  }
  throw new Error(`instruction 0x${op.toString(16)} is not expected in a canister's code`);
}

// The function's body with canonical NaNs.
function body(bytes, start, end, parameters) {
  const reader = new Reader(bytes, start);
  const groups = reader.unsigned();
  const declarations = reader.at;
  let locals = parameters;
  for (let group = 0; group < groups; group++) {
    locals += reader.unsigned();
    reader.at++;
  }
  const code = reader.at;
  const t32 = leb(locals), t64 = leb(locals + 1);
  const after32 = [0x22, ...t32, 0x43, 0, 0, 0xc0, 0x7f, 0x20, ...t32, 0x20, ...t32, 0x5b, 0x1b];
  const after64 = [0x22, ...t64, 0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0x20, ...t64, 0x20, ...t64, 0x61, 0x1b];
  const parts = [];
  let copied = code;
  while (reader.at < end) {
    const op = reader.byte();
    skipImmediates(reader, op);
    const after = F32.has(op) ? after32 : F64.has(op) ? after64 : null;
    if (after) {
      parts.push(bytes.subarray(copied, reader.at), Uint8Array.from(after));
      copied = reader.at;
    }
  }
  if (!parts.length) return bytes.subarray(start, end);
  parts.unshift(
    Uint8Array.from(leb(groups + 2)),
    bytes.subarray(declarations, code),
    Uint8Array.from([1, 0x7d, 1, 0x7c]),
  );
  parts.push(bytes.subarray(copied, end));
  return Buffer.concat(parts);
}

function parameterCounts(bytes, at) {
  const reader = new Reader(bytes, at);
  const counts = [];
  for (let left = reader.unsigned(); left; left--) {
    reader.at++; // 0x60
    const count = reader.unsigned();
    reader.at += count;
    counts.push(count);
    const results = reader.unsigned();
    reader.at += results;
  }
  return counts;
}

function code(bytes, at, types, counts) {
  const reader = new Reader(bytes, at);
  const number = reader.unsigned();
  const parts = [Uint8Array.from(leb(number))];
  for (let index = 0; index < number; index++) {
    const size = reader.unsigned();
    const changed = body(bytes, reader.at, reader.at + size, counts[types[index]]);
    reader.at += size;
    parts.push(Uint8Array.from(leb(changed.length)), changed);
  }
  return Buffer.concat(parts);
}

// The copy of `module` (a Buffer).
export function canonical(module) {
  const reader = new Reader(module, 8);
  const parts = [module.subarray(0, 8)];
  let counts = [], types = [];
  while (reader.at < module.length) {
    const id = reader.byte();
    const size = reader.unsigned();
    const end = reader.at + size;
    let payload = module.subarray(reader.at, end);
    if (id === 1) counts = parameterCounts(module, reader.at);
    if (id === 3) {
      const list = new Reader(module, reader.at);
      types = Array.from({ length: list.unsigned() }, () => list.unsigned());
    }
    if (id === 10) payload = code(module, reader.at, types, counts);
    parts.push(Uint8Array.from([id, ...leb(payload.length)]), payload);
    reader.at = end;
  }
  return Buffer.concat(parts);
}
