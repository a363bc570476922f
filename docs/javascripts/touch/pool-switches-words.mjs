// What the pooling of chapter 14 is set to, and what is said of it: numbers in, sentences out.

import { integer, listed, pair, parsed, plural, random, written } from "./common.mjs";
import { compared, largest, nearly, over, pixels, terms, ties, tops, total } from "./pool-switches-sums.mjs";

export const SIDE = 6;
const MOST_OUTPUTS = 7; // in one direction: K = 2, S = 1, P = 1
export const SETTINGS = {
  K: { words: "height and width of a window", least: 2, most: 3, usual: 2 },
  S: { words: "stride", least: 1, most: 3, usual: 2 },
  P: { words: "padding", least: 0, most: 1, usual: 0 },
};
export const POOLS = { max: "max", mean: "mean" };
export const TIES = { first: "first", all: "all", split: "split" };
export const KIND = { x: "Pixel", y: "Output" };
export const FURTHEST = 3; // pixels that the image is moved
export const LIMIT = 999;
const SEED = 14;

// Rows 10 to 15 and columns 18 to 23 of the first training image, as bytes.
export const PATCH = [
  [0, 0, 253, 243, 50, 0],
  [0, 0, 253, 252, 165, 0],
  [0, 0, 253, 252, 195, 0],
  [0, 0, 253, 252, 195, 0],
  [0, 0, 255, 253, 196, 0],
  [0, 0, 253, 252, 148, 0],
];
const BEGINNING = [
  [3, 1, 4, 1, 5, 0],
  [5, 9, 2, 6, 5, 3],
  [5, 8, 9, 7, 9, 3],
  [2, 3, 8, 4, 6, 2],
  [6, 4, 3, 3, 8, 3],
  [2, 7, 9, 5, 0, 2],
];
export const EQUAL = BEGINNING.map((row) => row.map(() => 1));

// --- the state ------------------------------------------------------------------------------------

const square = (numbers, side) =>
  Array.from({ length: side }, (_, p) => numbers.slice(p * side, (p + 1) * side));

// Pixels from 0 to 5, among which there are ties; upstream numbers from 1 to 9.
export function drawn(seed) {
  const draw = random(Math.imul(seed, 0x9e3779b1));
  const many = (side, least, count) =>
    square(Array.from({ length: side * side }, () => least + Math.floor(count * draw())), side);
  return { x: many(SIDE, 0, 6), g: many(MOST_OUTPUTS, 1, 9) };
}

// Tenths are enough, and have room.
export const rounded = (number) => Math.round(10 * number) / 10;
const fits = (number) => Math.abs(number) <= LIMIT && rounded(number) === number;
function read(text, otherwise) {
  const numbers = listed(text, otherwise.flat());
  return numbers.every(fits) ? square(numbers, otherwise.length) : otherwise;
}

// What an address says, where it makes sense.
export function settled(state) {
  const sizes = Object.entries(SETTINGS).map(([name, one]) => [name, integer(state[name], one)]);
  const [, name, p, q] = /^([xy])(\d),(\d)$/.exec(state.pick ?? "") ?? ["", "y", 0, 0];
  const range = { least: -FURTHEST, most: FURTHEST, usual: 0 };
  const own = (options, text) => (Object.hasOwn(options, text ?? "") ? text : Object.keys(options)[0]);
  return {
    ...Object.fromEntries(sizes),
    pool: own(POOLS, state.pool),
    tie: own(TIES, state.tie),
    image: read(state.x, BEGINNING),
    g: read(state.g, drawn(SEED).g),
    steps: ["down", "right"].map((way) => integer(state[way], range)),
    picked: [name, Number(p), Number(q)],
  };
}

// --- sentences ------------------------------------------------------------------------------------

// In a cell, and in a sentence; "equals" where the four decimals are all that there is.
const decimals = (count) => (number) => written(Math.round(10 ** count * number) / 10 ** count, 12);
export const brief = decimals(2);
export const short = decimals(4);
const exact = (number) => nearly(parsed(short(number)), number);
export const equals = (number) => `${exact(number) ? "=" : "\u2248"} ${short(number)}`;
const bracketed = (number) => (number < 0 ? `(${short(number)})` : short(number));
const list = (pairs) => pairs.map(pair).join(", ").replace(/, (?=\S+\)$)/, ",\u00a0");
const summed = (numbers) => numbers.map((one, at) => (at ? bracketed(one) : short(one))).join(" + ");
const divided = (parts) => (parts > 1 ? ` / ${parts}` : "");

