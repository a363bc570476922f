// Chapter 16 in numbers: what the passes of the two convolutional layers multiply and move, and how
// long a machine takes for it. A machine is { rate, bandwidth }, in thousand millions of operations
// and of bytes a second; numbers of a pass are for one image, times in microseconds.

const LAYERS = [
  { channels: 1, kernels: 16, side: 28 },
  { channels: 16, kernels: 32, side: 14 },
];
const BYTES = 4; // of a number

// The passes with kernels of K by K, an odd number, and a frame that keeps the size.
export function passes(K) {
  return LAYERS.flatMap(({ channels, kernels, side }, at) => {
    const [x, y] = [channels * side ** 2 * BYTES, kernels * side ** 2 * BYTES];
    const columns = x * K ** 2;
    const products = kernels * channels * K ** 2 * side ** 2;
    const pass = (name, multiplications, bytes) => ({ layer: at + 1, name, multiplications, bytes });
    const forward = [
      pass("frame", 0, 2 * x),
      pass("windows", 0, 2 * columns),
      pass("product", products, columns + y),
      pass("bias", 0, 2 * y),
      pass("kernels", products, columns + y),
    ];
    if (at === 0) return forward; // nobody asks the first layer for its input gradient
    return [...forward, pass("shares", products, columns + y), pass("collect", 0, 3 * columns)];
  });
}

export function times({ multiplications, bytes }, { rate, bandwidth }) {
  return { operations: (2 * multiplications) / rate / 1e3, bytes: bytes / bandwidth / 1e3 };
}

// How long a pass takes if it multiplies and moves one after the other, or both at once.
export function lasts(pass, machine, atOnce) {
  const { operations, bytes } = times(pass, machine);
  return atOnce ? Math.max(operations, bytes) : operations + bytes;
}

export function whole(K, machine, atOnce) {
  return passes(K).reduce((sum, pass) => sum + lasts(pass, machine, atOnce), 0);
}
