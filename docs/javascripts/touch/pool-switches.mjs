// Pooling: press a window, a pixel, a convention for ties, and see where the gradient arrives. The
// arithmetic is in pool-switches-sums.mjs, the sentences in -words.mjs.

import { button, choice, element, entry, pair, plural, roving, stepper } from "./common.mjs";
import {
  forward,
  inputGradient,
  moved,
  nearly,
  outputs,
  over,
  pixels,
  shares,
  terms,
  total,
} from "./pool-switches-sums.mjs";
import {
  brief,
  drawn,
  EQUAL,
  equals,
  FURTHEST,
  KIND,
  LIMIT,
  motion,
  PATCH,
  POOLS,
  rounded,
  SETTINGS,
  settled,
  short,
  sum,
  sums,
  TIES,
  told,
} from "./pool-switches-words.mjs";

const HINT = "Press an output or a pixel; type a digit to change it. Circles are switches.";
const MOVES = {
  left: [0, -1, "\u2190"],
  up: [-1, 0, "\u2191"],
  down: [1, 0, "\u2193"],
  right: [0, 1, "\u2192"],
};

class Hands {
  constructor(panel, { state, keep, say }) {
    Object.assign(this, { keep, say, seed: 0 }, settled(state));
    this.views = element("div", { class: "pool-views" });
    this.editor = element("div", { class: "pool-row" });
    for (const name of ["told", "sum", "sums", "motion"]) {
      this[name] = element("p", { class: `pool-${name}` });
    }
    this.about = element("div", { class: "pool-picked" }, this.told, this.sum);
    panel.append(this.controls(), this.choices(), this.images(), element("p", {}, HINT), this.views);
    panel.append(this.editor, this.about, this.sums, this.moves(), this.motion);
    this.build();
  }

  // Mean-pooling has no padding.
  fixed(name) {
    return name === "P" && this.pool === "mean";
  }

  size(name) {
    return this.fixed(name) ? 0 : this[name];
  }

  // What the sums take: the image where it is now, and as many upstream numbers as outputs.
  now(steps = this.steps) {
    const { K, S, pool, tie } = this;
    const state = { x: moved(this.image, steps), K, S, P: this.size("P"), pool, tie };
    const [rows, columns] = outputs(state);
    return { ...state, g: this.g.slice(0, rows).map((row) => row.slice(0, columns)) };
  }

  // --- what is built ------------------------------------------------------------------------------

  controls() {
    this.steppers = Object.entries(SETTINGS).map(([name, range]) => {
      const { made, show } = stepper(name, range, (by) => this.step(name, by));
      return { name, made, show };
    });
    const groups = this.steppers.map(({ made }) => made);
    const pool = choice("Pool", POOLS, this.pool, (to) => this.set({ pool: to }, `Pooling by ${to}.`));
    return element("div", { class: "pool-row" }, ...groups, pool);
  }

  choices() {
    this.ties = choice("A tie goes to", TIES, this.tie, (tie) => {
      this.tie = tie;
      this.changed(() => `Sum of the gradient: ${short(total(this.gradient))}.`);
    });
    return element("div", { class: "pool-row" }, this.ties);
  }

  images() {
    const put = (image, words) => this.set({ image, steps: [0, 0] }, words);
    const other = () => {
      this.seed += 1;
      const { x, g } = drawn(this.seed);
      this.g = g;
      put(x, "Other numbers.");
    };
    return element(
      "div",
      { class: "pool-row" },
      button("MNIST patch", () => put(PATCH, "A patch of a digit, its background on the left.")),
      button("All equal", () => put(EQUAL, "Every window ties.")),
      button("Other numbers", other),
    );
  }

  moves() {
    this.ways = Object.entries(MOVES).map(([way, [down, right, arrow]]) => {
      const made = button(arrow, () => this.move(down, right), { "aria-label": `Move the image ${way}` });
      return { made, down, right };
    });
    const row = { class: "pool-row pool-moves" };
    return element("div", row, "Move the image", ...this.ways.map(({ made }) => made));
  }

  step(name, by) {
    const { least, most } = SETTINGS[name];
    const to = this.size(name) + by;
    if (to < least || to > most || this.fixed(name)) return;
    this.set({ [name]: to });
  }

  // Everything that changes how many cells there are.
  set(some, words) {
    Object.assign(this, some);
    this.build();
    this.kept();
    this.say(words ?? `Output: ${outputs(this.now()).join(" by ")}.`);
  }

