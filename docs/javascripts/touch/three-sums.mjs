// One table, three sums: a row is the forward pass, a column the kernel gradient, an anti-diagonal
// the input gradient. Then the same for a picture. The arithmetic is in three-sums-terms.mjs.

import {
  button,
  choice,
  element,
  entry,
  listed,
  plain,
  roving,
  written,
} from "./common.mjs";
import {
  along,
  beside,
  changed,
  gradient,
  mapped,
  product,
  quotient,
  same,
  total,
  wrongKernelGradient,
} from "./three-sums-terms.mjs";

// In one dimension the numbers of the page; in two, numbers that look like no flip of themselves.
const PRINTED = {
  1: { x: [[1, 2, 3, 4, 5]], k: [[1, 10, 100]], g: [[1, 0, 2]] },
  2: {
    x: [
      [1, 2, 0, 3, 1],
      [0, 4, 1, 2, 5],
      [3, 1, 6, 0, 2],
      [2, 0, 1, 7, 1],
      [1, 3, 2, 0, 8],
    ],
    k: [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ],
    g: [
      [1, 0, 2],
      [0, 3, 0],
      [0, 0, -1],
    ],
  },
};
const KIND = { g: "Output", k: "Kernel entry", x: "Pixel" };
const WHERE = {
  1: {
    g: "A row of the table: the forward pass.",
    k: "A column of the table: the kernel gradient.",
    x: "An anti-diagonal: the input gradient. From term to term i rises and u falls.",
  },
  2: {
    g: "The letters run alike over the pixels and the kernel: the forward pass.",
    k: "The letters run alike over the pixels and the upstream: the kernel gradient.",
    x: "The letters run forwards over the upstream, backwards over the kernel: there is the flip.",
  },
};
const LETTERS = "abcdefghi"; // of the terms, in a picture
const DIGITS = 5;
const number = (value) => written(value, DIGITS);

// x with its index below it; in one dimension there is one index.
function named([name, p, q], dimensions) {
  const index = dimensions === 1 ? `${q}` : `${p},${q}`;
  return element("span", {}, element("i", {}, name), element("sub", {}, index));
}

const spoken = ([name, p, q], dimensions) =>
  `${KIND[name]} ${dimensions === 1 ? q : `${p}, ${q}`}`;

// The state as it is in the address, and back. What cannot be read is as printed.
export function read({ d, x, k, g, pick, show }) {
  const dimensions = d === "2" ? 2 : 1;
  const arrays = {};
  for (const [name, text] of Object.entries({ x, k, g })) {
    const printed = PRINTED[dimensions][name];
    const flat = listed(text, printed.flat());
    arrays[name] = mapped(printed, (_, p, q) => flat[p * printed[0].length + q]);
  }
  const [, name, ...index] = /^([xkg])(\d),?(\d)?$/.exec(pick ?? "") ?? [];
  const [p, q] = dimensions === 1 ? [0, Number(index[0])] : index.map(Number);
  const picked = arrays[name]?.[p]?.[q] === undefined ? ["g", 0, 0] : [name, p, q];
  return { dimensions, arrays, picked, products: show === "products" };
}

export function kept({ dimensions, arrays, picked: [name, p, q], products }) {
  const lists = Object.fromEntries(["x", "k", "g"].map((one) => [one, plain(arrays[one].flat())]));
  const pick = dimensions === 1 ? `${name}${q}` : `${name}${p},${q}`;
  return { d: String(dimensions), ...lists, pick, ...(products && { show: "products" }) };
}

const inCell = (one) => element("td", {}, one);
const head = (words) => element("th", { scope: "row" }, words);

function titled(words, ...rows) {
  const lines = rows.map((row) => element("tr", {}, ...row));
  return element("table", { class: "sums-table" }, element("caption", {}, words), ...lines);
}

function grid(words, rows) {
  const made = titled(words, ...rows);
  made.className = "sums-grid";
  return made;
}

class Hands {
  constructor(panel, { state, keep, say }) {
    Object.assign(this, { panel, keep, say }, read(state), { h: 0.5, updates: [] });
    this.build();
  }

  build() {
    this.updates = [];
    this.compute();
    const { dimensions } = this;
    const kinds = { 1: "one row", 2: "a picture" };
    const table = dimensions === 1 ? this.table() : this.grids();
    this.panel.replaceChildren(
      element(
        "div",
        { class: "sums-tools" },
        choice("Pixels in", kinds, String(dimensions), (value) => this.turn(Number(value))),
        ...(dimensions === 1 ? [this.shown()] : []),
        element("span", { class: "sums-presets" }, ...this.presets()),
      ),
      element("div", { class: "sums-both" }, table, this.aside()),
    );
    if (this.said) this.panel.append(this.said);
    this.update();
    this.edit();
  }

