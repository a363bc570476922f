// The windows of a layer with stride and padding: press an output, a kernel entry or a pixel, and see
// what it meets. The arithmetic is in strided-windows-sums.mjs, the sentences in -words.mjs.

import { button, choice, element, pair, plural, roving, stepper, written } from "./common.mjs";
import {
  coverage,
  factors,
  forward,
  inputGradient,
  kernelGradient,
  product,
  surrounded,
  terms,
} from "./strided-windows-sums.mjs";
import {
  after,
  aroundIt,
  bracketed,
  direction,
  KIND,
  numbers,
  pattern,
  refused,
  SETTINGS,
  settled,
  SHOWS,
  where,
} from "./strided-windows-words.mjs";

const HINT =
  "Press a pixel, an output or a kernel entry. What it meets lights up, its factor in the corner.";
const LEAST_TERMS = 9; // for which there is room

// x with its indices below it.
const named = ([letter, at]) => [
  element("i", {}, letter),
  element("sub", {}, at.map((index) => written(index)).join(",")),
];

class Hands {
  constructor(panel, { state, keep, say }) {
    Object.assign(this, { keep, say }, settled(state));
    this.facts = element("p", { class: "strided-facts" });
    this.note = element("p", { class: "strided-note" });
    this.views = element("div", { class: "strided-views" });
    this.told = element("div", { class: "strided-told" });
    const hint = element("p", {}, HINT);
    panel.append(this.controls(), this.choices(), this.facts, this.note, hint, this.views);
    this.build();
  }

  // --- what is built ------------------------------------------------------------------------------

  controls() {
    this.steppers = Object.entries(SETTINGS).map(([name, range]) => {
      const { made, show } = stepper(name, range, (by) => this.step(name, by));
      return { name, made, show };
    });
    return element("div", { class: "strided-row" }, ...this.steppers.map(({ made }) => made));
  }

  choices() {
    const show = choice("Cells show", SHOWS, this.show, (to) => {
      this.show = to;
      this.update();
      this.kept();
    });
    const other = button("Other numbers", () => {
      this.seed = after(this.seed);
      this.change({}, "Other numbers.");
    });
    return element("div", { class: "strided-row" }, show, other);
  }

  step(name, by) {
    const { least, most } = SETTINGS[name];
    const to = this.sizes[name] + by;
    if (to < least || to > most) return;
    const refusal = refused({ ...this.sizes, [name]: to });
    if (!refusal) {
      this.change({ [name]: to });
      return;
    }
    this.note.textContent = refusal;
    this.say("The kernel would be larger than the padded image.");
  }

  change(some, words) {
    Object.assign(this.sizes, some);
    this.build();
    this.kept();
    const size = [this.state.g.length, this.state.g[0].length];
    this.say(words ?? `Output: ${size.join(" by ")}.`);
  }

  // Everything that has a size.
  build() {
    this.state = numbers(this.seed, this.sizes);
    const { x, k, g } = this.state;
    const last = { x, k, y: g };
    const [name, ...at] = this.picked;
    const ends = [last[name].length - 1, last[name][0].length - 1];
    this.picked = [name, ...at.map((index, axis) => Math.min(index, ends[axis]))];
    this.y = forward(this.state);
    this.gradients = { x: inputGradient(this.state), k: kernelGradient(this.state), y: this.y };
    this.counts = coverage(this.state);
    this.cells = [];
    const dilated = this.dilated();
    const both = element("div", { class: "strided-views strided-both" }, this.grid("y"), this.grid("k"));
    const beside = element("div", { class: "strided-beside" }, both, dilated);
    const left = element("div", { class: "strided-left" }, this.image(), this.told);
    this.views.replaceChildren(left, beside);
    this.explain();
    this.update();
  }

  explain() {
    for (const { name, show } of this.steppers) show(this.sizes[name]);
    const lines = { row: "H", column: "W" };
    const said = Object.entries(lines).map(([word, name]) => direction(word, this.sizes[name], this.sizes));
    this.facts.replaceChildren(said[0], element("br"), said[1]);
    this.note.textContent = pattern(this.sizes);
  }

