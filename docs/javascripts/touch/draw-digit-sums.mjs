// The arithmetic of the figure "Draw a digit", compared with cnnbook by tests: the network and its
// input gradient, pen and pages, and the way in which MNIST centres. Letters as in the book; an
// image x has 28 rows of 28 numbers from 0 to 1, one after another.

export const SIDE = 28;
const SIZE = 3, PLACES = 26, MAPS = 5, HIDDEN = 100, ANSWERS = 2;
const AREA = PLACES * PLACES;
export const page = () => new Float64Array(SIDE * SIDE);

// A float16 is a sign, five bits of exponent, ten of fraction; JavaScript has no such array
// everywhere, and what it means fits into a float32 exactly.
export function halves(buffer) {
  const view = new DataView(buffer), numbers = new Float32Array(buffer.byteLength / 2);
  for (let n = 0; n < numbers.length; n += 1) numbers[n] = half(view.getUint16(2 * n, true));
  return numbers;
}

export function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

// The parameters in the order of model.parameters().
export function network(numbers) {
  let from = 0;
  const take = (count) => numbers.subarray(from, (from += count));
  const K = take(MAPS * SIZE * SIZE), b = take(MAPS);
  const U = take(MAPS * AREA * HIDDEN), c = take(HIDDEN);
  const W = take(HIDDEN * ANSWERS), d = take(ANSWERS);
  if (from !== numbers.length || d.length !== ANSWERS) throw new Error("not the book's network");
  return { K, b, U, c, W, d };
}

export const sigmoid = (z) => 1 / (1 + Math.exp(-z));

// What every layer says: the maps a and the hidden units h after their sigmoids, and the logits z.
export function forward(model, x) {
  const a = maps(model, x);
  const h = dense(a, model.U, model.c).map(sigmoid);
  return { a, h, z: dense(h, model.W, model.d) };
}

function maps({ K, b }, x) {
  const a = new Float64Array(MAPS * AREA);
  for (let f = 0, n = 0; f < MAPS; f += 1) {
    for (let i = 0; i < PLACES; i += 1) {
      for (let j = 0; j < PLACES; j += 1, n += 1) {
        let y = b[f];
        for (let u = 0; u < SIZE; u += 1) {
          const pixel = (i + u) * SIDE + j, entry = (f * SIZE + u) * SIZE;
          for (let v = 0; v < SIZE; v += 1) y += x[pixel + v] * K[entry + v];
        }
        a[n] = sigmoid(y);
      }
    }
  }
  return a;
}

function dense(x, weights, bias) {
  const y = Float64Array.from(bias);
  for (let i = 0, n = 0; i < x.length; i += 1) {
    for (let j = 0; j < y.length; j += 1, n += 1) y[j] += x[i] * weights[n];
  }
  return y;
}

// The derivative of logit k with respect to every pixel: chapter 12, with the layers of chapters 4,
// 5 and 8 from last to first.
export function inputGradient({ K, U, W }, { a, h }, k) {
  const gradHidden = h.map((s, j) => W[j * ANSWERS + k] * s * (1 - s));
  const gradMaps = a.map((s, i) => {
    let sum = 0;
    for (let j = 0; j < HIDDEN; j += 1) sum += U[i * HIDDEN + j] * gradHidden[j];
    return sum * s * (1 - s);
  });
  const gradient = page();
  for (let f = 0, n = 0; f < MAPS; f += 1) {
    for (let i = 0; i < PLACES; i += 1) {
      for (let j = 0; j < PLACES; j += 1, n += 1) spread(gradient, K, f, i, j, gradMaps[n]);
    }
  }
  return gradient;
}

// A window's gradient goes to each of its pixels, times the kernel entry that it met.
function spread(gradient, K, f, i, j, g) {
  for (let u = 0; u < SIZE; u += 1) {
    const pixel = (i + u) * SIDE + j, entry = (f * SIZE + u) * SIZE;
    for (let v = 0; v < SIZE; v += 1) gradient[pixel + v] += g * K[entry + v];
  }
}

// A stroke of the pen from (y, x) to another place, in pixels: full ink within the pen's radius,
// none a pixel farther out, as at the edges of MNIST's strokes. It never makes a page darker.
export const RADIUS = 1;
export function stroke(x, from, to, erases = false, radius = RADIUS) {
  const result = Float64Array.from(x);
  for (let i = 0; i < SIDE; i += 1) {
    for (let j = 0; j < SIDE; j += 1) {
      const ink = Math.min(Math.max(radius + 1 - distance([i, j], from, to), 0), 1);
      const n = i * SIDE + j;
      result[n] = erases ? Math.min(x[n], level(1 - ink)) : Math.max(x[n], level(ink));
    }
  }
  return result;
}

// A level that can be kept in a byte, as MNIST's are.
const level = (ink) => Math.round(255 * ink) / 255;

