// What the windows of chapter 13 are set to, and what is said of it: numbers in, sentences out.

import { integer, pair, plural, random, written } from "./common.mjs";
import { covering, leftOver, untouched } from "./strided-windows-sums.mjs";
import { outputSize } from "./windows.mjs";

export const SETTINGS = {
  H: { words: "height of the image", least: 1, most: 9, usual: 8 },
  W: { words: "width of the image", least: 1, most: 9, usual: 7 },
  K: { words: "height and width of the kernel", least: 1, most: 5, usual: 3 },
  S: { words: "stride", least: 1, most: 4, usual: 2 },
  P: { words: "padding", least: 0, most: 2, usual: 0 },
};
export const SHOWS = { windows: "windows", forward: "x \u2192 y", backward: "g \u2192 \u2202L/\u2202x" };
export const KIND = { x: "Pixel", y: "Output", k: "Kernel entry" };
const LARGEST = 13; // outputs, in the largest image and with the smallest kernel
const SEED = { least: 1, most: 999, usual: 2 };

export const bracketed = (number) => (number < 0 ? `(${written(number)})` : written(number));
const times = (count, letter) => (count === 1 ? letter : `${count}${letter}`);
const capital = (text) => text[0].toUpperCase() + text.slice(1);

// --- the state ------------------------------------------------------------------------------------

// Numbers of one digit: pixels from 0 to 5, the others from -3 to 3 and never 0, which is kept for
// what is inserted. A larger array begins with the smaller one.
export function numbers(seed, { H, W, K, S, P }) {
  const draw = random(Math.imul(seed, 0x9e3779b1));
  const square = (side, one) => Array.from({ length: side }, () => Array.from({ length: side }, one));
  const signed = () => (draw() < 0.5 ? -1 : 1) * (1 + Math.floor(3 * draw()));
  const cut = (rows, height, width) => rows.slice(0, height).map((row) => row.slice(0, width));
  const x = square(SETTINGS.H.most, () => Math.floor(6 * draw()));
  const k = square(SETTINGS.K.most, signed);
  const g = square(LARGEST, signed);
  const count = (size) => outputSize(size, { K, S, P });
  return { x: cut(x, H, W), k: cut(k, K, K), g: cut(g, count(H), count(W)), S, P };
}

export const after = (seed) => (seed % SEED.most) + 1;

// What the package says of a kernel that is larger than the padded image.
export function refused({ H, W, K, P }) {
  const [height, width] = [H + 2 * P, W + 2 * P];
  if (K <= height && K <= width) return undefined;
  return `kernel_size: expected at most the padded image's (H, W) = (${height}, ${width}); got (${K}, ${K})`;
}

// What an address says, where it makes sense.
export function settled(state) {
  const read = (of) => Object.entries(SETTINGS).map(([name, one]) => [name, integer(of[name], one)]);
  const asked = Object.fromEntries(read(state));
  const [, name, p, q] = /^([xyk])(\d\d?),(\d\d?)$/.exec(state.pick ?? "") ?? ["", "x", 2, 2];
  return {
    sizes: refused(asked) ? Object.fromEntries(read({})) : asked,
    seed: integer(state.seed, SEED),
    show: Object.hasOwn(SHOWS, state.show ?? "") ? state.show : "windows",
    picked: [name, Number(p), Number(q)],
  };
}

// --- sentences ------------------------------------------------------------------------------------

// How many outputs there are in one direction, and which rows or columns no window touches.
export function direction(word, size, sizes) {
  const { S, P, K } = sizes;
  const room = `(${size} + 2 \u00b7 ${P} \u2212 ${K})`.replaceAll(" ", "\u00a0"); // in one line
  const [outputs, left, lost] = [outputSize, leftOver, untouched].map((count) => count(size, sizes));
  const begin = `${capital(word)}s: \u230a${room} / ${S}\u230b + 1 = ${outputs}; R = ${room} mod ${S} = ${left}`;
  const padding = left <= P ? ", padding" : `, ${P} of them padding`;
  const between = `, and ${S} \u2212 ${K} = ${S - K} between windows`;
  const which = lost.length === 1 ? `${word} ${lost[0]} is` : `${word}s ${lost.join(", ")} are`;
  const end = lost.length ? `: ${which} never touched.` : `: every ${word} is touched.`;
  return begin + (left && P ? padding : "") + (S > K && outputs > 1 ? between : "") + end;
}

// How many windows are over a pixel that is far from the border.
export function pattern({ K, S }) {
  const [less, more] = [Math.floor(K / S), Math.ceil(K / S)];
  if (K < S) return "K is smaller than S: pixels between two windows are under none.";
  if (less === more) {
    const count = plural(less * less, "window");
    return `S divides K: inside, every pixel is under (${K} / ${S})\u00b2 = ${count}.`;
  }
  const counts = `${less * less}, ${less * more} or ${more * more}`;
  return `S does not divide K: inside, pixels are under ${counts} windows: a checkerboard.`;
}

// Where the terms of what is picked come from.
const WHERE = {
  y: ([p, q], { S, P }) => `its window begins at pixel ${pair([p * S - P, q * S - P])}.`,
  k([u, v], { S, P }) {
    const pixels = `(${times(S, "i")} + ${u} \u2212 ${P}, ${times(S, "j")} + ${v} \u2212 ${P})`;
    return `it meets the pixels ${pixels}, ${S} apart.`;
  },
  x([p, q], sizes) {
    const { H, W, S, P } = sizes;
    const rows = covering(p, outputSize(H, sizes), sizes);
    const columns = covering(q, outputSize(W, sizes), sizes);
    const count = rows.length * columns.length;
    if (!count) return "under no window. Its gradient is 0, whatever the kernel.";
    const range = (all) => (all.length === 1 ? all[0] : `${all[0]} to ${all.at(-1)}`);
    const outputs = `i = ${range(rows)}, j = ${range(columns)}`;
    const offsets = `u = ${p} + ${P} \u2212 ${times(S, "i")}, v = ${q} + ${P} \u2212 ${times(S, "j")}`;
    return `under ${plural(count, "window")}, ${outputs}; ${offsets}.`;
  },
};
const together = (text) => text.replace(/, (?=[\u2212\d]+\))/g, ",\u00a0"); // a pair in one line
export const where = ([name, ...at], sizes) =>
  together(`${KIND[name]} ${pair(at)}: ${WHERE[name](at, sizes)}`);

export function aroundIt({ H, W, K, S, P }) {
  const left = [H, W].some((size) => leftOver(size, { K, S, P }));
  const zeros = `S \u2212 1 = ${plural(S - 1, "zero")} between, K \u2212 1 = ${K - 1} around`;
  return `g dilated: ${zeros}${left ? ", R more after it" : ""}.`;
}
