// Three logits, by sliders or by their point in the triangle of distributions; target, temperature,
// and a step. The arithmetic is in softmax-simplex-sums.mjs, the sentences in -words.mjs.

import { button, choice, element, slider, svg, written } from "./common.mjs";
import { CORNERS, distribution, logits, placed, stepped, valued } from "./softmax-simplex-sums.mjs";
import {
  CLASSES,
  FURTHEST,
  HEAT,
  LARGE,
  LAYERS,
  LOSSES,
  ofConstant,
  ofLoss,
  ofPoint,
  ofStep,
  ofSum,
  ofWays,
  rows,
  settled,
  shown,
  summed,
} from "./softmax-simplex-words.mjs";

const [WIDTH, HEIGHT, LEFT, BASE, SIDE] = [320, 290, 40, 258, 240]; // of the triangle
const LEAST = 1e-3; // probability where the hand leaves the triangle
const [BAR, UNIT] = [10, 100]; // where a probability of 0 is on the bar, and how long one of 1

const held = (number) => Math.min(Math.max(number, -FURTHEST), FURTHEST);
const tenths = (number) => Math.round(10 * number) / 10;
const spot = ([x, y]) => [LEFT + SIDE * x, BASE - SIDE * y];
const path = (points) => `M${points.map((point) => point.map((one) => one.toFixed(1)).join(" ")).join("L")}`;

// A single letter is a number's name, and _8 the class that it belongs to.
function typeset(text) {
  return text.split(/\b([zptTL](?:_\d)?)(?!\w)/).map((part, place) => {
    if (place % 2 === 0) return part;
    const [letter, name] = part.split("_");
    return element("span", {}, element("i", {}, letter), ...(name ? [element("sub", {}, name)] : []));
  });
}

class Triangle {
  constructor(put, rest) {
    this.marks = svg("g", { class: "simplex-marks" });
    this.side = svg("path", { class: "simplex-side", d: `${path(CORNERS.map(spot))}Z` });
    this.names = CORNERS.map((_, k) => this.name(k));
    this.arrow = svg("path", { class: "simplex-arrow" });
    this.label = svg("text", { class: "simplex-label" }, "p \u2212 t");
    this.before = svg("circle", { class: "simplex-before", r: 5 });
    this.point = svg("circle", { class: "simplex-point", r: 7 });
    this.hand = svg("circle", { class: "simplex-hand", r: 22 });
    this.none = svg("text", { class: "simplex-none", x: WIDTH / 2, y: 200, "text-anchor": "middle" });
    this.drawing = svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "touch-plot simplex-triangle", "aria-hidden": "true" },
      ...[this.side, this.marks, ...this.names, this.arrow, this.label, this.before, this.point, this.none, this.hand],
    );
    this.follow(put, rest);
  }

  name(k) {
    const [x, y] = spot(CORNERS[k]);
    const [right, down] = [[-16, 10], [16, 10], [0, -12]][k];
    const place = { x: x + right, y: y + down, "text-anchor": "middle" };
    return svg("text", { class: "simplex-name", ...place }, CLASSES[k]);
  }

  // A mouse may press anywhere and drag; a finger drags the point, moves the page everywhere else,
  // and taps.
  follow(put, rest) {
    const on = (name, act) => this.drawing.addEventListener(name, act);
    const go = (event) => put(this.place(event));
    const stay = (event) => event.preventDefault(); // in a drawing, touch-action is not heeded
    this.hand.addEventListener("touchstart", stay, { passive: false });
    on("pointerdown", (event) => {
      if (event.pointerType !== "mouse" && event.target !== this.hand) return;
      event.preventDefault();
      this.drawing.setPointerCapture(event.pointerId);
      this.held = event.pointerId;
    });
    on("pointermove", (event) => event.pointerId === this.held && go(event));
    on("lostpointercapture", () => {
      this.held = undefined;
      rest();
    });
    on("click", (event) => {
      go(event);
      rest();
    });
  }

  place({ clientX, clientY }) {
    const { left, top, width } = this.drawing.getBoundingClientRect();
    const [x, y] = [clientX - left, clientY - top].map((one) => (one / width) * WIDTH);
    return [(x - LEFT) / SIDE, (BASE - y) / SIDE];
  }

  // Where the loss is the same, the probability of the target is.
  curves(t) {
    const others = [0, 1, 2].filter((k) => k !== t);
    const named = t === 1 ? 2 : 1; // the corner towards which the ends are that bear the numbers
    const lines = LOSSES.flatMap((loss, place) => {
      const share = Math.exp(-loss);
      const end = (k) => spot(CORNERS[t].map((one, axis) => share * one + (1 - share) * CORNERS[k][axis]));
      const [x, y] = end(named);
      const words = place ? written(loss) : `loss ${loss}`;
      const at = t === 0 ? { x, y: y + 14, "text-anchor": "middle" } : { x: x + 5, y: y + 4 };
      return [svg("path", { d: path(others.map(end)) }), svg("text", at, words)];
    });
    this.marks.replaceChildren(...lines);
    this.names.forEach((one, k) => one.classList.toggle("simplex-target", k === t));
  }

  show({ t, layer }, { p }, before) {
    const one = layer === "softmax";
    this.none.textContent = one ? "" : "no point here";
    this.drawing.classList.toggle("simplex-off", !one);
    this.before.toggleAttribute("hidden", !before || !one);
    for (const part of [this.marks, this.arrow, this.label, this.point, this.hand]) {
      part.toggleAttribute("hidden", !one);
    }
    for (const [circle, of] of [[this.point, p], [this.hand, p], [this.before, before ?? p]]) {
      const [x, y] = spot(placed(of));
      circle.setAttribute("cx", x);
      circle.setAttribute("cy", y);
    }
    const [[a, b], [x, y]] = [spot(CORNERS[t]), spot(placed(p))];
    this.arrow.setAttribute("d", arrow([a, b], [x, y]));
    this.label.textContent = Math.hypot(x - a, y - b) < 90 ? "" : "p \u2212 t";
    this.label.setAttribute("x", (a + 2 * x) / 3 + 8);
    this.label.setAttribute("y", (b + 2 * y) / 3 + (t === 2 ? 4 : -6));
  }
}

