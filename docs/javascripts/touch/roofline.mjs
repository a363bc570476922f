// The passes of two layers on a machine of the reader's choice: what each takes for its operations
// and for its bytes, and what a better processor or a better memory would save. The arithmetic is in
// roofline-sums.mjs; the machine at the start is the one that was measured, from the drawing's file.

import { button, choice, element, figureData, integer, slider, written } from "./common.mjs";
import { lasts, passes, times, whole } from "./roofline-sums.mjs";

const QUARTERS = { least: -16, most: 16, usual: 0 }; // of a doubling
const KERNELS = { 1: "1 by 1", 3: "3 by 3", 5: "5 by 5", 7: "7 by 7" };
const WAYS = { after: "one after the other", once: "both at once" };
const USUAL = { rate: 0, bandwidth: 0, kernel: "3", way: "after" };
const NAMES = { rate: "processor", bandwidth: "memory" };
const UNITS = { rate: "operations", bandwidth: "bytes" };
const of = (options, text, usual) => (Object.hasOwn(options, text ?? "") ? text : usual);
const short = (value) => written(value, 3);

function settled(state) {
  return {
    rate: integer(state.rate, QUARTERS),
    bandwidth: integer(state.bandwidth, QUARTERS),
    kernel: of(KERNELS, state.kernel, USUAL.kernel),
    way: of(WAYS, state.way, USUAL.way),
  };
}

// What is said of all passes together: who decides, and what would help.
export function ofAll(K, machine, atOnce) {
  const every = passes(K);
  const total = whole(K, machine, atOnce);
  const by = every.filter((pass) => times(pass, machine).operations > times(pass, machine).bytes);
  const saved = (name) => total - whole(K, { ...machine, [name]: 2 * machine[name] }, atOnce);
  const corner = machine.rate / machine.bandwidth;
  return (
    `The ${every.length} passes take ${short(total)} microseconds an image. ` +
    `The corner is at ${short(corner)} operations a byte: in ${by.length || "none"} of the passes the operations ` +
    `take longer, in ${every.length - by.length} the bytes. Twice the operations a second would save ` +
    `${short(saved("rate"))}, twice the bytes a second ${short(saved("bandwidth"))}.`
  );
}

class Hands {
  constructor(panel, start, { state, keep, say }) {
    Object.assign(this, { start, keep, say, now: settled(state) });
    this.sliders = { rate: this.slider("rate"), bandwidth: this.slider("bandwidth") };
    this.body = element("tbody");
    this.words = element("p", { class: "roofline-words" });
    this.choices = element("div", { class: "roofline-row" });
    const head = ["pass, layer", "operations (blue) and bytes (orange)", "\u00b5s"].map((words) =>
      element("th", { scope: "col" }, words));
    const table = element("table", { class: "roofline-table" }, element("thead", {}, element("tr", {}, ...head)), this.body);
    panel.append(
      ...Object.values(this.sliders).map(({ made }) => made),
      this.choices,
      element("div", { class: "roofline-row" },
        button("Processor twice as fast", () => this.faster("rate")),
        button("Memory twice as fast", () => this.faster("bandwidth")),
        button("Start again", () => this.again())),
      table,
      this.words,
    );
    this.rows = passes(3).map(({ name, layer }) => this.row(`${name}, ${layer}`));
    this.choose();
    this.show();
  }

  slider(name) {
    const range = { min: QUARTERS.least, max: QUARTERS.most, step: 1 };
    const change = (value) => this.change({ [name]: value });
    const { input, output, show } = slider(`Speed of the ${NAMES[name]}`, range, change, () => this.told());
    const made = element("div", { class: "roofline-slider" }, element("span", {}, NAMES[name]), input, output);
    return { made, show };
  }

  row(name) {
    const bars = ["operations", "bytes"].map((kind) => element("span", { class: `roofline-${kind}` }));
    const cell = element("td");
    const track = element("td", { class: "roofline-track", "aria-hidden": "true" }, ...bars);
    this.body.append(element("tr", {}, element("th", { scope: "row" }, name), track, cell));
    return { bars, cell };
  }

  // Anew, so that the buttons stand where the state says.
  choose() {
    this.choices.replaceChildren(
      choice("Kernels", KERNELS, this.now.kernel, (kernel) => this.told({ kernel })),
      choice("A pass multiplies and moves", WAYS, this.now.way, (way) => this.told({ way })),
    );
  }

  faster(name) {
    this.told({ [name]: Math.min(this.now[name] + 4, QUARTERS.most) });
  }

  again() {
    this.told(settled({}));
    this.choose();
  }

  told(some) {
    if (some) this.change(some);
    this.say(this.words.textContent);
  }

  change(some) {
    Object.assign(this.now, some);
    this.show();
    this.keep(this.now);
  }

  machine() {
    const value = (name) => this.start[name] * 2 ** (this.now[name] / 4);
    return { rate: value("rate"), bandwidth: value("bandwidth") };
  }

  show() {
    const [machine, atOnce, K] = [this.machine(), this.now.way === "once", Number(this.now.kernel)];
    for (const [name, { show }] of Object.entries(this.sliders)) {
      show(this.now[name], `${short(machine[name])} thousand million ${UNITS[name]} a second`);
    }
    const every = passes(K);
    // As long as it can be at the start, so that what becomes faster is seen to shrink.
    const longest = (which, where) => Math.max(...which.map((pass) => lasts(pass, where, false)));
    const scale = Math.max(longest(every, machine), longest(passes(3), this.start));
    every.forEach((pass, at) => this.fill(this.rows[at], pass, { machine, atOnce, scale }));
    this.words.textContent = ofAll(K, machine, atOnce);
  }

  fill({ bars, cell }, pass, { machine, atOnce, scale }) {
    const { operations, bytes } = times(pass, machine);
    const widths = [operations, bytes];
    // Both at once: the shorter is done while the longer goes on.
    if (atOnce) widths[operations > bytes ? 1 : 0] = 0;
    bars.forEach((bar, kind) => (bar.style.width = `${((100 * widths[kind]) / scale).toFixed(2)}%`));
    cell.textContent = short(lasts(pass, machine, atOnce));
  }
}

export async function open(panel, kept) {
  new Hands(panel, await figureData("roofline"), kept);
}
