// A format of few digits as marks on a line, a weight on one of them and a step that ends between
// two; the step is taken to the nearest number, or at random. The arithmetic is in
// number-line-sums.mjs.

import { button, element, integer, random, slider, stepper, svg, within, written as rounded } from "./common.mjs";
import { around, atRandom, nearest, numbers, spacing } from "./number-line-sums.mjs";

const END = 4; // of the line
const DIGITS = { least: 2, most: 6, usual: 3 };
const LOWEST = { least: -4, most: 0, usual: -2 };
const START = { w: 2.5, d: 0.203125 };
const STEP = 1 / 64;
const [WIDTH, HEIGHT, LEFT, UNIT, MIDDLE] = [640, 128, 20, 150, 66];

const typeset = (text) => text.split(/\b(w)\b/).map((part, place) => (place % 2 ? element("i", {}, part) : part));
const at = (x) => LEFT + UNIT * x;
// Every number here is exact, and so is what is written of it.
const written = (value, digits = 12) => rounded(value, digits);
const held = (x) => Math.min(Math.max(x, 0), END);

// What an address says, where it makes sense: the weight is a number of the format.
function settled(state) {
  const p = integer(state.p, DIGITS);
  const lowest = integer(state.e, LOWEST);
  const w = nearest(within(state.w, 0, END, START.w), { p, lowest });
  const d = Math.round(within(state.d, -1, 1, START.d) / STEP) * STEP;
  return { p, lowest, w, d };
}

// Sentences: where the step ends, and what becomes of it.
export function ofPlace({ w, ...form }, target) {
  const { below, above, up } = around(target, form);
  const begin = `w = ${written(w)}, where the spacing is ${written(spacing(w, form))}. `;
  if (up === 0) return `${begin}The step ends at ${written(target)}, a number of the format.`;
  return `${begin}The step ends at ${written(target)}, between ${written(below)} and ${written(above)}.`;
}

export function ofNearest({ w, ...form }, target) {
  const found = nearest(target, form);
  if (target === w) return "To the nearest: there is no step.";
  if (found === w) return `To the nearest: ${written(found)}, and the step is lost.`;
  return `To the nearest: ${written(found)}, a step of ${written(found - w)} for one of ${written(target - w)}.`;
}

export function ofRandom(form, target) {
  const { below, above, up } = around(target, form);
  if (up === 0) return `At random: ${written(target)}, always.`;
  const down = `${written(below)} with probability ${written(1 - up)}`;
  return `At random: ${written(above)} with probability ${written(up)}, ${down}; on average ${written(target)}.`;
}

class Line {
  constructor(put) {
    this.marks = svg("g", { class: "line-marks" });
    this.path = svg("path", { class: "line-step" });
    this.target = svg("path", { class: "line-target" });
    this.weight = svg("circle", { class: "line-weight", r: 7, cy: MIDDLE });
    this.odds = [0, 1].map(() => svg("text", { class: "line-odds", y: MIDDLE - 34, "text-anchor": "middle" }));
    const axis = svg("path", { class: "line-axis", d: `M${at(0)} ${MIDDLE}H${at(END)}` });
    const names = [0, 1, 2, 3, 4].map((x) =>
      svg("text", { x: at(x), y: HEIGHT - 12, "text-anchor": "middle" }, String(x)));
    this.drawing = svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "touch-plot line-drawing", "aria-hidden": "true" },
      ...[axis, this.marks, ...names, ...this.odds, this.path, this.target, this.weight],
    );
    this.drawing.addEventListener("click", ({ clientX }) => {
      const { left, width } = this.drawing.getBoundingClientRect();
      put(held((((clientX - left) / width) * WIDTH - LEFT) / UNIT));
    });
  }

  scale(form, all) {
    const lines = all.map((x) => {
      const kind = x < 2 ** form.lowest ? "line-few" : "line-number";
      return svg("path", { class: kind, d: `M${at(x)} ${MIDDLE - 14}v28` });
    });
    this.marks.replaceChildren(...lines);
  }

  show({ w, ...form }, target) {
    const { below, above, up } = around(target, form);
    const [x, y] = [at(target), MIDDLE];
    this.weight.setAttribute("cx", at(w));
    this.target.setAttribute("d", `M${x - 7} ${y}l7 -7l7 7l-7 7Z`);
    this.path.setAttribute("d", `M${at(w)} ${y + 26}H${x}`);
    const two = up > 0 ? [[below, 1 - up], [above, up]] : [[target, 1], [null, 0]];
    two.forEach(([place, share], side) => {
      this.odds[side].textContent = place === null ? "" : written(share, 3);
      if (place !== null) this.odds[side].setAttribute("x", at(place) + (up > 0 ? (side ? 12 : -12) : 0));
    });
  }
}

