// Draw a digit: a pad that takes ink at once, and the trained network, all of its weights, which is
// loaded meanwhile and answers as the digit grows. The arithmetic is in draw-digit-sums.mjs.

import { button, element, roving } from "./common.mjs";
import * as sums from "./draw-digit-sums.mjs";

const { SIDE } = sums;
const MAP = 26, MAPS = 5;
const [BLUE, ORANGE] = [[78, 112, 240], [230, 112, 32]]; // seen on both papers, as in the drawings
const COLUMNS = { left: [0, 9], middle: [10, 17], right: [18, 27] };
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const kept = {};

export async function open(panel, tools) {
  const desk = new Desk(panel, tools);
  desk.load();
  desk.offer();
}

// A file beside this one, asked for once; again if it did not come.
function fetched(name, unpack) {
  kept[name] ??= fetch(new URL(name, import.meta.url)).then((answer) => {
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    return unpack(answer);
  });
  kept[name].catch(() => delete kept[name]);
  return kept[name];
}

const weights = async (answer) => sums.network(sums.halves(await answer.arrayBuffer()));
const levels = (text) => Float64Array.from(atob(text), (letter) => letter.charCodeAt(0) / 255);
const signed = (value, digits) => `${value < 0 ? "\u2212" : "+"}${Math.abs(value).toFixed(digits)}`;

class Desk {
  constructor(panel, { state, keep, say }) {
    Object.assign(this, { keep, say, cursor: [13, 13], erasing: false, last: null });
    this.figure = panel.closest("figure");
    // The page says where a figure begins: data-state="centre=off&sample=0&moved=-6".
    const begins = Object.fromEntries(new URLSearchParams(this.figure.dataset.state));
    const drawn = sums.read(state.x);
    this.begins = drawn ? {} : begins;
    this.x = drawn ?? sums.page();
    this.centring = { on: true, off: false }[state.centre] ?? begins.centre !== "off";
    panel.append(this.top(), this.tools(), this.samples(), this.inside());
    this.paint();
  }

  // --- what stands in the panel

  top() {
    const place = element("div", { class: "draw-place" }, this.pad(), this.caret());
    const hint = element("p", { class: "draw-hint", id: `draw-hint-${Math.random().toString(36).slice(2)}` });
    hint.append("Pen, finger or mouse. Keys: arrows move, space inks, shift and arrow draw, E erases.");
    this.canvas.setAttribute("aria-describedby", hint.id);
    return element("div", { class: "draw-top" }, place, element("div", { class: "draw-answers" }, ...this.answers(), hint));
  }

