// A kernel on a picture: its numbers, the window that is moved, the products in it, the output.

import { button, choice, element, entry, written } from "./common.mjs";
import { corner, outputSize } from "./correlation.mjs";
import { DIGITS, SIDE, ZEROS } from "./digits.mjs";
import { blank, flipOf, INK, outputOf, pictureOf, PRESETS, productsOf, SIZE } from "./kernel-on-picture-sums.mjs";
import { square, stateFrom, textOf } from "./kernel-on-picture-sums.mjs";
import { grey, paint, repaint, signed, surface } from "./picture.mjs";

const MARGIN = SIZE - 1; // pixels around the picture that a window may hang over
const CELLS = SIDE + 2 * MARGIN;
const OPERATIONS = { correlation: "cross-correlation", convolution: "convolution" };
const MODES = { valid: "valid", same: "same", full: "full" };
const TOOLS = { paints: "paints", erases: "erases", moves: "moves the window" };
const RULES = {
  valid: `${SIDE} \u2212 ${SIZE} + 1`,
  same: "the picture\u2019s size",
  full: `${SIDE} + ${SIZE} \u2212 1`,
};
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const clip = (value, most) => Math.min(Math.max(value, 0), most);
const tuple = (numbers) => `(${numbers.map((number) => written(number)).join(", ")})`;

class Hands {
  constructor(panel, { state, keep, say }) {
    Object.assign(this, { keep, say, state: stateFrom(state), tool: "moves" });
    this.build(panel);
    this.compute();
    repaint(panel, () => this.show());
  }

  // --- what is built ------------------------------------------------------------------------------

  build(panel) {
    const { operation, mode } = this.state;
    panel.append(
      element("div", { class: "controls" }, this.kernel(), this.buttons()),
      element(
        "div",
        { class: "choices" },
        choice("Operation", OPERATIONS, operation, (to) => this.change({ operation: to })),
        choice("Mode", MODES, mode, (to) => this.resize(to)),
      ),
      this.tools(),
      this.views(),
      ...this.numbers(),
    );
  }

  kernel() {
    this.entries = this.state.k.map((value, m) => {
      const name = `Kernel entry (${Math.floor(m / SIZE)}, ${m % SIZE})`;
      return entry(name, value, (number) => {
        this.change({ k: this.state.k.map((old, other) => (other === m ? number : old)) });
      });
    });
    const rows = square(this.entries).map((row) =>
      element("tr", {}, ...row.map((one) => element("td", {}, one))),
    );
    return element("table", { class: "kernel", "aria-label": "Kernel" }, ...rows);
  }

  buttons() {
    const presets = Object.entries(PRESETS).map(([name, k]) => button(name, () => this.set(k, name)));
    const flip = button("flip", () => this.set([...this.state.k].reverse(), "flipped"));
    const next = (first, count) => () => {
      const { picture } = this.state;
      const at = picture >= first && picture < first + count ? picture - first + 1 : 0;
      this.take(first + (at % count));
    };
    const pictures = [
      button("a zero", next(0, ZEROS)),
      button("a one", next(ZEROS, DIGITS.length - ZEROS)),
      button("draw", () => this.take("own")),
    ];
    const named = (name, ...all) => element("p", { role: "group", "aria-label": name }, `${name}: `, ...all);
    return element("div", {}, named("Kernel", ...presets, flip), named("Picture", ...pictures));
  }

  tools() {
    const own = this.state.picture === "own";
    if (own) this.tool = "paints";
    this.pens = element(
      "div",
      { class: "choices" },
      choice("The pointer", TOOLS, this.tool, (tool) => (this.tool = tool)),
      button("clear", () => this.change({ ink: blank() })),
    );
    this.pens.hidden = !own;
    return this.pens;
  }

  views() {
    const name = "The picture. Arrow keys move the window; the space bar paints where you draw.";
    const attributes = { role: "application", tabindex: "0", "aria-label": name };
    this.picture = surface(CELLS, attributes, (cell, phase) => this.point(cell, phase));
    this.picture.made.addEventListener("keydown", (event) => this.press(event));
    this.output = surface(CELLS, {}, (cell, phase) => {
      const start = (CELLS - this.size()) / 2;
      this.moveTo(cell.map((at) => at - start), phase === "end");
    });
    this.output.canvas.setAttribute("role", "img");
    return element("div", { class: "views" }, this.picture.made, this.output.made);
  }

  numbers() {
    this.where = element("p", { class: "where" });
    this.products = element("table", { class: "products", "aria-label": "Pixel times kernel entry" });
    this.sum = element("p", { class: "sum" });
    this.facts = element("p", { class: "facts" });
    return [this.where, this.products, this.sum, this.facts];
  }

  // --- what the hands do --------------------------------------------------------------------------

  change(some) {
    Object.assign(this.state, some);
    this.compute();
    this.keep(textOf(this.state));
  }

  set(k, words) {
    this.entries.forEach((one, m) => {
      one.value = written(k[m]);
      one.removeAttribute("aria-invalid");
    });
    this.change({ k: [...k] });
    this.say(`Kernel: ${words}. ${this.flipSays()}`);
  }

