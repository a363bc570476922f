// A kernel that learns Sobel's: three gradients to choose from, their losses, two checks of each.

import { button, choice, element, svg, written } from "./common.mjs";
import { DIGITS, ZEROS } from "./digits.mjs";
import { checked, GRADIENTS, ones, randoms, run, SOUGHT, started, stepped, STEPS } from "./learn-edge-sums.mjs";

const KINDS = Object.keys(GRADIENTS);
const NAMES = { right: "the right one", flipped: "the flipped one", none: "none" };
const PER_FRAME = 3; // steps between two pictures of a run
const PASSES = 1e-7; // a check lets pass what is off by less

// The plot: powers of ten upwards, steps across.
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [360, 210, 44, 34];
const [LEAST, MOST] = [-2, 14];
const across = (step) => LEFT + ((WIDTH - LEFT - 12) * step) / STEPS;
const up = (loss) => {
  const power = Math.min(Math.max(Math.log10(loss), LEAST), MOST);
  return HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - 8) * (power - LEAST)) / (MOST - LEAST);
};
const SUPERSCRIPTS = { "-": "\u207b", 0: "\u2070", 1: "\u00b9", 2: "\u00b2", 4: "\u2074", 6: "\u2076", 8: "\u2078" };

function axes() {
  const line = (x1, y1, x2, y2) => svg("line", { x1, y1, x2, y2 });
  const text = (words, x, y, anchor) => svg("text", { x, y, "text-anchor": anchor }, words);
  const drawn = [line(LEFT, 8, LEFT, HEIGHT - BOTTOM), line(LEFT, HEIGHT - BOTTOM, WIDTH - 12, HEIGHT - BOTTOM)];
  for (let power = LEAST; power <= MOST; power += 4) {
    const digits = [...String(power)].map((sign) => SUPERSCRIPTS[sign]).join("");
    drawn.push(text(`10${digits}`, LEFT - 6, up(10 ** power) + 4, "end"));
    drawn.push(line(LEFT - 3, up(10 ** power), LEFT, up(10 ** power)));
  }
  for (let step = 0; step <= STEPS; step += 100) {
    drawn.push(text(String(step), across(step), HEIGHT - BOTTOM + 15, "middle"));
  }
  drawn.push(text("step", across(STEPS / 2), HEIGHT - 3, "middle"), text("loss", LEFT + 6, 16, "start"));
  return drawn;
}

const count = (text) => (/^\d{1,3}$/.test(text ?? "") && Number(text) <= STEPS ? Number(text) : 0);
const short = (value) => written(Number(value.toFixed(3)), 4);
const long = (value) => (value < 1e6 ? written(value, 4) : value.toExponential(3).replace("+", ""));

function kernelTable(name) {
  const cells = SOUGHT.map((row) => row.map(() => element("td")));
  const rows = cells.map((row) => element("tr", {}, ...row));
  const table = element("table", { class: "kernel" }, element("caption", {}, name), ...rows);
  const show = (K) => {
    const most = Math.max(...K.flat().map(Math.abs)) || 1;
    cells.flat().forEach((cell, m) => {
      const value = K.flat()[m];
      const share = Math.round((38 * Math.abs(value)) / most); // letters stay legible on it
      cell.textContent = short(value);
      cell.style.background = `color-mix(in srgb, var(--touch-${value < 0 ? "less" : "more"}) ${share}%, transparent)`;
    });
  };
  return { table, show };
}

function lamp(name) {
  const made = element("p", { class: "lamp" });
  const show = (off) => {
    const passes = off < PASSES;
    const found = passes ? "passes" : `${Math.round(100 * off)}\u00a0% off`;
    made.dataset.passes = passes;
    made.replaceChildren(element("span", { "aria-hidden": "true" }, passes ? "\u2713" : "\u2717"), ` ${name}: ${found}`);
  };
  return { made, show };
}

class Hands {
  constructor(panel, { state, keep, say }) {
    Object.assign(this, { panel, keep, say });
    this.kind = KINDS.includes(state.gradient) ? state.gradient : "right";
    this.digit = /^1?\d$/.test(state.digit) ? Number(state.digit) : 0;
    this.runs = Object.fromEntries(KINDS.map((kind) => [kind, run(this.digit, kind, count(state[kind]))]));
    this.build();
    this.judge();
    this.show();
  }