  build() {
    const { x, g, P } = this.now();
    const [name, ...at] = this.picked;
    const ends = name === "x" ? [x.length, x[0].length] : [g.length, g[0].length];
    this.picked = [name, ...at.map((index, axis) => Math.min(index, ends[axis] - 1))];
    this.cells = [];
    this.views.replaceChildren(this.grid(x, "x", P), this.grid(g, "y", 0), this.arrived(x));
    for (const { name: setting, show } of this.steppers) show(this.size(setting), this.fixed(setting));
    this.about.classList.toggle("pool-nine", this.K === 3); // more pixels, longer sentences
    this.edit();
    this.update();
  }

  // Words stand above the table and not in it, where they would widen it.
  table(words, rows, kind) {
    const lines = rows.map((row) => element("tr", {}, ...row));
    const table = element("table", { class: "pool-table", "aria-label": words }, ...lines);
    return element("div", { class: kind }, element("p", { class: "pool-title" }, words), table);
  }

  cell(name, p, q) {
    const corner = element("span", { class: "pool-corner" });
    const sign = element("span", { class: "pool-corner pool-sign" });
    const number = element("span", {});
    const made = button("", () => this.pick([name, p, q]), { class: "pool-cell" });
    made.append(number, sign, corner);
    made.picks = [name, p, q];
    this.cells.push({ name, p, q, made, corner, sign, number });
    return made;
  }

  grid(rows, name, P) {
    const made = rows.map((row, p) => row.map((_, q) => this.cell(name, p, q)));
    roving(made);
    const around = (row, p) =>
      Array.from({ length: row.length + 2 * P }, (_, b) => {
        const one = made[p]?.[b - P];
        if (one) return element("td", {}, one);
        const padding = element("td", { class: "pool-padding" }, "\u2212\u221e");
        this.cells.push({ name, p, q: b - P, made: padding });
        return padding;
      });
    const lines = Array.from({ length: rows.length + 2 * P }, (_, a) => around(rows[0], a - P));
    const what = this.pool === "max" ? "windows won" : "windows";
    const words = name === "x" ? `Image x; below: ${what}` : "Outputs y; below: upstream g";
    const table = this.table(words, lines, `pool-${name}`);
    table.addEventListener("keydown", (event) => this.key(event));
    return table;
  }

  arrived(rows) {
    this.arrivals = rows.map((row) => row.map(() => element("td", {})));
    return this.table("Gradient \u2202L/\u2202x", this.arrivals, "pool-gradient");
  }

  // An editable number for what is picked.
  edit() {
    const [name, p, q] = this.picked;
    const words = `${KIND[name]} ${pair([p, q])}: ${name === "x" ? "x" : "upstream g"} =`;
    const value = name === "x" ? this.now().x[p][q] : this.g[p][q];
    const field = entry(words, value, (number) => this.put(number));
    this.editor.replaceChildren(words, field);
  }

  // --- what the hands do --------------------------------------------------------------------------

  // After an arrow key, what has the focus is picked; a digit is its number from now on.
  key(event) {
    const { picks } = document.activeElement;
    if (!picks || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) this.pick(picks);
    if (!/^\d$/.test(event.key)) return;
    this.pick(picks);
    this.put(Number(event.key));
    this.edit();
  }

  pick(target) {
    this.picked = target;
    this.edit();
    this.update();
    this.kept();
    const [name, p, q] = target;
    const won = plural(terms([p, q], this.state).length, "window");
    const arrives = `${won}, gradient ${short(this.gradient[p]?.[q] ?? 0)}`;
    this.say(`${KIND[name]} ${pair([p, q])}: ${name === "x" ? arrives : short(this.y[p][q])}.`);
  }

  // The image is where it has been moved to, as soon as one of its numbers is changed.
  put(number) {
    const value = Math.max(-LIMIT, Math.min(LIMIT, rounded(number)));
    const [name, p, q] = this.picked;
    const rows = (name === "x" ? this.now().x : this.g).map((row) => [...row]);
    rows[p][q] = value;
    Object.assign(this, name === "x" ? { image: rows, steps: [0, 0] } : { g: rows });
    this.changed(() => `${KIND[name]} ${pair([p, q])}: ${short(value)}.`);
  }

  // Where one more step leads to, unless that is too far.
  next(down, right) {
    const to = [this.steps[0] + down, this.steps[1] + right];
    return to.every((steps) => Math.abs(steps) <= FURTHEST) && to;
  }

  move(down, right) {
    const to = this.next(down, right);
    if (!to) return;
    this.steps = to;
    this.edit();
    this.changed(() => this.motion.textContent);
  }

