// Two marbles that start at the same logit: one on the cross-entropy, one on half the squared error.

import { button, choice, element, entry, followed, svg, within, written } from "./common.mjs";
import { MOST, after, ended, moved, valued } from "./two-marbles-sums.mjs";

export * from "./two-marbles-sums.mjs"; // what the tests compare with the book's functions

const NAMES = { cross: "cross-entropy", squared: "half the squared error" };
const LOSSES = Object.keys(NAMES);
const FORMATS = { float64: "float64", float32: "float32" };
const WAYS = {
  logits: "the logit",
  floored: "the probability",
  clipped: "clipped to 1 − 10⁻⁷",
  typed: "as typed",
};
const TARGETS = { 0: "0", 1: "1" };
const RANGES = { 12: "±12", 120: "±120" };
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [320, 170, 34, 22, 14];
const SAMPLES = 240;

const one = (text, known, otherwise) => (Object.hasOwn(known, text) ? text : otherwise);

// What an address says, where it makes sense.
function settled(state) {
  const range = Number(one(state.range, RANGES, 12));
  const counts = (state.steps ?? "").split(",").map((text) => within(text, 0, MOST, 0));
  return {
    start: within(state.z, -range, range, -8),
    t: Number(one(state.t, TARGETS, 1)),
    rate: within(state.rate, 1e-3, 1e3, 1),
    format: one(state.format, FORMATS, "float64"),
    way: one(state.way, WAYS, "logits"),
    range,
    counts: counts.length === 2 ? counts.map(Math.floor) : [0, 0],
  };
}

// A curve with its marble, and an arrow as long as the next step.
class Plot {
  constructor(name, drag) {
    this.name = name;
    this.curve = svg("path", { class: "marble-curve" });
    this.arrow = svg("path", { class: "marble-step" });
    this.marble = svg("circle", { class: "marble", r: 6 });
    this.marks = svg("g", { class: "marble-marks" });
    this.drawing = svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: `touch-plot marble-plot marble-${name}`, "aria-hidden": "true" },
      this.marks,
      this.curve,
      this.arrow,
      this.marble,
    );
    followed(this.drawing, (event) => drag(this.logit(event)));
  }

  logit(event) {
    const { left, width } = this.drawing.getBoundingClientRect();
    const share = (((event.clientX - left) / width) * WIDTH - LEFT) / (WIDTH - LEFT - 8);
    return Math.round((2 * share - 1) * this.range * 10) / 10;
  }

  x = (z) => LEFT + ((z / this.range + 1) / 2) * (WIDTH - LEFT - 8);
  y = (loss) => HEIGHT - BOTTOM - (loss / this.highest) * (HEIGHT - BOTTOM - TOP);

  scale(settings) {
    this.range = settings.range;
    this.highest = this.name === "cross" ? this.range : 0.6;
    let path = "";
    let pen = "M";
    for (let i = 0; i <= SAMPLES; i += 1) {
      const z = (2 * i / SAMPLES - 1) * this.range;
      const { loss } = valued(this.name, z, settings);
      if (!Number.isFinite(loss)) pen = "M";
      else [path, pen] = [`${path}${pen}${this.x(z).toFixed(1)} ${this.y(loss).toFixed(1)}`, "L"];
    }
    this.curve.setAttribute("d", path);
    this.marks.replaceChildren(...this.ticks());
  }

  ticks() {
    const base = HEIGHT - BOTTOM;
    const line = svg("path", { d: `M${LEFT} ${TOP - 6}V${base}H${WIDTH - 4}` });
    const across = [-1, -0.5, 0, 0.5, 1].map((share) =>
      svg("text", { x: this.x(share * this.range), y: base + 14, "text-anchor": "middle" },
        written(share * this.range)));
    const up = (this.name === "cross" ? [0, this.range / 2, this.range] : [0, 0.25, 0.5]).map((loss) =>
      svg("text", { x: LEFT - 4, y: this.y(loss) + 4, "text-anchor": "end" }, written(loss)));
    return [line, ...across, ...up];
  }

  place(z, { loss, gradient }, rate) {
    const seen = Math.abs(z) <= this.range && Number.isFinite(loss);
    this.marble.toggleAttribute("hidden", !seen);
    this.arrow.toggleAttribute("hidden", !seen || !(Math.abs(rate * gradient) > this.range / 200));
    if (!seen) return;
    const [x, y] = [this.x(z), this.y(loss)];
    this.marble.setAttribute("cx", x);
    this.marble.setAttribute("cy", y);
    const tip = Math.min(Math.max(this.x(z - rate * gradient), LEFT), WIDTH - 4);
    const back = Math.sign(x - tip) * 4;
    this.arrow.setAttribute("d", `M${x} ${y}H${tip}m${back} -3l${-back} 3l${back} 3`);
  }
}

// Both losses as columns; what can be read of a marble, in rows.
function table() {
  const rows = { steps: "steps", z: "z", p: "p", loss: "loss", gradient: "gradient", end: "" };
  const cells = Object.fromEntries(LOSSES.map((name) => [name, {}]));
  const body = Object.entries(rows).map(([key, words]) => {
    const row = element("tr", {}, element("th", { scope: "row" }, words));
    if (!words) row.firstChild.replaceWith(element("td"));
    for (const name of LOSSES) {
      cells[name][key] = element("td", { "data-cell": `${name}-${key}` });
      row.append(cells[name][key]);
    }
    return row;
  });
  const heads = LOSSES.map((name) => element("th", { scope: "col", class: `marble-${name}` }, NAMES[name]));
  const head = element("tr", {}, element("td"), ...heads);
  const made = element("table", { class: "marble-table" }, element("thead", {}, head));
  made.append(element("tbody", {}, ...body));
  return { made, cells };
}

