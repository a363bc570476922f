// What the kernel on a picture computes: state in, numbers out, and the state as text and back.

import { listed, plain } from "./common.mjs";
import { convolve, corner, correlate, flipped, MODES, outputSize, windowOf } from "./correlation.mjs";
import { DIGITS, SIDE } from "./digits.mjs";

export const SIZE = 3; // of the kernel
export const INK = 255;

export const PRESETS = {
  diagonal: [-1, -1, 0, -1, 0, 1, 0, 1, 1],
  blur: [0.0625, 0.125, 0.0625, 0.125, 0.25, 0.125, 0.0625, 0.125, 0.0625],
  "edges across": [1, 0, -1, 2, 0, -2, 1, 0, -1],
  "edges down": [1, 2, 1, 0, 0, 0, -1, -2, -1],
  sharpen: [0, -1, 0, -1, 5, -1, 0, -1, 0],
  corner: [-4, -4, -4, -4, 5, 5, -4, 5, 5],
};
const OPERATIONS = { correlation: correlate, convolution: convolve };

export const square = (k) => [0, 1, 2].map((u) => k.slice(u * SIZE, (u + 1) * SIZE));

// `ink` is the drawing of the reader, rows of 0 and 255.
export const pictureOf = ({ picture, ink }) => (picture === "own" ? ink : DIGITS[picture]);

export const outputOf = (state) =>
  OPERATIONS[state.operation](pictureOf(state), square(state.k), state.mode);

// The nine pixels in the window of an output, what lies on them, and the nine products.
export function productsOf({ k, operation, mode, at, ...rest }) {
  const K = operation === "convolution" ? flipped(square(k)) : square(k);
  const X = windowOf(pictureOf(rest), K, ...corner(K, mode, ...at));
  return { K, X, products: K.map((row, u) => row.map((entry, v) => X[u][v] * entry)) };
}

// What a flip does: how many outputs it changes, and how many do not become their opposite.
export function flipOf({ k, ...rest }) {
  const before = outputOf({ k, ...rest }).flat();
  const after = outputOf({ k: [...k].reverse(), ...rest }).flat();
  const near = 1e-9 * Math.max(1, ...before.map(Math.abs));
  const count = (difference) => before.filter((y, m) => Math.abs(difference(y, after[m])) > near).length;
  return {
    all: before.length,
    changed: count((y, other) => y - other),
    notOpposite: count((y, other) => y + other),
  };
}

// --- in the address: a row of a drawing is seven hexadecimal digits -------------------------------

export const blank = () => Array.from({ length: SIDE }, () => Array(SIDE).fill(0));

// A square to begin with: it has edges across, edges down and four corners.
export function drawing() {
  const ink = blank();
  for (let p = 8; p < 20; p += 1) ink[p].fill(INK, 8, 20);
  return ink;
}

export const packed = (ink) =>
  ink
    .map((row) => parseInt(row.map((pixel) => (pixel ? 1 : 0)).join(""), 2))
    .map((bits) => bits.toString(16).padStart(SIDE / 4, "0"))
    .join("");

export function unpacked(text) {
  if (!/^[0-9a-f]{196}$/.test(text ?? "")) return undefined;
  return text
    .match(/.{7}/g)
    .map((row) => parseInt(row, 16).toString(2).padStart(SIDE, "0"))
    .map((bits) => [...bits].map((bit) => Number(bit) * INK));
}

// What cannot be read is as in the beginning.
export function stateFrom({ k, picture, ink, operation, mode, at }) {
  const own = unpacked(ink);
  const state = {
    k: listed(k, PRESETS.diagonal),
    picture: picture === "own" && own ? "own" : /^1?\d$/.test(picture) ? Number(picture) : 0,
    ink: own ?? drawing(),
    operation: Object.hasOwn(OPERATIONS, operation) ? operation : "correlation",
    mode: MODES.includes(mode) ? mode : "valid",
  };
  const place = listed(at, [NaN, NaN]);
  const last = outputSize(SIDE, SIZE, state.mode) - 1;
  const inside = place.every((index) => Number.isInteger(index) && index >= 0 && index <= last);
  return { ...state, at: inside ? place : [4, 12] };
}

export const textOf = ({ k, picture, ink, operation, mode, at }) => ({
  k: plain(k),
  picture: String(picture),
  ...(picture === "own" && { ink: packed(ink) }),
  operation,
  mode,
  at: plain(at),
});
