// A gradient check to break: a mistake, a check of it, and the error against the step h.

import { button, element, followed, parsed, roving, svg, within, written } from "./common.mjs";
import { BEST, CHECKS, LIMITS, MISTAKES, common, directions, drawn, judged, measured, verdict }
  from "./break-check-sums.mjs";

export * from "./break-check-sums.mjs"; // what the tests compare with the book's functions

const ROWS = {
  none: "none", convolved: "convolved", unflipped: "unflipped", axes: "axes", factor: "factor",
  mean: "sum", reshaped: "reshaped", sample: "one image", sign: "sign", decay: "decay",
};
const COLUMNS = { ones: "ones", one: "one", twenty: "twenty", all: "all", complex: "i h", float32: "float32" };
const SAID = { seen: "seen", blind: "not seen", alarm: "false alarm", quiet: "right, and it says so" };
const [LONGEST, SHORTEST] = [-1, -15]; // decimal exponents of the step
const EXPONENTS = Array.from({ length: 2 * (LONGEST - SHORTEST) + 1 }, (_, k) => SHORTEST + k / 2);
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [360, 220, 44, 12, 8, 34];
const [LEAST, MOST] = [-16, 2]; // decimal exponents of the error

const power = (exponent) => Number((10 ** exponent).toPrecision(3));
const written2 = (value) => (value === 0 ? "0" : value.toExponential(0).replace("e+0", "").replace("-", "\u2212"));
const whole = (text, least, most, otherwise) => {
  const number = within(text, least, most, otherwise);
  return Number.isInteger(number) ? number : otherwise;
};

function settled(state) {
  const exponent = parsed(state.h ?? "");
  return {
    mistake: Object.hasOwn(MISTAKES, state.mistake) ? state.mistake : "convolved",
    check: Object.hasOwn(CHECKS, state.check) ? state.check : "ones",
    exponent: EXPONENTS.includes(exponent) ? exponent : -5,
    seed: whole(state.numbers, 1, 1e6, 1),
    turn: whole(state.directions, 1, 1e6, 1),
  };
}

// Measured once for a check and a step, whatever the mistake: it needs no gradient.
class Bench {
  constructor(seed, turn) {
    this.setting = { ...drawn(seed), along: directions(turn) };
    this.known = new Map();
  }

  judge(mistake, check, h) {
    const key = `${check} ${h}`;
    if (!this.known.has(key)) this.known.set(key, measured(check, this.setting, h));
    return judged(check, this.known.get(key), this.setting, mistake);
  }
}