  take(picture) {
    this.tool = picture === "own" ? "paints" : "moves";
    this.pens.hidden = picture !== "own";
    this.pens.querySelector(`[value=${this.tool}]`).checked = true;
    this.change({ picture });
    this.say(picture === "own" ? "Draw on the picture." : `Digit ${picture + 1} of ${DIGITS.length}.`);
  }

  // In another mode the window stays where it is on the picture, as far as that can be.
  resize(mode) {
    const K = square(this.state.k);
    const [before, after] = [this.state.mode, mode].map((name) => corner(K, name, 0, 0));
    const last = outputSize(SIDE, SIZE, mode) - 1;
    const at = this.state.at.map((index, axis) => clip(index + before[axis] - after[axis], last));
    this.change({ mode, at });
  }

  moveTo(cell, finished = true) {
    this.state.at = cell.map((index) => clip(index, this.size() - 1));
    this.showWindow();
    if (!finished) return;
    this.keep(textOf(this.state));
    this.say(`Output ${tuple(this.state.at)} is ${this.total}.`);
  }

  // The pointer draws on a drawing, or holds the window by its middle.
  point(cell, phase) {
    const pixel = cell.map((at) => at - MARGIN);
    if (this.state.picture !== "own" || this.tool === "moves") {
      const first = corner(square(this.state.k), this.state.mode, 0, 0);
      this.moveTo(pixel.map((at, axis) => at - 1 - first[axis]), phase === "end");
    } else if (phase === "end") {
      this.change({});
    } else {
      this.stroke(phase === "begin" ? pixel : this.last, pixel);
      this.last = pixel;
      this.compute();
    }
  }

  // A line two pixels wide, without gaps where the hand is fast.
  stroke(from, to) {
    const steps = Math.max(1, ...to.map((end, axis) => Math.abs(end - from[axis])));
    const value = this.tool === "paints" ? INK : 0;
    for (let step = 0; step <= steps; step += 1) {
      const [p, q] = to.map((end, axis) => Math.round(from[axis] + ((end - from[axis]) * step) / steps));
      for (const row of this.state.ink.slice(Math.max(p, 0), Math.max(p + 2, 0))) {
        row.fill(value, Math.max(q, 0), Math.max(q + 2, 0));
      }
    }
  }

  press(event) {
    const step = STEPS[event.key];
    if (step) this.moveTo(this.state.at.map((index, axis) => index + step[axis]));
    else if (event.key === " " && this.state.picture === "own") this.turnPixel();
    else return;
    event.preventDefault();
  }

  // For the keyboard: the pixel in the middle of the window.
  turnPixel() {
    const { k, mode, at, ink } = this.state;
    const [p, q] = corner(square(k), mode, ...at).map((index) => index + 1);
    if (ink[p]?.[q] === undefined) return;
    ink[p][q] = INK - ink[p][q];
    this.change({});
    this.say(`Pixel ${tuple([p, q])} is ${ink[p][q]}.`);
  }

  // --- what is shown ------------------------------------------------------------------------------

  size() {
    return outputSize(SIDE, SIZE, this.state.mode);
  }

  compute() {
    this.y = outputOf(this.state);
    this.flip = flipOf(this.state);
    this.show();
  }

  show() {
    const all = this.y.flat();
    const [least, most] = [Math.min(...all), Math.max(...all)];
    paint(this.picture.canvas, pictureOf(this.state), grey);
    paint(this.output.canvas, this.y, signed(Math.max(most, -least)));
    const [size, rule] = [this.size(), RULES[this.state.mode]];
    const facts = `Output: ${size} by ${size} (${rule}), from ${written(least)} to ${written(most)}.`;
    this.output.canvas.setAttribute("aria-label", facts);
    this.facts.textContent = `${facts} ${this.flipSays()}`;
    this.showWindow();
  }

  flipSays() {
    const { all, changed, notOpposite } = this.flip;
    if (changed === 0) return "A flip of this kernel changes nothing.";
    if (notOpposite === 0) return "A flip of this kernel changes every sign, and nothing else.";
    return `A flip of this kernel changes ${changed} of ${all} outputs.`;
  }

  showWindow() {
    const { at, mode, operation } = this.state;
    const { K, X, products } = productsOf(this.state);
    const place = corner(K, mode, ...at);
    this.picture.place(place.map((index) => index + MARGIN), SIZE);
    this.output.place(at.map((index) => index + (CELLS - this.size()) / 2), 1);
    this.total = written(this.y[at[0]][at[1]], 9);
    const kernel = operation === "convolution" ? "the flipped kernel" : "the kernel";
    this.where.textContent = `Output ${tuple(at)}: ${kernel} with its corner on pixel ${tuple(place)}.`;
    const cell = (u, v) => [`${X[u][v]} \u00b7 ${written(K[u][v])}`, element("b", {}, written(products[u][v]))];
    const rows = K.map((row, u) => element("tr", {}, ...row.map((_, v) => element("td", {}, ...cell(u, v)))));
    this.products.replaceChildren(...rows);
    this.sum.textContent = `Sum of the nine products: ${this.total}`;
  }
}

export async function open(panel, hands) {
  new Hands(panel, hands);
}