// p - t, from the corner of the target to the point.
function arrow([a, b], [x, y]) {
  const length = Math.hypot(x - a, y - b);
  if (length < 16) return "";
  const [right, down] = [(x - a) / length, (y - b) / length];
  const tip = [x - 8 * right, y - 8 * down];
  const barb = (side) => [0, 1].map((axis) => tip[axis] - 8 * [right, down][axis] + 4 * side * [down, -right][axis]);
  return `${path([[a, b], tip])}${path([barb(1), tip, barb(-1)])}`;
}

// The probabilities one after the other, and where 1 is.
class Bar {
  constructor() {
    const parts = CLASSES.map((_, k) => svg("rect", { class: `simplex-part simplex-part-${k}`, y: 16, height: 14 }));
    const names = CLASSES.map((name) => svg("text", { y: 12, "text-anchor": "middle" }, name));
    const ticks = [0, 1, 2, 3].map((one) =>
      svg("text", { x: BAR + UNIT * one, y: 45, "text-anchor": "middle" }, one));
    const one = svg("path", { class: "simplex-one", d: `M${BAR + UNIT} 13V36` });
    const base = svg("path", { d: `M${BAR} 33h${3 * UNIT}` });
    const options = { viewBox: `0 0 ${WIDTH} 48`, class: "simplex-bar", "aria-hidden": "true" };
    this.drawing = svg("svg", options, base, ...parts, ...names, ...ticks, one);
    Object.assign(this, { parts, names });
  }

  show({ p }) {
    let x = BAR;
    p.forEach((one, k) => {
      this.parts[k].setAttribute("x", x);
      this.parts[k].setAttribute("width", UNIT * one);
      this.names[k].setAttribute("x", x + (UNIT * one) / 2);
      this.names[k].toggleAttribute("hidden", one < 0.09);
      x += UNIT * one;
    });
  }
}

class Hands {
  constructor(panel, { state, keep, say }) {
    Object.assign(this, { keep, say, now: settled(state) });
    this.triangle = new Triangle((place) => this.put(place), () => this.rested());
    this.bar = new Bar();
    for (const name of ["loss", "sum", "ways"]) this[name] = element("p", { class: `simplex-${name}` });
    const picture = element("div", { class: "simplex-picture" }, this.triangle.drawing, this.bar.drawing, this.sum);
    const results = element("div", { class: "simplex-results" }, this.loss, this.table(), this.ways);
    panel.append(element("div", { class: "simplex-sides" }, this.sliders(), picture, this.settings(), results));
    this.update();
  }

  // --- what is built ------------------------------------------------------------------------------

  slider(words, name, options, change) {
    const { input, output, show } = slider(name, options, change, () => this.rested());
    const made = element("div", { class: "simplex-row" }, element("span", {}, ...typeset(words)), input, output);
    return { made, input, show: (value) => show(value, written(Math.round(1e3 * value) / 1e3, 12)) };
  }

  sliders() {
    this.logits = CLASSES.map((name, k) =>
      this.slider(`z_${name}`, `Logit of the ${name}`, { step: 0.1 }, (value) => {
        const z = [...this.now.z];
        z[k] = tenths(value - this.now.more);
        this.set({ z });
      }));
    const range = { min: HEAT.least, max: HEAT.most, step: HEAT.step };
    this.heat = this.slider("temperature T", "Temperature", range, (T) => this.set({ T }));
    return element("div", { class: "simplex-sliders" }, ...[...this.logits, this.heat].map(({ made }) => made));
  }