  // Words stand above the table and not in it, where they would widen it.
  table(words, rows, kind = "") {
    const table = element("table", { class: kind, "aria-label": words });
    table.append(...rows.map((row) => element("tr", {}, ...row)));
    return element("div", {}, element("p", { class: "strided-title" }, words), table);
  }

  // A button for an entry.
  cell(name, p, q) {
    const corner = element("span", { class: "strided-corner" });
    const number = element("span", {});
    const made = button("", () => this.pick([name, p, q]), { class: "strided-cell" });
    made.append(corner, number);
    made.picks = [name, p, q];
    this.cells.push({ name, p, q, made, corner, number });
    return made;
  }

  buttons(rows, name) {
    const made = rows.map((row, p) => row.map((_, q) => this.cell(name, p, q)));
    roving(made);
    return made;
  }

  // After an arrow key, what has the focus is picked.
  follow(table) {
    table.addEventListener("keydown", ({ key }) => {
      const { picks } = document.activeElement;
      if (key.startsWith("Arrow") && picks) this.pick(picks);
    });
    return table;
  }

  image() {
    const { x, P } = this.state;
    const made = this.buttons(x, "x");
    const around = (row, p) =>
      Array.from({ length: row.length + 2 * P }, (_, b) => {
        const q = b - P;
        const pixel = made[p]?.[q];
        if (pixel) return element("td", {}, pixel);
        const corner = element("span", { class: "strided-corner" });
        const zero = element("td", { class: "strided-padding" }, corner, "0");
        this.cells.push({ name: "x", p, q, made: zero, corner });
        return zero;
      });
    const rows = Array.from({ length: x.length + 2 * P }, (_, a) => around(x[0], a - P));
    const words = `Image x, ${x.length} by ${x[0].length}${P ? `, padding ${P}` : ""}`;
    return this.follow(this.table(words, rows));
  }

  grid(name) {
    const { g, k } = this.state;
    const rows = name === "y" ? g : k;
    const cells = this.buttons(rows, name).map((row) => row.map((one) => element("td", {}, one)));
    const words = name === "k" ? `Kernel k, ${k.length} by ${k.length}` : "Outputs";
    const made = this.follow(this.table(words, cells));
    if (name === "y") this.outputs = made.querySelector("p");
    return made;
  }

  dilated() {
    const { k, g, S } = this.state;
    const K = k.length;
    this.around = surrounded(this.state).map((row, a) =>
      row.map((value, b) => {
        const [i, j] = [(a - K + 1) / S, (b - K + 1) / S];
        const entry = g[i]?.[j] !== undefined;
        const inner = i >= 0 && j >= 0 && i <= g.length - 1 && j <= g[0].length - 1;
        const kind = entry ? "strided-entry" : inner ? "strided-between" : "strided-outside";
        const made = element("td", { class: kind }, written(value));
        return { made, a, b, i, j, entry };
      }),
    );
    const rows = this.around.map((row) => row.map(({ made }) => made));
    const made = this.table(aroundIt(this.sizes), rows, "strided-dilated");
    this.marked = element("p", { class: "strided-title" });
    made.append(this.marked);
    return made;
  }

  // --- what the hands do --------------------------------------------------------------------------

  pick(target) {
    this.picked = target;
    this.update();
    this.kept();
    const [name, p, q] = target;
    const met = name === "x" ? ` is under ${plural(this.part.length, "window")}, gradient` : ":";
    this.say(`${KIND[name]} ${pair([p, q])}${met} ${written(this.gradients[name][p][q])}.`);
  }

  kept() {
    const [name, p, q] = this.picked;
    this.keep({ ...this.sizes, show: this.show, pick: `${name}${p},${q}`, seed: this.seed });
  }

  // --- what is shown ------------------------------------------------------------------------------

