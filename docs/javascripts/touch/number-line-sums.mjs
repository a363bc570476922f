// Chapter 19 in numbers: a format has p digits and a lowest exponent; x is not negative.

const exponent = (x) => {
  let e = Math.floor(Math.log2(x));
  if (2 ** e > x) e -= 1; // a logarithm may be rounded up to an integer, or down from one
  if (2 ** (e + 1) <= x) e += 1;
  return e;
};

export const spacing = (x, { p, lowest }) => 2 ** (Math.max(x > 0 ? exponent(x) : lowest, lowest) - p + 1);

// The number of the format at or below x, the next one, and the probability of the upper one.
export function around(x, form) {
  const h = spacing(x, form);
  const below = Math.floor(x / h) * h;
  return { h, below, above: below + h, up: x / h - Math.floor(x / h) };
}

export function nearest(x, form) {
  const { h, below, above, up } = around(x, form);
  const even = (below / h) % 2 === 0;
  return up < 0.5 || (up === 0.5 && even) ? below : above;
}

// At random, with a number that was drawn between 0 and 1.
export function atRandom(x, form, drawn) {
  const { below, above, up } = around(x, form);
  return drawn < up ? above : below;
}

// All numbers from 0 to the end of the line.
export function numbers(form, end) {
  const all = [0];
  while (all.at(-1) < end) all.push(all.at(-1) + spacing(all.at(-1), form));
  return all;
}
