// Windows of a layer with stride and padding in one direction: rows, or columns.

export const whole = (count) => Array.from({ length: count }, (_, index) => index);
export const filled = (rows, columns, value) =>
  whole(rows).map((p) => whole(columns).map((q) => value(p, q)));

// How many windows fit.
export const outputSize = (size, { K, S, P }) => Math.floor((size + 2 * P - K) / S) + 1;