function distance([y, x], [y0, x0], [y1, x1]) {
  const dy = y1 - y0, dx = x1 - x0, length = dy * dy + dx * dx;
  const along = length ? Math.min(Math.max(((y - y0) * dy + (x - x0) * dx) / length, 0), 1) : 0;
  return Math.hypot(y - y0 - along * dy, x - x0 - along * dx);
}

// Moved down and to the right; what leaves the page is lost.
export function moved(x, down, right) {
  const result = page();
  for (let i = 0; i < SIDE; i += 1) {
    for (let j = 0; j < SIDE; j += 1) {
      const [p, q] = [i - down, j - right];
      if (p >= 0 && p < SIDE && q >= 0 && q < SIDE) result[i * SIDE + j] = x[p * SIDE + q];
    }
  }
  return result;
}

export const erased = (x, first, last) =>
  x.map((ink, n) => (n % SIDE >= first && n % SIDE <= last ? 0 : ink));

// As cnnbook.pictures does: the digit's box, its longer side at 20 pixels, its centre of mass in row
// and column 14. Shrunk from FINE times as many pixels, so that a stroke keeps its width.
const DIGIT = 20, FINE = 4, INK = 0.5;
export function centred(x) {
  const box = boxOf(x);
  if (!box) return x;
  const [top, bottom, left, right] = box.map((edge) => edge * FINE);
  const height = bottom - top, width = right - left;
  const factor = DIGIT / Math.max(height, width);
  const [rows, columns] = [height, width].map((side) => Math.max(1, even(side * factor)));
  const [down, across] = [shares(height, rows), shares(width, columns)];
  const ink = (i, j) => x[Math.floor((top + i) / FINE) * SIDE + Math.floor((left + j) / FINE)];
  const digit = down.map((ofRows) => across.map((ofColumns) => mean(ofRows, ofColumns, ink)));
  const most = Math.max(...digit.flat());
  return placed(digit.map((row) => row.map((value) => value / most)));
}

// From the first row and column with ink to behind the last.
function boxOf(x) {
  const at = [...x.keys()].filter((n) => x[n] >= INK);
  if (!at.length) return null;
  const rows = at.map((n) => Math.floor(n / SIDE)), columns = at.map((n) => n % SIDE);
  return [rows, columns].flatMap((all) => [Math.min(...all), Math.max(...all) + 1]);
}

// Which pixels a new one is the mean of, along one axis: Pillow's BOX, those whose middle it covers.
function shares(side, count) {
  const scale = side / count, reach = Math.max(scale, 1) / 2;
  return Array.from({ length: count }, (_, k) => {
    const middle = (k + 0.5) * scale;
    const from = Math.max(Math.floor(middle - reach + 0.5), 0);
    const to = Math.min(Math.floor(middle + reach + 0.5), side);
    const all = Array.from({ length: to - from }, (_, n) => from + n);
    return all.filter((n) => n + 0.5 - middle > -reach && n + 0.5 - middle <= reach);
  });
}

function mean(rows, columns, ink) {
  let sum = 0;
  for (const i of rows) for (const j of columns) sum += ink(i, j);
  return sum / (rows.length * columns.length);
}

// Python rounds a half to the even side.
const even = (value) => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

function placed(digit) {
  const rows = digit.map(total), columns = digit[0].map((_, j) => total(digit.map((row) => row[j])));
  const [top, left] = [rows, columns].map((mass) => {
    const centre = total(mass.map((value, n) => value * n)) / total(mass);
    return Math.min(Math.max(even(SIDE / 2 - centre), 0), SIDE - mass.length);
  });
  const result = page();
  digit.forEach((row, i) => row.forEach((ink, j) => (result[(top + i) * SIDE + left + j] = ink)));
  return result;
}

const total = (numbers) => numbers.reduce((sum, one) => sum + one, 0);

// A page in an address: its levels in base64, a run of blank pixels as a zero and its length.
export function written(x) {
  const bytes = [];
  for (let n = 0; n < x.length; n += 1) {
    const ink = Math.round(255 * x[n]);
    if (ink) bytes.push(ink);
    else if (bytes.at(-2) === 0 && bytes.at(-1) < 255) bytes[bytes.length - 1] += 1;
    else bytes.push(0, 1);
  }
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// What is no page is null.
export function read(text) {
  if (!/^[\w-]+$/.test(text ?? "")) return null;
  try {
    const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const levels = [];
    for (let n = 0; n < bytes.length && levels.length <= SIDE * SIDE; n += 1) {
      const level = bytes.charCodeAt(n);
      if (level) levels.push(level);
      else levels.push(...Array(bytes.charCodeAt((n += 1)) || 0).fill(0));
    }
    return levels.length === SIDE * SIDE ? Float64Array.from(levels, (one) => one / 255) : null;
  } catch {
    return null;
  }
}