// The error against the step, both on logarithmic axes.
class Plot {
  constructor(choose) {
    this.marks = svg("g", { class: "check-marks" });
    this.right = svg("path", { class: "check-right" });
    this.errors = svg("path", { class: "check-errors" });
    this.limit = svg("path", { class: "check-limit" });
    this.step = svg("path", { class: "check-step" });
    this.point = svg("circle", { class: "check-point", r: 5 });
    const parts = [this.marks, this.limit, this.step, this.right, this.errors, this.point];
    this.drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "touch-plot check-plot", "aria-hidden": "true" }, ...parts);
    followed(this.drawing, (event) => choose(this.exponent(event)));
    this.ticks();
  }

  x = (exponent) => LEFT + ((exponent - SHORTEST) / (LONGEST - SHORTEST)) * (WIDTH - LEFT - RIGHT);
  y = (error) => {
    const exponent = Math.min(Math.max(Math.log10(error), LEAST), MOST);
    return TOP + ((MOST - exponent) / (MOST - LEAST)) * (HEIGHT - TOP - BOTTOM);
  };

  exponent(event) {
    const { left, width } = this.drawing.getBoundingClientRect();
    const share = (((event.clientX - left) / width) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT);
    const exponent = SHORTEST + share * (LONGEST - SHORTEST);
    return Math.min(Math.max(Math.round(2 * exponent) / 2, SHORTEST), LONGEST);
  }

  ticks() {
    const base = HEIGHT - BOTTOM;
    this.marks.append(svg("path", { d: `M${LEFT} ${TOP}V${base}H${WIDTH - RIGHT}` }));
    const said = (exponent) => `1e${exponent < 0 ? "\u2212" : ""}${Math.abs(exponent)}`;
    for (const exponent of [-15, -12, -9, -6, -3])
      this.marks.append(svg("text", { x: this.x(exponent), y: base + 15, "text-anchor": "middle" }, said(exponent)));
    for (const exponent of [-16, -12, -8, -4, 0])
      this.marks.append(svg("text", { x: LEFT - 5, y: this.y(10 ** exponent) + 4, "text-anchor": "end" }, said(exponent)));
    this.marks.append(svg("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "step h"));
  }

  line(errors) {
    const points = errors.flatMap((error, k) =>
      error === undefined ? [] : [`${this.x(EXPONENTS[k]).toFixed(1)} ${this.y(error).toFixed(1)}`]);
    return points.length ? `M${points.join("L")}` : "";
  }

  draw({ errors, right, limit, exponent, error }) {
    this.errors.setAttribute("d", this.line(errors));
    this.right.setAttribute("d", this.line(right));
    this.limit.setAttribute("d", `M${LEFT} ${this.y(limit)}H${WIDTH - RIGHT}`);
    this.step.setAttribute("d", `M${this.x(exponent)} ${TOP}V${HEIGHT - BOTTOM}`);
    this.point.setAttribute("cx", this.x(exponent));
    this.point.setAttribute("cy", this.y(error));
  }
}

// A row for each mistake, a column for each check; every cell can be pressed.
function verdicts(press) {
  const cells = {};
  const head = element("tr", {}, element("th", { scope: "col" }, "mistake"));
  for (const [check, words] of Object.entries(COLUMNS)) {
    head.append(element("th", { scope: "col", title: CHECKS[check] }, words));
  }
  const body = element("tbody");
  for (const [mistake, words] of Object.entries(ROWS)) {
    const row = element("tr", {}, element("th", { scope: "row", title: MISTAKES[mistake] }, words));
    for (const check of Object.keys(COLUMNS)) {
      const cell = button("?", () => press(mistake, check), { "data-cell": `${mistake}-${check}` });
      cells[`${mistake}-${check}`] = cell;
      row.append(element("td", {}, cell));
    }
    body.append(row);
  }
  roving([...body.children].map((row) => [...row.querySelectorAll("button")]));
  return { made: element("table", { class: "check-verdicts" }, element("thead", {}, head), body), cells };
}

// Two numbers below each other: what they have in common is grey, the rest underlined.
function pair(names, values, kind) {
  const texts = values.map((value) => value.toPrecision(16).replaceAll("-", "\u2212"));
  const same = common(...texts);
  const digits = texts[0].slice(0, same).replace(/^[^1-9]+/, "").replace(/\D/g, "").length;
  return texts.map((text, k) =>
    element("tr", {}, element("th", { scope: "row" }, names[k]),
      element("td", { "data-number": `${kind}-${k}` },
        element("span", { class: "check-same" }, text.slice(0, same)),
        element("span", { class: "check-other" }, text.slice(same))),
      element("td", {}, k === 0 ? "" : `${digits} digits in common`)));
}

export function open(panel, { state, keep, say }) {
  const now = settled(state);
  let bench = new Bench(now.seed, now.turn);
  let waiting = 0;
  const plot = new Plot((exponent) => step(exponent));
  const { made, cells } = verdicts((mistake, check) => choose(mistake, check));
  const slider = element("input", { type: "range", min: SHORTEST, max: LONGEST, step: 0.5 });
  const stepSaid = element("output", {});
  const sentence = element("p", { class: "check-sentence" });
  const numbers = element("tbody");

  function mark(mistake, check, error) {
    const cell = cells[`${mistake}-${check}`];
    const word = verdict(check, error, mistake);
    cell.textContent = word;
    cell.dataset.verdict = word;
    cell.setAttribute("aria-label", `${MISTAKES[mistake]}, ${CHECKS[check]}: ${SAID[word]}, error ${written2(error)}`);
    return word;
  }

  function show() {
    const { mistake, check, exponent } = now;
    const h = power(exponent);
    const found = bench.judge(mistake, check, h);
    const word = mark(mistake, check, found.error);
    for (const [key, cell] of Object.entries(cells)) cell.setAttribute("aria-pressed", String(key === `${mistake}-${check}`));
    slider.value = exponent;
    slider.setAttribute("aria-valuetext", `h = ${written2(h)}`);
    stepSaid.textContent = written2(h);
    sentence.replaceChildren(
      element("strong", {}, MISTAKES[mistake]), ", ", CHECKS[check], `: error `,
      element("span", { "data-number": "error" }, written(found.error, 3)),
      ` (${found.where}), limit ${written2(LIMITS[check])}: `, element("strong", {}, SAID[word]), ".");
    const sides = check === "complex" ? ["Re \u03c6(ih)", "Im \u03c6(ih)"] : ["\u03c6(h)", "\u03c6(\u2212h)"];
    numbers.replaceChildren(
      ...pair(sides, [found.above, found.below], "side"),
      ...pair(["quotient", "gradient"], [found.quotient, found.value], "slope"));
    if (check === "complex") numbers.rows[1].lastChild.textContent = "nothing is subtracted";
    curve(found.error);
  }

  // The whole curve takes a while: first what is asked for, then a step at a time.
  function curve(error) {
    clearTimeout(waiting);
    const { mistake, check, exponent } = now;
    const of = { errors: EXPONENTS.map(() => undefined), right: EXPONENTS.map(() => undefined) };
    const draw = () => plot.draw({ ...of, limit: LIMITS[check], exponent, error });
    const onward = (k) => {
      const began = performance.now();
      while (k < EXPONENTS.length && performance.now() - began < 30) {
        of.errors[k] = bench.judge(mistake, check, power(EXPONENTS[k])).error;
        of.right[k] = bench.judge("none", check, power(EXPONENTS[k])).error;
        k += 1;
      }
      if (k < EXPONENTS.length) waiting = setTimeout(onward, 0, k);
      if (k === EXPONENTS.length) plot.drawing.dataset.drawn = `${mistake}-${check}`;
      draw();
    };
    onward(0);
  }

  function kept() {
    const { mistake, check, exponent, seed, turn } = now;
    keep({ mistake, check, h: exponent, numbers: seed, directions: turn });
  }

  function choose(mistake, check) {
    Object.assign(now, { mistake, check });
    show();
    kept();
    say(sentence.textContent);
  }

  function step(exponent) {
    if (exponent === now.exponent) return;
    now.exponent = exponent;
    show();
    kept();
  }

  function clear() {
    for (const [key, cell] of Object.entries(cells)) {
      const [mistake, check] = key.split("-");
      cell.textContent = "?";
      delete cell.dataset.verdict;
      cell.setAttribute("aria-label", `${MISTAKES[mistake]}, ${CHECKS[check]}: not tried`);
    }
  }

  function again(what) {
    Object.assign(now, what);
    bench = new Bench(now.seed, now.turn);
    clear();
    show();
    kept();
  }

  // Every check with a step that suits it.
  function everything() {
    let blind = 0;
    for (const mistake of Object.keys(MISTAKES))
      for (const check of Object.keys(CHECKS))
        blind += mark(mistake, check, bench.judge(mistake, check, BEST[check]).error) === "blind";
    say(`Every check at its best step: ${blind} of ${9 * 6} pairs are blind.`);
  }

  slider.addEventListener("input", () => step(Number(slider.value)));
  panel.append(element("div", { class: "check-halves" },
    element("div", {}, made,
      element("div", { class: "check-row" },
        button("Try every pair", everything), button("Clear", () => (clear(), show())),
        button("Other numbers", () => again({ seed: now.seed + 1 })),
        button("Other directions", () => again({ turn: now.turn + 1 }))),
      sentence),
    element("div", {},
      element("table", { class: "check-numbers" }, numbers),
      element("label", { class: "check-row" }, "Step h = ", stepSaid, " ", slider),
      plot.drawing,
      element("p", { class: "check-legend" },
        "Error against the step. With the point: the gradient chosen; thin: the right one; dashed: the limit."))));
  clear();
  show();
}