class Hands {
  constructor(panel, { state, keep, say }) {
    Object.assign(this, { now: settled(state), keep, say, draw: random(19), taken: 0 });
    this.line = new Line((x) => {
      this.set({ w: nearest(x, this.now) });
      this.rested();
    });
    this.place = element("p", { class: "line-place" });
    this.near = element("p", { class: "line-near" });
    this.any = element("p", { class: "line-any" });
    this.count = element("p", { class: "line-count" });
    panel.append(this.settings(), this.line.drawing, this.place, this.near, this.any, this.buttons(), this.count);
    this.begin();
    this.update();
  }

  settings() {
    this.digits = stepper("p", { words: "digits", ...DIGITS }, (by) => this.reform("p", by, DIGITS));
    this.exponent = stepper("e", { words: "lowest exponent", ...LOWEST }, (by) => this.reform("lowest", by, LOWEST));
    const rest = () => this.rested();
    this.weights = slider("Weight w", { min: 0, step: 1 }, (place) => this.set({ w: this.all[place] }), rest);
    this.steps = slider("Step", { min: -1, max: 1, step: STEP }, (d) => this.set({ d }), rest);
    const row = (name, { input, output }) =>
      element("div", { class: "line-row" }, element("span", {}, ...name), input, output);
    const rows = [
      row([element("i", {}, "w")], this.weights),
      row(["step \u2212", element("i", {}, "\u03b7g")], this.steps),
    ];
    const steppers = element("div", { class: "line-steppers" }, this.digits.made, this.exponent.made);
    return element("div", { class: "line-settings" }, steppers, ...rows);
  }

  buttons() {
    return element(
      "div",
      { class: "line-buttons" },
      button("Step, to the nearest", () => this.take(1, false)),
      button("Step, at random", () => this.take(1, true)),
      button("20 to the nearest", () => this.take(20, false)),
      button("20 at random", () => this.take(20, true)),
      button("Start again", () => this.again()),
    );
  }

  // --- what the hands do --------------------------------------------------------------------------

  begin() {
    Object.assign(this, { taken: 0, from: this.now.w });
  }

  set(some) {
    Object.assign(this.now, some);
    this.now.w = nearest(this.now.w, this.now);
    this.begin();
    this.update();
    this.kept();
  }

  kept() {
    const { p, lowest, w, d } = this.now;
    this.keep({ p, e: lowest, w, d });
  }

  rested() {
    this.say(`${this.place.textContent} ${this.near.textContent}`);
  }

  reform(name, by, { least, most }) {
    const value = this.now[name] + by;
    if (value < least || value > most) return;
    this.set({ [name]: value });
    this.rested();
  }

  again() {
    this.draw = random(19);
    this.set(settled({}));
    this.rested();
  }

  // The counts go on while nothing but steps is done.
  take(count, blindly) {
    for (let one = 0; one < count; one += 1) {
      const target = held(this.now.w + this.now.d);
      this.now.w = blindly ? atRandom(target, this.now, this.draw()) : nearest(target, this.now);
      this.taken += 1;
    }
    this.update();
    this.kept();
    this.say(this.count.textContent);
  }

  // --- what is shown ------------------------------------------------------------------------------

  update() {
    const { p, lowest, w, d } = this.now;
    const target = held(w + d);
    this.all = numbers(this.now, END);
    this.digits.show(p);
    this.exponent.show(lowest);
    this.weights.input.max = this.all.length - 1;
    this.weights.show(this.all.indexOf(w), written(w));
    this.steps.show(d, written(d));
    this.line.scale(this.now, this.all);
    this.line.show(this.now, target);
    this.place.replaceChildren(...typeset(ofPlace(this.now, target)));
    this.near.textContent = ofNearest(this.now, target);
    this.any.textContent = ofRandom(this.now, target);
    const due = written(held(this.from + this.taken * d));
    const many = this.taken === 1 ? "step" : "steps";
    const all = `${this.taken} ${many} from ${written(this.from)}: w = ${written(w)}; without rounding it would be ${due}.`;
    this.count.replaceChildren(...typeset(this.taken ? all : "No step has been taken."));
  }
}

export async function open(panel, hands) {
  new Hands(panel, hands);
}