  changed(words) {
    this.update();
    this.kept();
    this.say(words());
  }

  kept() {
    const [name, p, q] = this.picked;
    const [down, right] = this.steps;
    const { K, S, P, pool, tie } = this;
    const numbers = { x: this.image.flat().join(","), g: this.g.flat().join(",") };
    this.keep({ K, S, P, pool, tie, down, right, pick: `${name}${p},${q}`, ...numbers });
  }

  // --- what is shown ------------------------------------------------------------------------------

  update() {
    this.state = this.now();
    this.y = forward(this.state);
    this.gradient = inputGradient(this.state);
    this.before = forward(this.now([0, 0]));
    this.met = this.meets(this.picked);
    for (const cell of this.cells) this.refresh(cell);
    this.fill();
    this.ties.disabled = this.pool === "mean";
    for (const { made, down, right } of this.ways) {
      made.setAttribute("aria-disabled", String(!this.next(down, right)));
    }
    this.tell();
  }

  // What lights up: the pixels of a window, or the windows over a pixel, and between which of them
  // something of the gradient flows.
  meets([name, ...at]) {
    const [all, strong] = {
      y: [pixels, (...given) => shares(...given).map(({ pixel }) => pixel)],
      x: [over, (...given) => terms(...given).map((one) => one.at)],
    }[name].map((find) => new Set(find(at, this.state).map(String)));
    return { all, strong };
  }

  refresh({ name, p, q, made, corner, sign, number }) {
    const [of, ...at] = this.picked;
    const met = name !== of && (corner ? this.met.all.has(String([p, q])) : this.covers(at, p, q));
    made.toggleAttribute("data-lit", met);
    if (!corner) return;
    made.toggleAttribute("data-strong", met && this.met.strong.has(String([p, q])));
    made.setAttribute("aria-pressed", String(String(this.picked) === String([name, p, q])));
    const won = name === "x" ? terms([p, q], this.state).length : 0;
    const changed = name === "y" && !nearly(this.y[p][q], this.before[p][q]);
    made.toggleAttribute("data-won", won > 0 && this.pool === "max");
    made.toggleAttribute("data-changed", changed);
    const value = brief(name === "x" ? this.state.x[p][q] : this.y[p][q]);
    number.textContent = value;
    number.className = value.length > 4 ? "pool-long" : "";
    sign.textContent = changed ? "\u2260" : "";
    const g = name === "y" ? short(this.state.g[p][q]) : "";
    corner.textContent = name === "x" ? won || "" : g;
    const wins = this.pool === "max" ? "wins" : "lies in";
    const end = { x: `${wins} ${plural(won, "window")}`, y: `upstream ${g}${changed ? ", changed" : ""}` };
    made.setAttribute("aria-label", `${KIND[name]} ${pair([p, q])}: ${value}, ${end[name]}`);
  }

  // Whether a window reaches this cell of the padding.
  covers([i, j], p, q) {
    const { K, S, P } = this.state;
    const inside = (index, first) => index >= first && index < first + K;
    return inside(p, i * S - P) && inside(q, j * S - P);
  }

  fill() {
    const [name, ...at] = this.picked;
    const marked = name === "x" ? new Set([String(at)]) : this.met.strong;
    this.arrivals.forEach((row, p) =>
      row.forEach((cell, q) => {
        cell.textContent = brief(this.gradient[p][q]);
        cell.classList.toggle("pool-long", cell.textContent.length > 2);
        cell.toggleAttribute("data-none", this.gradient[p][q] === 0);
        cell.toggleAttribute("data-lit", marked.has(String([p, q])));
      }),
    );
  }

  tell() {
    const [name, ...at] = this.picked;
    this.told.textContent = told(this.picked, this.state);
    const pixel = name === "x" ? at : shares(at, this.state)[0].pixel;
    const { open, named, close, values, gradient } = sum(pixel, this.state);
    const letter = (one, index) => [element("i", {}, one), element("sub", {}, index)];
    const letters = named.flatMap(([index, after], place) => [
      place ? " + " : ` = ${open}`,
      ...letter("g", index),
      after,
    ]);
    const numbers = /[+/]/.test(values) ? ` = ${open}${values}${close}` : ""; // one is the gradient
    const right = [...letters, close, numbers, ` ${equals(gradient)}`];
    this.sum.replaceChildren("\u2202L/\u2202", ...letter("x", pixel), ...right);
    this.sums.textContent = sums(this.state, inputGradient);
    this.motion.textContent = motion(this.before, this.y, this);
  }
}

export async function open(panel, hands) {
  new Hands(panel, hands);
}
