// Chapter 14 in numbers: one image x, pooled with windows of K by K, stride S and P rows and columns
// of minus infinity around the image. g are the upstream numbers. state: { x, g, K, S, P, pool, tie }.

import { filled, outputSize } from "./windows.mjs";

export const total = (numbers) => numbers.flat().reduce((all, one) => all + one, 0);

export const outputs = ({ x, K, S, P }) => [x, x[0]].map((line) => outputSize(line.length, { K, S, P }));

// The pixels of a window, row by row: what lies on the padding is none.
export function pixels([i, j], { x, K, S, P }) {
  const all = filled(K, K, (u, v) => [i * S + u - P, j * S + v - P]).flat();
  return all.filter(([p, q]) => x[p]?.[q] !== undefined);
}

// The pixels that are the largest of a window: one, or several that tie.
export function largest(at, state) {
  const inside = pixels(at, state);
  const most = Math.max(...inside.map(([p, q]) => state.x[p][q]));
  return inside.filter(([p, q]) => state.x[p][q] === most);
}

// Who gets how much of the upstream number of a window: where several are the largest, the first
// of them gets it, or all of them do, or it is split.
const CONVENTIONS = {
  first: (tied) => tied.slice(0, 1).map((pixel) => ({ pixel, parts: 1 })),
  all: (tied) => tied.map((pixel) => ({ pixel, parts: 1 })),
  split: (tied) => tied.map((pixel) => ({ pixel, parts: tied.length })),
};
export function shares(at, state) {
  if (state.pool === "max") return CONVENTIONS[state.tie](largest(at, state));
  return pixels(at, state).map((pixel) => ({ pixel, parts: state.K ** 2 }));
}

function pooled(at, state) {
  const inside = pixels(at, state).map(([p, q]) => state.x[p][q]);
  return state.pool === "max" ? Math.max(...inside) : total(inside) / state.K ** 2;
}

export const forward = (state) => filled(...outputs(state), (i, j) => pooled([i, j], state));

const windows = (state) => filled(...outputs(state), (i, j) => [i, j]).flat();

// Adds, and does not set: a pixel may be the largest of several windows.
export function inputGradient(state) {
  const gradient = state.x.map((row) => row.map(() => 0));
  for (const [i, j] of windows(state)) {
    for (const { pixel, parts } of shares([i, j], state)) {
      gradient[pixel[0]][pixel[1]] += state.g[i][j] / parts;
    }
  }
  return gradient;
}

// --- one pixel ------------------------------------------------------------------------------------

const same = ([p, q]) => ([a, b]) => a === p && b === q;

// The windows that a pixel lies in, and those of which it is a largest.
export const over = (pixel, state) => windows(state).filter((at) => pixels(at, state).some(same(pixel)));
export const tops = (pixel, state) => windows(state).filter((at) => largest(at, state).some(same(pixel)));

// The windows that give it something: { at, parts } stands for g[at] / parts.
export const terms = (pixel, state) =>
  windows(state).flatMap((at) => {
    const share = shares(at, state).find((one) => same(pixel)(one.pixel));
    return share ? [{ at, parts: share.parts }] : [];
  });

// --- the whole image ------------------------------------------------------------------------------

export const ties = (state) => windows(state).filter((at) => largest(at, state).length > 1).length;

// The image moved down and to the right; what comes in is zero.
export const moved = (x, [down, right]) =>
  x.map((row, p) => row.map((_, q) => x[p - down]?.[q - right] ?? 0));

// Means of the same numbers in another order may differ in their last digit.
export const nearly = (one, other) => Math.abs(one - other) < 1e-9;

// Of the outputs, how many are what they were in the same place, and, if the image has moved by a
// multiple of the stride, how many are what they were as far back as that.
export function compared(before, after, steps, S) {
  const places = after.flatMap((row, i) => row.map((_, j) => [i, j]));
  const equal = (from) => from.filter(([i, j, a, b]) => nearly(after[i][j], before[a][b])).length;
  const stay = equal(places.map(([i, j]) => [i, j, i, j]));
  if (steps.some((step) => step % S)) return { count: places.length, stay };
  const [down, right] = steps.map((step) => step / S);
  const partners = places
    .map(([i, j]) => [i, j, i - down, j - right])
    .filter(([, , a, b]) => before[a]?.[b] !== undefined);
  return { count: places.length, stay, partners: partners.length, follow: equal(partners) };
}
