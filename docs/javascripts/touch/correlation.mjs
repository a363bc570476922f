// The sums of chapter 1 on arrays of rows; letters and order of the sums are those of its formulas.

export const flipped = (K) => K.map((row) => [...row].reverse()).reverse(); // rot180

// How many rows or columns of zeros stand before and after the picture, for a kernel of this size.
const MARGINS = {
  valid: () => [0, 0],
  same: (size) => [(size - 1) >> 1, size >> 1],
  full: (size) => [size - 1, size - 1],
};
export const MODES = Object.keys(MARGINS);

export const outputSize = (size, kernelSize, mode) => {
  const [before, after] = MARGINS[mode](kernelSize);
  return size + before + after - kernelSize + 1;
};

// The upper left corner of the window of output (i, j), in pixels of the picture.
export const corner = (K, mode, i, j) => [
  i - MARGINS[mode](K.length)[0],
  j - MARGINS[mode](K[0].length)[0],
];

// What the kernel lies on when its corner is at pixel (p, q): zeros where there is no picture.
export const windowOf = (X, K, p, q) =>
  K.map((row, u) => row.map((_, v) => X[p + u]?.[q + v] ?? 0));

export function correlate(X, K, mode = "valid") {
  const height = outputSize(X.length, K.length, mode);
  const width = outputSize(X[0].length, K[0].length, mode);
  const sum = (i, j) => {
    const [p, q] = corner(K, mode, i, j);
    let total = 0;
    for (let u = 0; u < K.length; u += 1) {
      const row = X[p + u];
      if (!row) continue; // above or below the picture
      for (let v = 0; v < K[u].length; v += 1) total += (row[q + v] ?? 0) * K[u][v];
    }
    return total;
  };
  return Array.from({ length: height }, (_, i) => Array.from({ length: width }, (_, j) => sum(i, j)));
}

// For kernels of odd height and width, whose margins are alike before and after the picture.
export const convolve = (X, K, mode = "valid") => correlate(X, flipped(K), mode);
