// Chapter 15 in numbers: logits z of the classes, divided by the temperature T; the target is the
// class with the index t. A state is { z, t, T, layer }, the layer "softmax" or "sigmoids".

const total = (numbers) => numbers.reduce((all, one) => all + one, 0);
const oneHot = (t, { length }) => Array.from({ length }, (_, k) => Number(k === t));

export const heated = ({ z, T }) => z.map((one) => one / T);

// --- softmax --------------------------------------------------------------------------------------

// The exponentials of which the softmax has quotients, as typed and after the largest is subtracted.
export const typed = (u) => u.map(Math.exp);
export const shifted = (u) => u.map((one) => Math.exp(one - Math.max(...u)));

export function shares(weights) {
  const all = total(weights);
  return weights.map((weight) => weight / all);
}

export const softmax = (u) => shares(shifted(u));

// log(sum(exp(u))): the largest, and what the others add to it.
export const logSumExp = (u) => Math.max(...u) + Math.log(total(shifted(u)));

// Not u - logSumExp(u): next to a largest logit of 10,000 the loss of a sure answer would be rounded.
export function logSoftmax(u) {
  const most = Math.max(...u);
  const rest = Math.log(total(shifted(u)));
  return u.map((one) => one - most - rest);
}

// The Jacobian diag(p) - p p^T, and its product with an upstream gradient.
export const jacobian = (p) => p.map((row, k) => p.map((column, l) => Number(k === l) * row - row * column));
export function softmaxGradient(p, g) {
  const mean = total(p.map((one, k) => one * g[k]));
  return p.map((one, k) => one * (g[k] - mean));
}

// Logits with a given softmax: of the many, those whose sum is 0.
export function logits(p) {
  const logs = p.map(Math.log);
  return logs.map((one) => one - total(logs) / p.length);
}

// --- a sigmoid for each class ---------------------------------------------------------------------

export const sigmoid = (u) => 1 / (1 + Math.exp(-Math.max(u, -708))); // before exp overflows
export const softplus = (u) => Math.max(u, 0) + Math.log1p(Math.exp(-Math.abs(u)));
export const diagonal = (p) => p.map((row, k) => p.map((_, l) => (k === l ? row * (1 - row) : 0)));

// --- both -----------------------------------------------------------------------------------------

// The loss: of one distribution over the classes, or summed over answers to questions of their own,
// of which a sigmoid too large costs softplus(u), and one too small softplus(-u).
const LAYERS = {
  softmax: {
    outputs: softmax,
    losses: (u, t) => [-logSoftmax(u)[t]],
    slopes: jacobian,
  },
  sigmoids: {
    outputs: (u) => u.map(sigmoid),
    losses: (u, t) => u.map((one, k) => softplus(k === t ? -one : one)),
    slopes: diagonal,
  },
};

// Everything that is shown; gradient and Jacobian are with respect to z, so that 1 / T is in both.
export function valued({ z, t, T, layer }) {
  const { outputs, losses, slopes } = LAYERS[layer];
  const u = heated({ z, T });
  const p = outputs(u);
  const target = oneHot(t, z);
  return {
    u,
    p,
    sum: total(p),
    losses: losses(u, t),
    loss: total(losses(u, t)),
    gradient: p.map((one, k) => (one - target[k]) / T),
    jacobian: slopes(p).map((row) => row.map((one) => one / T)),
  };
}

// One step of gradient descent in the logits, with the rate 1. It never raises the loss of this one
// image: the logit of the target grows, and the others fall.
export const stepped = (z, { gradient }) => z.map((one, k) => one - gradient[k]);

// --- the triangle ---------------------------------------------------------------------------------

// The corners belong to the classes; a distribution is their mean, with its numbers as weights.
export const CORNERS = [
  [0, 0],
  [1, 0],
  [0.5, Math.sqrt(0.75)],
];

export const placed = (p) => [0, 1].map((axis) => total(p.map((one, k) => one * CORNERS[k][axis])));

// The distribution at a place, and of what lies outside, or at the edge, where a logit would be
// infinite, one nearby.
export function distribution([x, y], least) {
  const top = y / CORNERS[2][1];
  const weights = [1 - x - top / 2, x - top / 2, top].map((one) => Math.min(Math.max(one, least), 1));
  return shares(weights);
}