  pad() {
    this.canvas = picture(SIDE, "Pad of 28 by 28 pixels");
    this.canvas.setAttribute("role", "application");
    this.canvas.className = "draw-pad touch-surface";
    this.canvas.tabIndex = 0;
    const hear = (name, act) => this.canvas.addEventListener(name, (event) => act.call(this, event));
    hear("pointerdown", this.down);
    hear("pointermove", this.move);
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) hear(name, this.up);
    hear("keydown", this.key);
    return this.canvas;
  }

  caret() {
    return (this.mark = element("div", { class: "draw-caret", "aria-hidden": "true" }));
  }

  answers() {
    this.bars = [0, 1].map((digit) => {
      const bar = element("span", { class: "draw-bar", "aria-hidden": "true" }, element("span"));
      const [said, logit] = [element("output", { class: "draw-p" }, "\u2026"), element("span", { class: "draw-z" })];
      const row = element("p", { class: "draw-answer" }, `a ${digit}? `, bar, said, logit);
      return { row, fill: bar.firstChild, said, logit };
    });
    return this.bars.map(({ row }) => row);
  }

  tools() {
    this.eraser = button("Eraser", () => this.erase(!this.erasing), { "aria-pressed": "false" });
    const pen = set("Pen", this.eraser, button("Clear", () => this.change(sums.page())));
    const arrows = { "\u2190": ["left", 0, -1], "\u2191": ["up", -1, 0], "\u2193": ["down", 1, 0], "\u2192": ["right", 0, 1] };
    const moves = Object.entries(arrows).map(([sign, [way, down, right]]) =>
      button(sign, () => this.change(sums.moved(this.x, down, right)), { "aria-label": `Move ${way} ${sign}` }));
    const sides = Object.entries(COLUMNS).map(([side, [first, last]]) =>
      button(side, () => this.change(sums.erased(this.x, first, last)), { "aria-label": `Erase ${side}, columns ${first} to ${last}` }));
    this.box = element("input", { type: "checkbox" });
    this.box.checked = this.centring;
    this.box.addEventListener("change", () => ((this.centring = this.box.checked), this.change(this.x)));
    const centre = element("label", { class: "draw-centre" }, this.box, " Centre as MNIST does");
    return element("div", { class: "draw-tools" }, pen, set("Move", ...moves), set("Erase", ...sides), centre);
  }

  samples() {
    this.shelf = set("Test images");
    this.shelf.classList.add("draw-samples");
    return this.shelf;
  }

  inside() {
    this.seen = shown(SIDE, "what the network sees");
    this.slope = shown(SIDE, "slope of a 1\u2019s logit: blue where ink raises it, orange where it lowers it");
    this.maps = Array.from({ length: MAPS }, (_, f) => shown(MAP, `map ${f}`));
    const pair = element("div", { class: "draw-pair" }, this.seen.box, this.slope.box);
    return element("div", {}, pair, element("div", { class: "draw-maps" }, ...this.maps.map(({ box }) => box)));
  }

  // --- what is loaded

  async load() {
    this.say("Loading the 338,352 weights, 0.7 MB. The pad takes ink already.");
    try {
      this.model = await fetched("zero-one.bin", weights);
    } catch (error) {
      this.say(`The weights could not be loaded (${error.message}). `);
      this.shelf.after(button("Load the weights again", (pressed) => (pressed.remove(), this.load())));
      return;
    }
    this.answer();
    const blank = this.x.some((ink) => ink) ? "" : "The page is blank. ";
    this.say(blank + this.verdict());
  }

  async offer() {
    const { samples } = await fetched("zero-one.json", (answer) => answer.json()).catch(() => ({ samples: [] }));
    const choices = samples.map(({ name, pixels }) => {
      const small = picture(SIDE), x = levels(pixels);
      paint(small, x, grey);
      return element("button", { type: "button", "aria-label": `Load ${name}`, title: name }, small);
    });
    choices.forEach((one, n) => one.addEventListener("click", () => this.change(levels(samples[n].pixels))));
    this.shelf.append(...choices);
    if (choices.length) roving([choices]);
    const { sample, moved } = this.begins;
    if (sample && samples[sample] && !this.touched) {
      this.change(sums.moved(levels(samples[sample].pixels), 0, Number(moved) || 0), { keeps: false });
    }
  }

  // --- what the hands do

  at({ clientX, clientY }) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [((clientY - top) / height) * SIDE - 0.5, ((clientX - left) / width) * SIDE - 0.5];
  }

  down(event) {
    if (![0, 5].includes(event.button) || this.last) return; // 5 is the other end of a pen
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    Object.assign(this, { pointer: event.pointerId, last: this.at(event), rubs: event.button === 5 || this.erasing });
    this.ink(this.last);
  }

  move(event) {
    if (!this.last || event.pointerId !== this.pointer) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const one of between.length ? between : [event]) this.ink(this.at(one));
  }

  up(event) {
    if (!this.last || event.pointerId !== this.pointer) return;
    this.last = null;
    this.change(this.x);
  }

  ink(to) {
    this.touched = true;
    this.x = sums.stroke(this.x, this.last, to, this.rubs);
    this.last = to;
    this.cursor = to.map((place) => Math.min(Math.max(Math.round(place), 0), SIDE - 1));
    this.paint();
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const from = this.cursor, step = ARROWS[event.key];
    const draws = event.key === " " || (step && event.shiftKey), rubs = event.key.toLowerCase() === "e";
    if (!step && !draws && !rubs) return;
    event.preventDefault();
    if (step) this.cursor = from.map((place, n) => Math.min(Math.max(place + step[n], 0), SIDE - 1));
    if (draws || rubs) this.change(sums.stroke(this.x, from, this.cursor, rubs || (draws && this.erasing)), { says: false });
    this.paint();
    const [row, column] = this.cursor;
    this.say(`Row ${row}, column ${column}: ink ${this.x[row * SIDE + column].toFixed(2)}.`);
  }

  erase(on) {
    this.erasing = on;
    this.eraser.setAttribute("aria-pressed", String(on));
  }

  // A change that is done: its answer is said, and it is kept in the address, not too often.
  change(x, { says = true, keeps = true } = {}) {
    this.x = x;
    this.touched ||= keeps;
    this.paint();
    if (this.model && says) this.say(this.verdict());
    clearTimeout(this.later);
    const state = { x: sums.written(x), centre: this.centring ? "on" : "off" };
    if (keeps) this.later = setTimeout(() => "open" in this.figure.dataset && this.keep(state), 300);
  }

  // --- what is seen

  paint() {
    paint(this.canvas, this.x, grey);
    const [row, column] = this.cursor.map((place) => `${(100 * place) / SIDE}%`);
    Object.assign(this.mark.style, { top: row, left: column });
    this.waits ??= requestAnimationFrame(() => ((this.waits = undefined), this.answer()));
  }

  image() {
    return this.centring ? sums.centred(this.x) : this.x;
  }

  answer() {
    const image = this.image();
    paint(this.seen.canvas, image, grey);
    if (!this.model) return;
    const { a, h, z } = sums.forward(this.model, image);
    this.tell(z);
    this.maps.forEach(({ canvas, value }, f) => {
      const map = a.subarray(f * MAP * MAP, (f + 1) * MAP * MAP);
      paint(canvas, map, grey);
      value.textContent = `mean ${(map.reduce((sum, one) => sum + one, 0) / map.length).toFixed(3)}`;
    });
    this.steepest(sums.inputGradient(this.model, { a, h }, 1));
  }

  tell(z) {
    this.bars.forEach(({ row, fill, said, logit }, digit) => {
      const p = sums.sigmoid(z[digit]);
      row.classList.toggle("draw-ahead", z[digit] >= Math.max(...z));
      fill.style.width = `${100 * p}%`;
      said.textContent = p.toFixed(4);
      logit.textContent = `logit ${signed(z[digit], 3)}`;
    });
  }

  steepest(gradient) {
    const most = Math.max(...gradient), least = Math.min(...gradient);
    const scale = Math.max(most, -least);
    paint(this.slope.canvas, gradient, (g) => [...(g > 0 ? BLUE : ORANGE), (255 * Math.abs(g)) / scale]);
    this.slope.value.textContent = `${signed(most, 3)} to ${signed(least, 3)}`;
  }

  verdict() {
    const { z } = sums.forward(this.model, this.image());
    const digit = z[1] > z[0] ? 1 : 0;
    return `It reads a ${digit}, with ${sums.sigmoid(z[digit]).toFixed(4)}.`;
  }
}

const grey = (value) => [255 * value, 255 * value, 255 * value, 255];

function set(name, ...parts) {
  const words = element("span", { "aria-hidden": "true" }, name);
  return element("div", { class: "draw-set", role: "group", "aria-label": name }, words, ...parts);
}

function picture(side, label) {
  const attributes = { width: side, height: side, role: "img", "aria-label": label };
  return element("canvas", label ? attributes : { width: side, height: side, "aria-hidden": "true" });
}

// A picture with its name, and a number of it in words.
function shown(side, name) {
  const canvas = picture(side), value = element("span", { class: "draw-value" });
  const words = element("div", {}, element("span", {}, name), value);
  return { canvas, value, box: element("div", { class: "draw-shown" }, canvas, words) };
}

function paint(canvas, values, colour) {
  const pen = canvas.getContext("2d", { willReadFrequently: true }); // in memory: it is small
  const image = pen.createImageData(canvas.width, canvas.height);
  values.forEach((value, n) => image.data.set(colour(value), 4 * n));
  pen.putImageData(image, 0, 0);
}