  update() {
    const [name, ...at] = this.picked;
    const show = this.show;
    this.part = terms(name, at, this.state);
    const met = (letter) => new Map(this.part.map((one) => [String(one[letter]), one]));
    this.met = { x: met("x"), y: met("g"), k: met("k") };
    const pixels = { windows: this.counts, forward: this.state.x, backward: this.gradients.x };
    this.values = { x: pixels[show], k: this.state.k, y: show === "forward" ? this.y : this.state.g };
    const which = show === "forward" ? "Outputs y" : "Upstream g";
    this.outputs.textContent = `${which}, ${this.y.length} by ${this.y[0].length}`;
    const most = Object.fromEntries(
      Object.entries(this.values).map(([one, rows]) => [one, Math.max(1, ...rows.flat().map(Math.abs))]),
    );
    for (const cell of this.cells) this.refresh(cell, most);
    this.mark();
    this.tell();
  }

  refresh({ name, p, q, made, corner, number }, most) {
    const met = this.met[name].get(String([p, q]));
    const picked = String(this.picked) === String([name, p, q]);
    made.toggleAttribute("data-lit", Boolean(met) && !picked);
    corner.textContent = met && !picked ? this.weight(name, met) : "";
    if (!number) return;
    const value = this.values[name][p][q];
    number.textContent = written(value);
    made.classList.toggle("strided-long", number.textContent.length > 3);
    made.setAttribute("aria-pressed", String(picked));
    made.style.setProperty("--strided-share", `${Math.round((40 * Math.abs(value)) / most[name])}%`);
    made.classList.toggle("strided-less", value < 0);
    const lost = name === "x" && this.counts[p][q] === 0;
    made.toggleAttribute("data-untouched", lost);
    const times = corner.textContent && `, times ${corner.textContent}`;
    const heard = `${KIND[name]} ${pair([p, q])}: ${number.textContent}${times}`;
    made.setAttribute("aria-label", heard + (lost ? ", under no window" : ""));
  }

  // What an entry is multiplied by, in its corner.
  weight(name, { g, k }) {
    const [what] = this.picked;
    if (what === "k") return name === "x" ? written(this.state.g[g[0]][g[1]]) : "";
    return name === "k" ? "" : written(this.state.k[k[0]][k[1]]);
  }

  // In the dilated gradient: the square on which the flipped kernel lies, or an output.
  mark() {
    const [name, p, q] = this.picked;
    const words = { x: "where the flipped kernel lies", y: "this output", k: "every output" };
    this.marked.textContent = `Marked: ${words[name]}.`;
    const { K, P } = this.sizes;
    const inside = (index, first) => index >= first && index < first + K;
    for (const { made, a, b, i, j, entry } of this.around.flat()) {
      const under = inside(a, p + P) && inside(b, q + P);
      const lit = { x: under, y: i === p && j === q, k: entry }[name];
      made.toggleAttribute("data-lit", lit);
    }
  }

  tell() {
    const [name, p, q] = this.picked;
    const places = Math.max(this.sizes.K ** 2, LEAST_TERMS);
    const all = this.part.length > places ? this.part.slice(0, places - 1) : this.part;
    const items = all.map((one) => this.item(factors(name, one, this.state)));
    if (all.length < this.part.length) {
      items.push(element("li", {}, `and ${this.part.length - all.length} more`));
    }
    while (items.length < places) items.push(element("li", { "aria-hidden": "true" }));
    const letter = name === "y" ? "" : "\u2202L/\u2202";
    const sum = [letter, ...named([name, [p, q]]), ` = ${written(this.gradients[name][p][q])}`];
    this.told.replaceChildren(
      element("p", { class: "strided-where" }, where(this.picked, this.sizes)),
      element("p", { class: "strided-sum" }, element("strong", {}, ...sum), all.length ? ", the sum of" : ""),
      element("ol", { class: "strided-terms" }, ...items),
    );
  }

  item(pairs) {
    const [first, second] = pairs.map((one) => product([one], this.state));
    const values = `${written(first)} \u00b7 ${bracketed(second)}`;
    return element("li", {}, ...pairs.flatMap(named), element("br"), values);
  }
}

export async function open(panel, hands) {
  new Hands(panel, hands);
}
