// What the logits of chapter 15 are set to, and what is said of them: numbers in, sentences out.

import { listed, parsed, within } from "./common.mjs";
import { logSumExp, shares, shifted, typed } from "./softmax-simplex-sums.mjs";

export const CLASSES = ["3", "5", "8"];
export const LAYERS = { softmax: "softmax", sigmoids: "three sigmoids instead" };
export const FURTHEST = 8; // a logit is at most so far from 0, or from 1000
export const LARGE = 1000;
export const HEAT = { least: 0.25, most: 4, step: 0.05 };
export const LOSSES = [0.25, 0.5, 1, 2, 3]; // of the curves
const START = [1.4, -0.2, 0.3];
const NOTHING = 1e-12; // what is smaller is rounding

// What an address says, where it makes sense.
export function settled(state) {
  const z = listed(state.z, START);
  const t = CLASSES.indexOf(state.t ?? "");
  return {
    z: z.every((one) => Math.abs(one) <= FURTHEST) ? z : START,
    t: t < 0 ? 2 : t,
    T: within(state.T, HEAT.least, HEAT.most, 1),
    layer: Object.hasOwn(LAYERS, state.layer ?? "") ? state.layer : "softmax",
    more: state.more === String(LARGE) ? LARGE : 0,
  };
}

// In a cell: four decimals, which stand below each other, or what has room.
export function shown(number, decimals = Math.abs(number) < 100 ? 4 : 2) {
  if (!Number.isFinite(number)) return String(number).replace("-", "\u2212").replace("Infinity", "\u221e");
  const size = Math.abs(number);
  if (size === 0) return "0";
  const scaled = size < 5e-5 || size >= 1e4;
  return (scaled ? number.toExponential(1) : number.toFixed(decimals)).replaceAll("-", "\u2212");
}

// What adds up to 0 but for rounding is 0.
export const summed = (number) => (Math.abs(number) < NOTHING ? "0" : shown(number));
const plainly = (number) => shown(number, 4).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
const equals = (number) => `${Math.abs(parsed(plainly(number)) - number) < NOTHING ? "=" : "\u2248"} ${plainly(number)}`;
const listing = (numbers) => numbers.map(plainly).join(", ");

// --- the table ------------------------------------------------------------------------------------

const named = (T) => (T === 1 ? "z" : "z/T");
const slope = (T) => (T === 1 ? "p \u2212 t" : "(p \u2212 t)/T");

// Each row: its head, three numbers and, where it says something, their sum.
export function rows({ t, T, layer }, { u, p, gradient, jacobian }) {
  const q = named(T);
  const target = CLASSES.map((_, k) => Number(k === t));
  const slopes = jacobian.map((numbers, k) => [`\u2202p_${CLASSES[k]}/\u2202z`, numbers, true]);
  const [naive, safe] = [typed(u), shifted(u)];
  const ways = {
    softmax: () => [
      [`exp(${q})`, naive, true],
      ["over the sum", shares(naive), true],
      [`exp(${q} \u2212 max)`, safe, true],
      ["over the sum: p", p, true],
    ],
    sigmoids: () => [
      [`exp(${q})`, naive],
      ["over 1 + it", naive.map((one) => one / (1 + one)), true],
      [`exp(\u2212${q})`, u.map((one) => Math.exp(-one))],
      ["1 over 1 + it: p", p, true],
    ],
  };
  const end = [["target t", target, true], [`\u2202L/\u2202z = ${slope(T)}`, gradient, true]];
  return [[q, u], ...ways[layer](), ...end, ...slopes];
}

// --- sentences ------------------------------------------------------------------------------------

export function ofLoss({ t, T, layer }, { u, losses, loss }) {
  if (layer === "sigmoids") {
    return `Loss: three binary cross-entropies, ${losses.map(plainly).join(" + ")} ${equals(loss)}.`;
  }
  const [q, number] = [named(T), plainly(u[t])];
  const taken = u[t] < 0 ? `(${number})` : number;
  const begin = `Loss = lse(${q}) \u2212 ${q.replace("z", `z_${CLASSES[t]}`)}`;
  return `${begin} ${equals(logSumExp(u))} \u2212 ${taken} ${equals(loss)}.`;
}

export function ofSum({ layer }, { p, sum }) {
  if (layer === "softmax") return "The three add up to 1: one answer to one question.";
  const many = p.filter((one) => one > 0.5).length;
  const yes = `${many === 0 ? "none says" : many === 1 ? "one says" : `${many} say`} yes`;
  return `The three add up to ${plainly(sum)}: three answers, of which ${yes}.`;
}

// What becomes of the quotient when it is computed as it is written.
export function ofWays({ layer }, { u }) {
  if (!typed(u).includes(Infinity)) return "No exp overflows: both ways lead to the same p.";
  const way = { softmax: "After the largest is subtracted", sigmoids: "Of the negative numbers" }[layer];
  return `exp overflows, and \u221e / \u221e is NaN. ${way}, no exp is above 1.`;
}

export const ofPoint = ({ p, loss }) => `p = ${listing(p)}; loss ${plainly(loss)}.`;

export function ofConstant(by, before, { p, sum }) {
  const furthest = Math.max(...p.map((one, k) => Math.abs(one - before.p[k])));
  const begin = by > 0 ? "1 added to each logit" : "1 taken from each logit";
  if (furthest < NOTHING) return `${begin}: the point stays, p is the same.`;
  return `${begin}: p changes, its sum from ${plainly(before.sum)} to ${plainly(sum)}.`;
}

export function ofStep({ loss: before }, { loss }) {
  if (loss >= before) return `One step: the loss stays at ${plainly(loss)}.`; // or rounding
  return `One step: the loss falls from ${plainly(before)} to ${plainly(loss)}.`;
}
