// A ring of two to five processes, step by step: what each has, what it sends, and the cost so far.
// The arithmetic is in ring-sums.mjs.

import { button, element, integer, plural, stepper, written } from "./common.mjs";
import { after, messages, ringTime, starTime, stepsOf } from "./ring-sums.mjs";

const SIZES = { k: { words: "processes", least: 2, most: 5, usual: 3 } };
const [M, ALPHA, BETA] = [200_000, 50e-6, 2e-9]; // the chapter's example
const milliseconds = (seconds) => `${written(Math.round(1e5 * seconds) / 100)} ms`;

// Process q has 10^q, 2 times 10^q, ...: the digits of a sum say whose numbers are in it.
const rowsOf = (k) =>
  Array.from({ length: k }, (_, q) => Array.from({ length: k }, (_, j) => (j + 1) * 10 ** q));

class Hands {
  constructor(panel, { state, keep, say }) {
    const k = integer(state.k, SIZES.k);
    const step = integer(state.step, { least: 0, most: stepsOf(k), usual: 0 });
    Object.assign(this, { keep, say, k, at: step });
    this.phase = element("p", { class: "ring-phase" });
    this.table = element("table", { class: "ring-table" });
    this.sent = element("ol", { class: "ring-sent" });
    this.cost = element("p", { class: "ring-cost" });
    panel.append(this.controls(), this.phase, this.table, this.sent, this.cost);
    this.update();
  }

  controls() {
    this.size = stepper("k", SIZES.k, (by) => this.resize(this.k + by));
    this.back = button("Back", () => this.go(this.at - 1));
    this.on = button("Step", () => this.go(this.at + 1));
    this.slider = element("input", { type: "range", min: 0, step: 1, "aria-label": "Step of the ring" });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    return element("div", { class: "ring-row" }, this.size.made, this.back, this.slider, this.on);
  }

  resize(k) {
    if (k < SIZES.k.least || k > SIZES.k.most) return;
    Object.assign(this, { k, at: 0 });
    this.changed();
  }

  go(at) {
    if (at < 0 || at > stepsOf(this.k) || at === this.at) return;
    this.at = at;
    this.changed();
  }

  changed() {
    this.update();
    this.keep({ k: this.k, step: this.at });
    this.say(`${this.at} of ${stepsOf(this.k)} steps: ${plural(this.whole, "complete piece")}.`);
  }

  update() {
    const { k, at } = this;
    const [rows, all] = [rowsOf(k), stepsOf(k)];
    const [cells, next] = [after(rows, at), messages(rows, at)];
    this.size.show(k);
    Object.assign(this.slider, { max: all, value: at });
    this.slider.setAttribute("aria-valuetext", `${at} of ${all}`);
    this.back.setAttribute("aria-disabled", String(at === 0));
    this.on.setAttribute("aria-disabled", String(at === all));
    this.phase.textContent = phase(k, at);
    this.fill(cells, next);
    this.whole = cells.flat().filter(({ of }) => of === k).length;
    // Always as many rows, so that nothing moves.
    const lines = Array.from({ length: 5 }, (_, r) => {
      const one = next[r];
      return one ? `Process ${one.from} to ${one.to}: piece ${one.piece}, ${one.value}.` : "\u00a0";
    });
    this.sent.replaceChildren(...lines.map((words) => element("li", {}, words)));
    this.cost.textContent = cost(k, at);
  }

  fill(cells, next) {
    const { k } = this;
    const heads = Array.from({ length: k }, (_, j) => element("th", { scope: "col" }, `piece ${j}`));
    const body = cells.map((row, rank) => {
      const made = row.map(({ value, of }, piece) => {
        const leaves = next.some((one) => one.from === rank && one.piece === piece);
        const names = [of === k ? "ring-whole" : of > 1 ? "ring-part" : "", leaves ? "ring-leaves" : ""];
        const mark = leaves ? " \u2193" : "";
        return element("td", { class: names.filter(Boolean).join(" ") }, `${value}${mark}`);
      });
      return element("tr", {}, element("th", { scope: "row" }, `process ${rank}`), ...made);
    });
    this.table.replaceChildren(
      element("thead", {}, element("tr", {}, element("td"), ...heads)),
      element("tbody", {}, ...body),
    );
  }
}

function phase(k, at) {
  const all = stepsOf(k);
  const half = at < k - 1 ? "reduce-scatter, what comes is added" : "all-gather, what comes is copied";
  const rest = at === all ? "every process has the whole sum" : half;
  return `After ${plural(at, "step")} of ${all}: ${rest}.`;
}

function cost(k, at) {
  const spent = ringTime(k, at, M, ALPHA, BETA);
  const [whole, star] = [ringTime(k, stepsOf(k), M, ALPHA, BETA), starTime(k, M, ALPHA, BETA)];
  return (
    `Each process has sent ${plural(at, "message")} of M/${k} numbers: ${at}\u03b1 + ${at}M\u03b2/${k}. ` +
    `With the numbers of the chapter ${milliseconds(spent)} of ${milliseconds(whole)}; ` +
    `everything through process 0 takes ${milliseconds(star)}.`
  );
}

export async function open(panel, hands) {
  new Hands(panel, hands);
}
