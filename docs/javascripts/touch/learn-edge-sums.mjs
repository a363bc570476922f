// What the kernel that learns computes: losses, gradients, steps, and how far a check finds a gradient off.

import { random } from "./common.mjs";
import { convolve, correlate } from "./correlation.mjs";
import { DIGITS, SIDE } from "./digits.mjs";

export const RATE = 0.0005;
export const STEPS = 300;
export const SOUGHT = [
  [1, 0, -1],
  [2, 0, -2],
  [1, 0, -1],
];
const OUTPUT = SIDE - SOUGHT.length + 1;

export const zeros = () => SOUGHT.map((row) => row.map(() => 0));
const combined = (A, B, both) => A.map((row, i) => row.map((a, j) => both(a, B[i][j])));
const total = (A, B) => combined(A, B, (a, b) => a * b).flat().reduce((sum, one) => sum + one, 0);

// Pixels between 0 and 1, as everywhere in the book.
export const imageOf = (digit) => DIGITS[digit].map((row) => row.map((byte) => byte / 255));

// Kernel gradients out of an image and an upstream gradient: the right one, and two mistakes.
export const GRADIENTS = { right: correlate, flipped: convolve, none: zeros };

const errorOf = (X, K, T) => combined(correlate(X, K), T, (y, t) => y - t);
const halfSquare = (error) => total(error, error) / 2;

// A run: its kernel, and the loss before each step and after the last.
export function started(digit) {
  const X = imageOf(digit);
  const T = correlate(X, SOUGHT);
  return { X, T, K: zeros(), losses: [halfSquare(errorOf(X, zeros(), T))] };
}

export function stepped({ X, T, K, losses }, kind) {
  const gradient = GRADIENTS[kind](X, errorOf(X, K, T));
  const next = combined(K, gradient, (k, g) => k - RATE * g);
  return { X, T, K: next, losses: [...losses, halfSquare(errorOf(X, next, T))] };
}

export function run(digit, kind, steps) {
  let state = started(digit);
  for (let step = 0; step < steps; step += 1) state = stepped(state, kind);
  return state;
}

// The upstream gradients of the two checks.
export const ones = () => Array.from({ length: OUTPUT }, () => Array(OUTPUT).fill(1));
export function randoms(seed = 3) {
  const next = random(seed);
  return Array.from({ length: OUTPUT }, () => Array.from({ length: OUTPUT }, () => 2 * next() - 1));
}

// How far a gradient is off the central quotients of sum(G * Y), entry by entry, h = 1: the layer
// is linear in its kernel, so that no step is too long. Relative, as lengths.
export function checked(digit, kind, G) {
  const X = imageOf(digit);
  const bumped = (u, v, h) => zeros().map((row, a) => row.map((_, b) => (a === u && b === v ? h : 0)));
  const loss = (K) => total(G, correlate(X, K));
  const quotients = SOUGHT.map((row, u) =>
    row.map((_, v) => (loss(bumped(u, v, 1)) - loss(bumped(u, v, -1))) / 2),
  );
  const difference = combined(GRADIENTS[kind](X, G), quotients, (a, b) => a - b);
  return Math.sqrt(total(difference, difference) / total(quotients, quotients));
}