// Who is the largest of a window, and what it gets of the upstream number.
const GETS = {
  first: (g, [first]) => `The first of them, row by row, gets all of g = ${short(g)}: ${pair(first)}.`,
  all: (g, tied) => `Each of them gets g = ${short(g)}, together ${short(tied.length * g)}.`,
  split(g, { length }) {
    return `Each of them gets ${short(g)} / ${length} ${equals(g / length)}, together ${short(g)}.`;
  },
};
function ofMax(at, state) {
  const [tied, g] = [largest(at, state), state.g[at[0]][at[1]]];
  const [[p, q]] = tied;
  const most = short(state.x[p][q]);
  if (tied.length > 1) {
    return `The largest is ${most}, a tie of ${tied.length}: ${list(tied)}. ${GETS[state.tie](g, tied)}`;
  }
  return `The largest is ${most}, at ${pair([p, q])}: the switch. It gets g = ${short(g)}.`;
}

function ofMean(at, state) {
  const inside = pixels(at, state).map(([p, q]) => state.x[p][q]);
  const [count, g] = [inside.length, state.g[at[0]][at[1]]];
  const mean = `The mean is (${summed(inside)}) / ${count} ${equals(total(inside) / count)}.`;
  return `${mean} Each of the ${count} gets ${short(g)} / ${count} ${equals(g / count)}.`;
}

function ofWindow(at, state) {
  const content = state.pool === "max" ? ofMax(at, state) : ofMean(at, state);
  return `Window ${pair(at)}: ${plural(pixels(at, state).length, "pixel")}. ${content}`;
}

function ofPixel(at, state) {
  const inside = over(at, state).length;
  if (!inside) return `Pixel ${pair(at)} lies in no window.`;
  const place = `Pixel ${pair(at)} lies in ${plural(inside, "window")}`;
  if (state.pool === "mean") return `${place} and has its share in each.`;
  const [top, won] = [tops(at, state).length, terms(at, state).length];
  const which = state.tie === "first" ? "the switch" : "a largest";
  const more = won ? "more" : "of them";
  const begin = `${place} and is ${which} of ${won || "none"}.`;
  if (top === won) return begin;
  return `${begin} In ${top - won} ${more} it ties for the largest, but another is the first.`;
}

export const told = ([name, ...at], state) => (name === "y" ? ofWindow : ofPixel)(at, state);

// The gradient of a pixel: the upstream numbers that arrive, by name and by value.
export function sum(at, state) {
  const all = terms(at, state).map(({ at: [i, j], parts }) => ({ i, j, parts, g: state.g[i][j] }));
  const gradient = total(all.map(({ g, parts }) => g / parts));
  const [common, ...others] = new Set(all.map(({ parts }) => parts));
  const together = all.length > 1 && common > 1 && !others.length; // divided once for all
  const [open, close] = together ? ["(", `)${divided(common)}`] : ["", ""];
  const after = (parts) => (together ? "" : divided(parts));
  const named = all.map(({ i, j, parts }) => [`${i},${j}`, after(parts)]);
  const values = all.map(({ g, parts }, place) => (place ? bracketed(g) : short(g)) + after(parts));
  return { open, named, close, values: values.join(" + "), gradient };
}

export function sums(state, gradientOf) {
  const [rows, columns] = [state.g.length, state.g[0].length];
  const sent = `Sum of g: ${short(total(state.g))}.`;
  if (state.pool === "mean") {
    const arrived = short(total(gradientOf(state)));
    return `${sent} Sum of the gradient: ${arrived}. A mean shares out, and keeps the sum.`;
  }
  const arrived = Object.keys(TIES).map((tie) => `${tie} ${short(total(gradientOf({ ...state, tie })))}`);
  const count = ties(state);
  const which = count === 1 ? "windows ties" : "windows tie";
  const end = count
    ? "First and split keep the sum; all counts g once for every largest pixel."
    : "Without a tie the three are one.";
  return `${count} of ${rows * columns} ${which}. ${sent} Sum of the gradient: ${arrived.join(", ")}. ${end}`;
}

function ways([down, right]) {
  const one = (by, more, less) => (by ? [`${Math.abs(by)} ${by > 0 ? more : less}`] : []);
  return [...one(down, "down", "up"), ...one(right, "right", "left")].join(", ");
}

// Invariance and equivariance, counted.
export function motion(before, after, { steps, S }) {
  if (!steps.some(Boolean)) return "Move the image, and see which outputs stay.";
  const { count, stay, partners, follow } = compared(before, after, steps, S);
  const changed = `${count - stay} change (\u2260)`;
  const begin = `Moved ${ways(steps)}. In place: ${stay} of ${count} outputs stay, ${changed}.`;
  if (partners === undefined) {
    return `${begin} The shift is no multiple of S = ${S}: the outputs cannot move along.`;
  }
  const by = ways(steps.map((step) => step / S));
  const along = `Compared with the outputs before, moved by ${by}: ${follow} of ${partners} are equal.`;
  return `${begin} ${along}`;
}