  turn(dimensions) {
    this.said = this.panel.querySelector(".touch-said");
    Object.assign(this, read({ d: String(dimensions) }));
    this.build();
    this.panel.querySelector(".touch-choice :checked").focus();
    this.keep(kept(this));
    this.tell();
  }

  shown() {
    const options = { pixels: "pixels", products: "products" };
    return choice("Cells show", options, this.products ? "products" : "pixels", (value) => {
      this.products = value === "products";
      this.change();
    });
  }

  presets() {
    const ones = () => ({ ...this.arrays, g: mapped(this.arrays.g, () => 1) });
    const whole = () => Math.floor(Math.random() * 19) - 9; // short, so that sums can be followed
    const drawn = () => {
      const { x, k, g } = this.arrays;
      return { x: mapped(x, whole), k: mapped(k, whole), g: mapped(g, whole) };
    };
    return [
      button("As printed", () => this.put(PRINTED[this.dimensions])),
      button("Ones upstream", () => this.put(ones())),
      button("Random", () => this.put(drawn())),
    ];
  }

  // A button for an entry. In the table, `where` says in which cell it stands; `sum` makes it an
  // output, which is picked along with its upstream number.
  cell(target, { where, sum } = {}) {
    const name = element("span", { class: "sums-name" });
    const value = element("span", { class: "sums-value" });
    const made = button("", () => this.pick(target), { class: "sums-cell" });
    made.append(name, " ", value);
    this.updates.push(() => {
      const factors = where && this.products ? [where.g, target, where.k] : [target];
      const [, p, q] = target;
      value.textContent = number(sum ? this.sums.g[p][q] : product(this.arrays, factors));
      const picked = same(target, this.picked);
      const part = this.part.findIndex((term) =>
        where ? same(term.g, where.g) && same(term.k, where.k) : same(term[target[0]], target),
      );
      const lit = part >= 0 && !sum && (where !== undefined || !picked);
      made.setAttribute("aria-pressed", String(picked));
      made.toggleAttribute("data-lit", lit);
      if (this.dimensions === 1) {
        name.replaceChildren(...(sum ? [["y", p, q]] : factors).map((one) => named(one, 1)));
      } else {
        name.textContent = lit ? LETTERS[part] : "";
        const heard = `${name.textContent} ${value.textContent}, ${spoken(target, 2)}`;
        made.setAttribute("aria-label", heard.trim());
      }
    });
    return made;
  }

  // A number that is computed.
  result(compute, ...before) {
    const value = element("span");
    this.updates.push(() => (value.textContent = number(compute())));
    return element("td", { class: "sums-result" }, ...before, value);
  }

  table() {
    const k = this.arrays.k[0].map((_, u) => this.cell(["k", 0, u]));
    const rows = this.arrays.g[0].map((_, i) => {
      const g = ["g", 0, i];
      const pixels = k.map((_, u) => this.cell(["x", 0, i + u], { where: { g, k: ["k", 0, u] } }));
      return [this.cell(g), ...pixels, this.cell(g, { sum: true })];
    });
    const x = this.arrays.x[0].map((_, q) => this.cell(["x", 0, q]));
    roving([[null, ...k, null], ...rows]);
    roving([x]);
    const whole = this.result(() => total(this.arrays), element("i", {}, "S"), " = ");
    return element(
      "div",
      { class: "sums-hands" },
      titled(
        "Rows: outputs i. Columns: offsets u. Cells: pixels i + u.",
        [element("td"), ...k.map(inCell), element("td")],
        ...rows.map((row) => row.map(inCell)),
        [head("\u2202S/\u2202k"), ...this.results("k"), whole],
        [head("g flipped"), ...this.results("wrong"), element("td", {}, "wrong")],
      ),
      titled(
        "The pixels, and the sums of their anti-diagonals",
        [head("x"), ...x.map(inCell)],
        [head("\u2202S/\u2202x"), ...this.results("x")],
      ),
    );
  }

  results(name) {
    return this.sums[name][0].map((_, q) => this.result(() => this.sums[name][0][q]));
  }

  grids() {
    const hands = (words, name) => {
      const cells = mapped(this.arrays[name], (_, p, q) => this.cell([name, p, q]));
      roving(cells);
      return grid(words, mapped(cells, inCell));
    };
    const sums = (words, name) =>
      grid(words, mapped(this.sums[name], (_, p, q) => this.result(() => this.sums[name][p][q])));
    const line = (...grids) => element("div", { class: "sums-line" }, ...grids);
    return element(
      "div",
      { class: "sums-hands" },
      line(hands("Pixels x", "x"), sums("\u2202S/\u2202x, input gradient", "x")),
      line(
        hands("Kernel k", "k"),
        sums("\u2202S/\u2202k", "k"),
        sums("g flipped", "wrong"),
      ),
      line(hands("Upstream g", "g"), sums("\u2202S/\u2202g = y", "g")),
    );
  }

