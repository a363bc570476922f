// A small real network, its gradients with and without mistakes, and six checks of them: chapter 9.
//
// Two images of 6 by 5, a convolution with two kernels of 3 by 3, a sigmoid, a dense layer of two
// units, a sigmoid, the mean cross-entropy. Arrays are flat, in the order of NumPy.

import { random } from "./common.mjs";

const [N, H, W, F, K, O] = [2, 6, 5, 2, 3, 2];
const [HO, WO] = [H - K + 1, W - K + 1];
const M = F * HO * WO;
export const SHAPES = { x: [N, 1, H, W], kernels: [F, 1, K, K], bias: [F], weights: [M, O], last: [O] };
const size = (shape) => shape.reduce((product, length) => product * length, 1);
const NAMES = Object.keys(SHAPES);

export const MISTAKES = {
  none: "no mistake",
  convolved: "kernel gradient by convolution",
  unflipped: "input gradient, kernels not flipped",
  axes: "bias gradient over the wrong axes",
  factor: "the sigmoid's factor forgotten",
  mean: "the sum for the mean",
  reshaped: "dense weights reshaped, not transposed",
  sample: "kernel gradient of the last image only",
  sign: "one weight with the wrong sign",
  decay: "a little weight decay in the gradient",
};
export const CHECKS = {
  ones: "each piece alone, ones upstream",
  one: "one direction",
  twenty: "twenty directions",
  all: "all entries",
  complex: "all entries, complex step",
  float32: "all entries, in float32",
};
export const BEST = { ones: 1e-5, one: 1e-5, twenty: 1e-5, all: 1e-5, complex: 1e-8, float32: 0.0316 };
export const LIMITS = { ones: 1e-6, one: 1e-6, twenty: 1e-6, all: 1e-6, complex: 1e-8, float32: 1e-2 };

const exact = (number) => number; // float64
const zeros = (shape) => new Array(size(shape)).fill(0);

// Parameters, input and targets, the same for a seed everywhere.
export function drawn(seed) {
  const next = random(seed);
  for (let k = 0; k < 20; k += 1) next(); // a small seed begins with small numbers
  const uniform = (shape, width) => zeros(shape).map(() => width * (2 * next() - 1));
  const scale = { x: 1, kernels: 1, bias: 0.5, weights: 0.5, last: 0.5 };
  const numbers = Object.fromEntries(NAMES.map((name) => [name, uniform(SHAPES[name], scale[name])]));
  return { numbers, t: [1, 0, 0, 1] };
}

// Twenty directions of signs through all numbers, the input among them.
export function directions(seed, count = 20) {
  const next = random(seed + 1000);
  for (let k = 0; k < 20; k += 1) next();
  const sign = () => (next() < 0.5 ? -1 : 1);
  return Array.from({ length: count }, () =>
    Object.fromEntries(NAMES.map((name) => [name, zeros(SHAPES[name]).map(sign)])));
}

// Calls visit(output, pixel, kernel entry) for every product of the convolution.
function products(visit) {
  for (let n = 0; n < N; n += 1)
    for (let f = 0; f < F; f += 1)
      for (let i = 0; i < HO; i += 1)
        for (let j = 0; j < WO; j += 1)
          for (let u = 0; u < K; u += 1)
            for (let v = 0; v < K; v += 1)
              visit(((n * F + f) * HO + i) * WO + j, (n * H + i + u) * W + j + v, (f * K + u) * K + v);
}

const featureOf = (output) => Math.floor(output / (HO * WO)) % F;

export function conv({ x, kernels, bias }, round = exact) {
  const z = new Array(N * M).fill(0);
  products((out, pixel, entry) => {
    z[out] = round(z[out] + round(x[pixel] * kernels[entry]));
  });
  return z.map((sum, out) => round(sum + bias[featureOf(out)]));
}

export function sigmoid({ z }, round = exact) {
  return z.map((one) => round(1 / round(1 + round(Math.exp(-one)))));
}

export function dense({ y, weights, last }, round = exact) {
  return zeros([N, O]).map((_, out) => {
    let sum = 0;
    const [n, o] = [Math.floor(out / O), out % O];
    for (let m = 0; m < M; m += 1) sum = round(sum + round(y[n * M + m] * weights[m * O + o]));
    return round(sum + last[o]);
  });
}

export function entropy({ p, t }, round = exact) {
  let sum = 0;
  p.forEach((one, k) => {
    const of = t[k] === 1 ? one : round(1 - one); // targets are 0 or 1
    sum = round(sum - round(Math.log(of)));
  });
  return [round(sum / p.length)];
}

export function forward(numbers, t, round = exact) {
  const y = sigmoid({ z: conv(numbers, round) }, round);
  const p = sigmoid({ z: dense({ ...numbers, y }, round) }, round);
  return { y, p, loss: entropy({ p, t }, round)[0] };
}