  settings() {
    this.plus = button("+1 to all", () => this.add(1));
    this.minus = button("\u22121 to all", () => this.add(-1));
    this.large = button("Logits of 1000", () => this.enlarge());
    const step = button("One step against the gradient", () => this.step());
    const again = button("Start again", () => this.start());
    const made = element("div", { class: "simplex-settings" });
    const row = (...parts) => element("div", { class: "simplex-buttons" }, ...parts);
    const names = Object.fromEntries(CLASSES.map((name) => [name, name]));
    this.targets = choice("Target", names, CLASSES[this.now.t], (to) => this.aim(to));
    this.layers = choice("Output", LAYERS, this.now.layer, (layer) => {
      this.set({ layer });
      this.say(this.sum.textContent);
    });
    made.append(this.targets, row(step), row(this.plus, this.minus), row(this.large, again), this.layers);
    return made;
  }

  table() {
    const heads = [...CLASSES, "sum"].map((name) => element("th", { scope: "col" }, name));
    this.body = element("tbody", {});
    const made = element("table", { class: "simplex-table" }, element("thead", {}, element("tr", {}, element("td"), ...heads)));
    made.append(this.body);
    return made;
  }

  // --- what the hands do --------------------------------------------------------------------------

  state() {
    const { z, more, ...others } = this.now;
    return { ...others, z: z.map((one) => one + more) };
  }

  set(some, before) {
    Object.assign(this.now, some);
    this.before = before;
    this.update();
    this.kept();
  }

  kept() {
    const { z, t, T, layer, more } = this.now;
    this.keep({ z: z.join(","), t: CLASSES[t], T, layer, ...(more && { more }) });
  }

  rested() {
    this.say(ofPoint(this.values));
  }

  put(place) {
    if (this.now.layer !== "softmax") return;
    const z = logits(distribution(place, LEAST));
    this.set({ z: z.map((one) => held(one * this.now.T)) });
  }

  aim(name) {
    this.set({ t: CLASSES.indexOf(name) });
    this.say(`Target ${name}: loss ${shown(this.values.loss)}.`);
  }

  add(by) {
    const z = this.now.z.map((one) => Math.round(1e12 * (one + by)) / 1e12);
    if (z.some((one) => held(one) !== one)) return;
    const before = this.values;
    this.set({ z });
    this.say(ofConstant(by, before, this.values));
  }

  enlarge() {
    this.set({ more: LARGE - this.now.more });
    this.say(this.ways.textContent);
  }

  start() {
    this.set(settled({}));
    for (const { radios, chosen } of [
      { radios: this.targets, chosen: CLASSES[this.now.t] },
      { radios: this.layers, chosen: this.now.layer },
    ]) {
      for (const input of radios.querySelectorAll("input")) input.checked = input.value === chosen;
    }
    this.rested();
  }

  step() {
    const before = this.values;
    this.set({ z: stepped(this.now.z, before).map(held) }, before.p);
    this.say(ofStep(before, this.values));
  }

  // --- what is shown ------------------------------------------------------------------------------

  update() {
    const state = this.state();
    const { t, T, z, more } = this.now;
    this.values = valued(state);
    this.logits.forEach(({ input, show }, k) => {
      Object.assign(input, { min: more - FURTHEST, max: more + FURTHEST });
      show(state.z[k]);
    });
    this.heat.show(T);
    if (this.aimed !== t) this.triangle.curves(t);
    this.aimed = t;
    this.triangle.show(state, this.values, this.before);
    this.bar.show(this.values);
    this.large.setAttribute("aria-pressed", String(more > 0));
    for (const [one, by] of [[this.plus, 1], [this.minus, -1]]) {
      one.setAttribute("aria-disabled", String(z.some((number) => held(number + by) !== number + by)));
    }
    this.loss.replaceChildren(...typeset(ofLoss(state, this.values)));
    this.sum.textContent = ofSum(state, this.values);
    this.ways.replaceChildren(...typeset(ofWays(state, this.values)));
    this.fill(state);
  }

  fill(state) {
    const made = rows(state, this.values).map(([head, numbers, all]) => {
      const total = numbers.reduce((sum, one) => sum + one, 0);
      const cells = numbers.map((one) => element("td", {}, shown(one)));
      cells.push(element("td", {}, all ? summed(total) : ""));
      return element("tr", {}, element("th", { scope: "row" }, ...typeset(head)), ...cells);
    });
    this.body.replaceChildren(...made);
  }
}

export async function open(panel, hands) {
  new Hands(panel, hands);
}