const ENDS = {
  arrived: (t) => `${t === 1 ? "p" : "1 − p"} > 0.9`,
  lost: () => "z is lost",
  stuck: () => "z stays",
  tired: () => "given up",
};

export function open(panel, { state, keep, say }) {
  const now = settled(state);
  const places = {};
  const drag = (z) => startAt(z);
  const plots = Object.fromEntries(LOSSES.map((name) => [name, new Plot(name, drag)]));
  const { made, cells } = table();
  const startSlider = element("input", {
    type: "range", step: "0.1", class: "marble-start", "aria-label": "Start z",
  });
  const startValue = element("output", {});
  let frame = 0;

  function kept() {
    const { start, counts, ...settings } = now;
    keep({ z: start, ...settings, steps: counts.join(",") });
  }

  function show() {
    LOSSES.forEach((name, i) => {
      const z = places[name];
      const values = valued(name, z, now);
      const end = ended(name, z, now);
      const written5 = (value) => written(value, 5);
      const texts = { steps: now.counts[i].toLocaleString("en"), z: written5(z), p: written5(values.p) };
      Object.assign(texts, { loss: written5(values.loss), gradient: written5(values.gradient) });
      texts.end = end ? ENDS[end](now.t) : "";
      for (const [key, text] of Object.entries(texts)) cells[name][key].textContent = text;
      plots[name].place(z, values, now.rate);
    });
  }

  function again(counts = [0, 0]) {
    stop();
    now.counts = counts;
    LOSSES.forEach((name, i) => (places[name] = after(name, now.start, counts[i], now)));
    for (const name of LOSSES) plots[name].scale(now);
    Object.assign(startSlider, { min: -now.range, max: now.range, value: now.start });
    startValue.textContent = written(now.start);
    show();
  }

  function startAt(z) {
    now.start = Math.min(Math.max(z, -now.range), now.range);
    again();
    kept();
  }

  function change(what) {
    Object.assign(now, what);
    startAt(now.start);
  }

  function step() {
    stop();
    LOSSES.forEach((name, i) => {
      places[name] = moved(name, places[name], now);
      now.counts[i] += 1;
    });
    show();
    kept();
    const at = LOSSES.map((name) => written(places[name], 3));
    say(`Step ${now.counts[0]}: z is ${at[0]} on the cross-entropy, ${at[1]} on the squared error.`);
  }

  function stop() {
    cancelAnimationFrame(frame);
    frame = 0;
    runner.textContent = "Run";
  }

  function report() {
    const said = LOSSES.map((name, i) => {
      const end = ended(name, places[name], now) ?? "tired";
      return `${NAMES[name]}, ${now.counts[i].toLocaleString("en")} steps: ${ENDS[end](now.t)}`;
    });
    say(`After the run: ${said.join("; ")}.`);
  }

  // So many steps further, each marble until its run has ended; whether both have.
  function onward(most) {
    return LOSSES.map((name, i) => {
      for (let count = 0; count < most && now.counts[i] < MOST; count += 1) {
        if (ended(name, places[name], now)) return true;
        places[name] = moved(name, places[name], now);
        now.counts[i] += 1;
      }
      return now.counts[i] >= MOST || Boolean(ended(name, places[name], now));
    }).every(Boolean);
  }

  // Slowly at first, so that the eye can follow, then faster and faster.
  function play() {
    if (frame) {
      stop();
      kept();
      return;
    }
    say("");
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let shown = 0;
    const draw = () => {
      shown += 1;
      const pace = still ? MOST : Math.max(1, Math.floor(1.07 ** (shown - 60)));
      const over = (still || shown % 3 === 0 || pace > 1) && onward(pace);
      show();
      if (!over) return void (frame = requestAnimationFrame(draw));
      stop();
      kept();
      report();
    };
    runner.textContent = "Stop";
    frame = requestAnimationFrame(draw);
  }

  const runner = button("Run", play);
  startSlider.addEventListener("input", () => startAt(Number(startSlider.value)));
  const rate = entry("learning rate", now.rate, (value) => {
    if (value >= 1e-3 && value <= 1e3) change({ rate: value });
  }, { step: 0.1 });
  panel.append(
    element("label", { class: "marble-row" }, "Start z = ", startValue, " ", startSlider),
    element("div", { class: "marble-row" },
      button("Step", step), runner,
      button("Back to the start", () => (startAt(now.start), say("Both are back at the start."))),
      element("label", {}, "Rate ", rate)),
    element("div", { class: "marble-plots" }, ...LOSSES.map((name) =>
      element("div", {}, element("p", {}, `${NAMES[name]} against z`), plots[name].drawing))),
    element("div", { class: "marble-plots" }, made, element("div", {},
      choice("Target", TARGETS, String(now.t), (t) => change({ t: Number(t) })),
      choice("Range of z", RANGES, String(now.range), (range) => change({ range: Number(range) })),
      choice("Numbers", FORMATS, now.format, (format) => change({ format })),
      choice("Cross-entropy from", WAYS, now.way, (way) => change({ way })))),
  );
  again(now.counts);
}
