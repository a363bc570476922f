// Chapter 13 in numbers: one image x, one kernel k, stride S and P rows and columns of zeros around
// the image. Offset (u, v) of the window of output (i, j) lies on pixel (i S + u - P, j S + v - P).

import { correlate, flipped } from "./correlation.mjs";
import { filled, outputSize, whole } from "./windows.mjs";

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

// --- one direction: rows, or columns --------------------------------------------------------------

// How many rows the last window leaves.
export const leftOver = (size, { K, S, P }) => (size + 2 * P - K) % S;

// The outputs whose windows cover row p of the image: there i S <= p + P <= i S + K - 1.
export function covering(p, count, { K, S, P }) {
  const first = Math.max(Math.ceil((p + P - K + 1) / S), 0);
  const last = Math.min(Math.floor((p + P) / S), count - 1);
  return whole(Math.max(last - first + 1, 0)).map((place) => first + place);
}

export const untouched = (size, windows) =>
  whole(size).filter((p) => !covering(p, outputSize(size, windows), windows).length);

// --- both: a term is an output, the offset in its window, and the pixel under it ------------------

const inside = (rows, p, q) => rows[p]?.[q] !== undefined;
const value = (rows, [p, q]) => rows[p]?.[q] ?? 0; // the padding is zero
const term = (g, k, { S, P }) => ({ g, k, x: [g[0] * S + k[0] - P, g[1] * S + k[1] - P] });
const places = (rows) => rows.flatMap((row, p) => row.map((_, q) => [p, q]));

// The terms of one output, with what lies on the padding; of one kernel entry; of one pixel.
const TERMS = {
  y: (at, { k, S, P }) => places(k).map((offset) => term(at, offset, { S, P })),
  k: (at, { g, S, P }) => places(g).map((output) => term(output, at, { S, P })),
  x([p, q], { g, k, S, P }) {
    const rows = covering(p, g.length, { K: k.length, S, P });
    const columns = covering(q, g[0].length, { K: k[0].length, S, P });
    const offset = (i, j) => [p + P - i * S, q + P - j * S];
    return rows.flatMap((i) => columns.map((j) => term([i, j], offset(i, j), { S, P })));
  },
};
export const terms = (name, at, state) => TERMS[name](at, state);

const FACTORS = { y: ["x", "k"], k: ["g", "x"], x: ["g", "k"] };
export const factors = (name, one, state) => FACTORS[name].map((letter) => [letter, one[letter]]);
export const product = (pairs, state) => pairs.reduce((all, [letter, at]) => all * value(state[letter], at), 1);

const total = (name, at, state) =>
  sum(terms(name, at, state).map((one) => product(factors(name, one, state), state)));

export function forward({ x, k, S, P }) {
  const rows = outputSize(x.length, { K: k.length, S, P });
  const columns = outputSize(x[0].length, { K: k[0].length, S, P });
  return filled(rows, columns, (i, j) => total("y", [i, j], { x, k, S, P }));
}

export const kernelGradient = (state) =>
  filled(state.k.length, state.k[0].length, (u, v) => total("k", [u, v], state));

export const inputGradient = (state) =>
  filled(state.x.length, state.x[0].length, (p, q) => total("x", [p, q], state));

export const coverage = (state) =>
  filled(state.x.length, state.x[0].length, (p, q) => terms("x", [p, q], state).length);

// --- the same by the dilated upstream gradient ----------------------------------------------------

// S - 1 zeros between neighbours; around them K - 1 for the full convolution, and after them as
// many more as no window touches. Then the flipped kernel has a place for every padded pixel.
export function surrounded({ x, k, g, S, P }) {
  const size = [x, x[0]].map((line, axis) => line.length + 2 * P + [k, k[0]][axis].length - 1);
  const entry = (a, b) => {
    const [i, j] = [(a - k.length + 1) / S, (b - k[0].length + 1) / S];
    return inside(g, i, j) ? g[i][j] : 0;
  };
  return filled(...size, entry);
}

export function byDilation(state) {
  const { x, k, P } = state;
  const padded = correlate(surrounded(state), flipped(k));
  return padded.slice(P, P + x.length).map((row) => row.slice(P, P + x[0].length));
}