// The ways back, each with the mistakes that belong to it.
function convBackward({ x, kernels }, g, mistake) {
  const back = { x: x.map(() => 0), kernels: kernels.map(() => 0), bias: [0, 0] };
  const flipped = (index, count) => index + count - 1 - 2 * (index % count); // of the last two axes
  products((out, pixel, entry) => {
    const upstream = mistake === "convolved" ? g[flipped(out, HO * WO)] : g[out];
    const known = mistake === "sample" && out < M ? 0 : upstream;
    back.kernels[entry] += x[pixel] * known;
    back.x[pixel] += g[out] * kernels[mistake === "unflipped" ? flipped(entry, K * K) : entry];
  });
  g.forEach((one, out) => (back.bias[mistake === "axes" ? Math.floor(out / M) : featureOf(out)] += one));
  return back;
}

const sigmoidBackward = (y, g) => g.map((one, k) => one * y[k] * (1 - y[k]));

function denseBackward({ y, weights }, g, mistake) {
  const back = { y: y.map(() => 0), weights: weights.map(() => 0), last: [0, 0] };
  for (let n = 0; n < N; n += 1)
    for (let o = 0; o < O; o += 1) {
      back.last[o] += g[n * O + o];
      for (let m = 0; m < M; m += 1) {
        back.weights[m * O + o] += y[n * M + m] * g[n * O + o];
        back.y[n * M + m] += g[n * O + o] * weights[mistake === "reshaped" ? o * M + m : m * O + o];
      }
    }
  if (mistake === "decay") back.weights = back.weights.map((one, k) => one + 1e-5 * weights[k]);
  if (mistake === "sign") {
    const largest = back.weights.reduce((at, one, k, all) => (Math.abs(one) > Math.abs(all[at]) ? k : at), 0);
    back.weights[largest] *= -1;
  }
  return back;
}

function entropyBackward({ p, t }, mistake) {
  const count = mistake === "mean" ? 1 : p.length;
  return p.map((one, k) => (one - t[k]) / (one * (1 - one)) / count);
}

// The gradient of the loss in all numbers, by backpropagation.
export function gradient(numbers, t, mistake = "none") {
  const { y, p } = forward(numbers, t);
  const above = denseBackward({ ...numbers, y }, sigmoidBackward(p, entropyBackward({ p, t }, mistake)), mistake);
  const into = mistake === "factor" ? above.y : sigmoidBackward(y, above.y);
  const { weights, last } = above;
  return { ...convBackward(numbers, into, mistake), weights, last };
}

// What each piece is given, and its own gradient with ones upstream.
export function pieces(numbers, t, mistake = "none") {
  const z = conv(numbers);
  const { y, p } = forward(numbers, t);
  const { x, kernels, bias, weights, last } = numbers;
  const ones = (array) => array.map(() => 1);
  const back = mistake === "factor" ? ones(y) : sigmoidBackward(y, ones(y));
  return [
    { f: conv, given: { x, kernels, bias }, back: convBackward(numbers, ones(z), mistake) },
    { f: sigmoid, given: { z }, back: { z: back } },
    { f: dense, given: { y, weights, last }, back: denseBackward({ ...numbers, y }, ones(p), mistake) },
    { f: entropy, given: { p }, fixed: { t }, back: { p: entropyBackward({ p, t }, mistake) } },
  ];
}

// The loss where every number may be complex, [real parts, imaginary parts]; the real part, and Im / h.
export function complexLoss(numbers, moved, t) {
  const [a, b] = [numbers, moved];
  const [re, im] = [new Array(N * M).fill(0), new Array(N * M).fill(0)];
  products((out, pixel, entry) => {
    re[out] += a.x[pixel] * a.kernels[entry] - b.x[pixel] * b.kernels[entry];
    im[out] += a.x[pixel] * b.kernels[entry] + b.x[pixel] * a.kernels[entry];
  });
  const y = re.map((one, k) => complexSigmoid(one + a.bias[featureOf(k)], im[k] + b.bias[featureOf(k)]));
  let [sum, slope] = [0, 0];
  t.forEach((target, out) => {
    const [n, o] = [Math.floor(out / O), out % O];
    let [real, imaginary] = [a.last[o], b.last[o]];
    for (let m = 0; m < M; m += 1) {
      const [[c, d], k] = [y[n * M + m], m * O + o];
      real += c * a.weights[k] - d * b.weights[k];
      imaginary += c * b.weights[k] + d * a.weights[k];
    }
    const [p, q] = complexSigmoid(real, imaginary);
    const of = target === 1 ? [p, q] : [1 - p, -q];
    sum -= Math.log(Math.hypot(...of)) / t.length;
    slope -= Math.atan2(of[1], of[0]) / t.length;
  });
  return [sum, slope];
}

function complexSigmoid(a, b) {
  const length = Math.exp(-a);
  const [re, im] = [1 + length * Math.cos(b), -length * Math.sin(b)];
  const square = re * re + im * im;
  return [re / square, -im / square];
}