  build() {
    this.runner = button("run", () => (this.running ? this.stop() : this.start()));
    const controls = [
      button("step", () => this.step()),
      this.runner,
      button("start again", () => this.again(this.digit)),
      button("another digit", () => this.again((this.digit + 1) % DIGITS.length)),
    ];
    this.curves = Object.fromEntries(
      KINDS.map((kind) => {
        const [curve, label] = ["polyline", "text"].map((tag) => svg(tag, { class: kind }));
        return [kind, [curve, label, svg("circle", { class: kind, r: 4 })]];
      }),
    );
    const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "plot" };
    this.plot = svg("svg", box, ...axes(), ...Object.values(this.curves).flat());
    [this.sought, this.now] = ["sought", "learned so far"].map(kernelTable);
    this.sought.show(SOUGHT);
    this.lamps = [lamp("check with ones"), lamp("check with random numbers")];
    this.line = element("p", { class: "line" });
    this.panel.append(
      choice("Gradient", NAMES, this.kind, (kind) => this.choose(kind)),
      element("p", { class: "controls" }, ...controls),
      element("div", { class: "lamps" }, ...this.lamps.map(({ made }) => made)),
      this.line,
      element("div", { class: "views" }, this.plot, element("div", {}, this.sought.table, this.now.table)),
    );
  }


  get taken() {
    return this.runs[this.kind].losses.length - 1;
  }

  choose(kind) {
    this.stop();
    this.kind = kind;
    this.judge();
    this.finish(`${this.lamps.map(({ made }) => made.textContent.slice(2)).join("; ")}.`);
  }

  again(digit) {
    this.stop();
    this.digit = digit;
    this.runs = Object.fromEntries(KINDS.map((kind) => [kind, started(digit)]));
    this.judge();
    const [name, number] = digit < ZEROS ? ["Zero", digit + 1] : ["One", digit - ZEROS + 1];
    this.finish(`${name} number ${number}, a kernel of zeros.`);
  }

  advance(steps) {
    for (let m = 0; m < steps && this.taken < STEPS; m += 1) {
      this.runs[this.kind] = stepped(this.runs[this.kind], this.kind);
    }
  }

  step() {
    this.stop();
    this.advance(1);
    this.finish(this.lineText());
  }

  // Nothing moves for a reader who does not want motion: the run is there at once.
  start() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.advance(STEPS);
      this.finish(this.lineText());
      return;
    }
    this.running = true;
    this.runner.textContent = "stop";
    const next = () => {
      if (!this.running || !this.panel.isConnected) return;
      this.advance(PER_FRAME);
      this.show();
      if (this.taken < STEPS) requestAnimationFrame(next);
      else this.stop();
    };
    requestAnimationFrame(next);
  }

  stop() {
    if (!this.running) return;
    this.running = false;
    this.runner.textContent = "run";
    this.finish(this.lineText());
  }

  finish(words) {
    this.show();
    const steps = Object.fromEntries(KINDS.map((kind) => [kind, String(this.runs[kind].losses.length - 1)]));
    this.keep({ digit: String(this.digit), gradient: this.kind, ...steps });
    this.say(words);
  }

  judge() {
    [ones(), randoms()].forEach((G, m) => this.lamps[m].show(checked(this.digit, this.kind, G)));
  }

  lineText() {
    const { losses } = this.runs[this.kind];
    const [first, last] = [losses[0], losses[this.taken]];
    return `Step ${this.taken} of ${STEPS}: loss ${long(last)}, ${long(last / first)} times the first.`;
  }

  show() {
    for (const [kind, [curve, label, point]] of Object.entries(this.curves)) {
      const { losses } = this.runs[kind];
      curve.setAttribute("points", losses.map((loss, step) => `${across(step)},${up(loss)}`).join(" "));
      const last = losses.length - 1;
      point.setAttribute("cx", across(last));
      point.setAttribute("cy", up(losses[last]));
      label.textContent = last > 0 ? kind : "";
      label.setAttribute("x", Math.max(across(last), LEFT + 60));
      label.setAttribute("y", up(losses[last]) - 6);
    }
    this.now.show(this.runs[this.kind].K);
    this.line.textContent = this.lineText();
    this.plot.setAttribute("aria-label", `The loss on a logarithmic axis. ${this.lineText()}`);
  }
}

export async function open(panel, hands) {
  new Hands(panel, hands);
}