  // What is picked: its number, the terms in which it stands, their sum, and the quotient.
  aside() {
    this.editor = element("span");
    this.list = element("ol", { class: `sums-terms sums-terms-${this.dimensions}` });
    this.sum = element("p", { class: "sums-sum" });
    this.nudged = element("p", { class: "sums-nudged" });
    this.verdict = element("p", { class: "sums-verdict" });
    const h = entry("h", this.h, (value) => ((this.h = value), this.nudge()), { step: 0.1 });
    const nudge = button("Nudge by h", () => this.nudge());
    return element(
      "div",
      { class: "sums-aside" },
      element("p", { class: "sums-editor" }, this.editor),
      this.list,
      this.sum,
      element("p", { class: "sums-editor" }, nudge, " h = ", h),
      this.nudged,
      this.verdict,
    );
  }

  pick(target) {
    this.picked = target;
    this.change();
    this.edit();
    this.tell();
  }

  put(arrays) {
    this.arrays = arrays;
    this.pick(this.picked);
  }

  change() {
    this.update();
    this.keep(kept(this));
  }

  compute() {
    const { arrays, picked } = this;
    this.part = along(arrays, picked);
    this.sums = { wrong: wrongKernelGradient(arrays) };
    for (const name of ["x", "k", "g"]) this.sums[name] = gradient(arrays, name);
  }

  // Bring what is written up to date, but for the field in which somebody may type.
  update() {
    this.compute();
    for (const update of this.updates) update();
    this.describe();
    this.nudged.replaceChildren();
    this.judge();
  }

  edit() {
    const [name, p, q] = this.picked;
    const field = entry(spoken(this.picked, this.dimensions), this.arrays[name][p][q], (value) => {
      this.arrays = changed(this.arrays, this.picked, value);
      this.change();
    });
    this.editor.replaceChildren(named(this.picked, this.dimensions), " = ", field);
  }

  describe() {
    const { arrays, picked, dimensions } = this;
    const items = this.part.map((term, place) => {
      const factors = beside(term, picked[0]);
      const values = factors.map((one) => number(product(arrays, [one]))).join(" \u00b7 ");
      const letters = factors.map((one) => named(one, dimensions));
      const letter = dimensions === 2 ? [`${LETTERS[place]} `] : [];
      return element("li", {}, ...letter, ...letters, element("br"), values);
    });
    this.list.replaceChildren(...items);
    const [name, p, q] = picked;
    const equals = ` = ${number(this.sums[name][p][q])}`;
    const derivative = element("strong", {}, "\u2202S/\u2202", named(picked, dimensions), equals);
    this.sum.replaceChildren(derivative, element("br"), WHERE[dimensions][name]);
  }

  nudge() {
    const { arrays, picked, h, sums } = this;
    if (h === 0) {
      this.nudged.replaceChildren("With h = 0 nothing moves.");
      return;
    }
    const [name, p, q] = picked;
    const [there, back] = [1, 2].map(() => named(picked, this.dimensions));
    const central = written(quotient(arrays, picked, h), 12);
    const difference = ["(S(", there, " + h) \u2212 S(", back, " \u2212 h)) / 2h = ", central];
    const sum = `the sum: ${written(sums[name][p][q], 12)}`;
    this.nudged.replaceChildren(...difference, element("br"), sum);
    this.say(`Central quotient: ${central}`);
  }

  judge() {
    const right = this.sums.k.flat();
    const off = this.sums.wrong.flat().map((one, place) => Math.abs(one - right[place]));
    const most = Math.max(...off);
    this.verdict.textContent =
      most === 0
        ? "With g flipped, which is wrong, the kernel gradient is the same: this upstream hides it."
        : `With g flipped, which is wrong, the kernel gradient is off by up to ${number(most)}.`;
  }

  // Said after a press, to those who do not see what lights up.
  tell() {
    const { arrays, picked, dimensions, part } = this;
    const [name, p, q] = picked;
    const values = part.map((term) => number(product(arrays, beside(term, name))));
    const sum = number(this.sums[name][p][q]);
    this.say(`${spoken(picked, dimensions)}: ${values.join(" + ")} = ${sum}`);
  }
}

export async function open(panel, hands) {
  new Hands(panel, hands);
}