// phi(h), phi(-h) and the central quotient of the function f of given arrays, along v.
function central(f, given, v, h, round = exact) {
  const at = (by) => {
    const shifted = Object.entries(given).map(([name, array]) =>
      [name, v[name] ? array.map((one, k) => round(one + round(by * v[name][k]))) : array]);
    return f(Object.fromEntries(shifted));
  };
  const [above, below] = [at(h), at(-h)];
  return { above, below, quotient: round(round(above - below) / round(2 * h)) };
}

// The same for every entry of the arrays, one after the other. The step is the one really taken.
function everyEntry(f, given, h, round = exact) {
  const found = {};
  for (const [name, array] of Object.entries(given)) {
    found[name] = array.map((kept, k) => {
      const [right, left] = [round(kept + h), round(kept - h)];
      const at = (value) => ((array[k] = value), f(given));
      const [above, below] = [at(right), at(left)];
      array[k] = kept;
      const quotient = right === left ? 0 : round(round(above - below) / round(right - left));
      return { above, below, quotient };
    });
  }
  return found;
}

const copied = (numbers, round = exact) =>
  Object.fromEntries(Object.entries(numbers).map(([name, array]) => [name, array.map(round)]));
const total = (array) => array.reduce((sum, one) => sum + one, 0);

function complexEntries({ numbers, t }, h) {
  const moved = copied(numbers, () => 0);
  return Object.fromEntries(NAMES.map((name) => [name, numbers[name].map((_, k) => {
    moved[name][k] = h;
    const [real, imaginary] = complexLoss(numbers, moved, t);
    moved[name][k] = 0;
    return { above: real, below: imaginary, quotient: imaginary / h };
  })]));
}

// What a check measures with the step h: groups of entries, or directions. No gradient is needed.
export function measured(check, setting, h) {
  const { numbers, t, along } = setting;
  if (check === "one" || check === "twenty") {
    const loss = (moved) => forward(moved, t).loss;
    return along.slice(0, check === "one" ? 1 : 20).map((v) => ({ ...central(loss, numbers, v, h), v }));
  }
  if (check === "complex") return [complexEntries(setting, h)];
  if (check === "float32") {
    const loss = (moved) => forward(moved, t, Math.fround).loss;
    return [everyEntry(loss, copied(numbers, Math.fround), Math.fround(h), Math.fround)];
  }
  if (check === "all") return [everyEntry((moved) => forward(moved, t).loss, copied(numbers), h)];
  return pieces(numbers, t).map(({ f, given, fixed }) =>
    everyEntry((moved) => total(f({ ...moved, ...fixed })), copied(given), h));
}

// The largest disagreement with a gradient, and where: { error, where, value, above, below, quotient }.
export function judged(check, found, setting, mistake) {
  const { numbers, t } = setting;
  const whole = gradient(numbers, t, mistake);
  if (check === "one" || check === "twenty") return largest(found.map((one) => alongDirection(one, whole)));
  const groups = check === "ones" ? pieces(numbers, t, mistake).map(({ back }) => back) : [whole];
  return largest(found.flatMap((group, g) =>
    Object.entries(group).flatMap(([name, entries]) => entryErrors(name, entries, groups[g][name]))));
}

const largest = (errors) => errors.reduce((worst, one) => (one.error > worst.error ? one : worst));

// @eq-direction-ratio
function alongDirection({ v, ...found }, whole) {
  const expected = total(NAMES.flatMap((name) => v[name].map((sign, k) => sign * whole[name][k])));
  const length = Math.sqrt(total(NAMES.flatMap((name) => whole[name].map((one) => one * one))));
  const error = Math.abs(found.quotient - expected) / length;
  return { ...found, error, where: "along the direction", value: expected };
}

// @eq-relative-error, nothing granted for rounding
function entryErrors(name, entries, values) {
  const sizes = entries.map(({ quotient }, k) => Math.max(Math.abs(quotient), Math.abs(values[k])));
  const least = 0.01 * Math.max(...sizes);
  return entries.map((found, k) => {
    const difference = Math.abs(found.quotient - values[k]);
    const error = difference === 0 ? 0 : difference / Math.max(sizes[k], least);
    return { ...found, error, where: `${name === "last" ? "dense bias" : name}[${place(k, SHAPES[name])}]`, value: values[k] };
  });
}

function place(k, shape) {
  if (!shape) return String(k);
  const index = [];
  for (const length of [...shape].reverse()) [k] = [Math.floor(k / length), index.unshift(k % length)];
  return index.join(",");
}

// How many leading characters two written numbers have in common.
export function common(one, other) {
  let k = 0;
  while (k < one.length && one[k] === other[k]) k += 1;
  return k;
}

// Beyond the limit a mistake is seen, and its absence a false alarm.
export function verdict(check, error, mistake) {
  const beyond = !(error <= LIMITS[check]);
  return mistake === "none" ? (beyond ? "alarm" : "quiet") : beyond ? "seen" : "blind";
}
