// S is the sum of g[i][j] x[i+u][j+v] k[u][v] over all outputs (i, j) and all offsets (u, v). A row
// of pixels is a picture of one row. An entry is named ["x", p, q], ["k", u, v] or ["g", i, j].

export const mapped = (array, change) =>
  array.map((row, p) => row.map((value, q) => change(value, p, q)));

const places = (array, name) => mapped(array, (_, p, q) => [name, p, q]).flat();
const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);
const at = (state, [name, p, q]) => state[name][p][q];

// The terms of S: for every output and every offset, the entries that are multiplied.
export function terms({ k, g }) {
  return places(g, "g").flatMap((output) =>
    places(k, "k").map((offset) => ({
      g: output,
      x: ["x", output[1] + offset[1], output[2] + offset[2]],
      k: offset,
    })),
  );
}

export const same = (one, other) => String(one) === String(other);

// Those that contain an entry: in one dimension a row, a column, an anti-diagonal of the table.
export const along = (state, entry) =>
  terms(state).filter((term) => same(term[entry[0]], entry));

// What stands beside it in a term, in the order of the letters.
export const beside = (term, name) =>
  ["g", "x", "k"].filter((one) => one !== name).map((one) => term[one]);

export const product = (state, entries) => entries.reduce((all, one) => all * at(state, one), 1);

export const total = (state) => sum(terms(state).map(({ g, x, k }) => product(state, [g, x, k])));

// S is linear in each array: its derivative is the sum of the products of the other two factors.
export const derivative = (state, entry) =>
  sum(along(state, entry).map((term) => product(state, beside(term, entry[0]))));

export const gradient = (state, name) =>
  mapped(state[name], (_, p, q) => derivative(state, [name, p, q]));

export const flipped = (array) => [...array].reverse().map((row) => [...row].reverse());

// What a convolution would say: the kernel gradient of the flipped upstream gradient.
export const wrongKernelGradient = ({ x, k, g }) => gradient({ x, k, g: flipped(g) }, "k");

export function changed(state, [name, p, q], value) {
  const array = mapped(state[name], (old, a, b) => (a === p && b === q ? value : old));
  return { ...state, [name]: array };
}

// The central difference quotient of S, for an entry that is moved by h to either side.
export function quotient(state, entry, h) {
  const moved = (by) => total(changed(state, entry, at(state, entry) + by));
  return (moved(h) - moved(-h)) / (2 * h);
}
