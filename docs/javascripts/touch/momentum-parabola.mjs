// A step and a momentum, by sliders: the way on a parabola, and the two roots that make it. The
// arithmetic is in momentum-parabola-sums.mjs.

import { button, choice, element, slider, svg, within, written } from "./common.mjs";
import { best, limit, roots, size, way } from "./momentum-parabola-sums.mjs";

const [COUNT, SHOWN, HIGHEST] = [40, 9, 3]; // steps that are drawn, and written; how far out is drawn
const RULES = { momentum: "momentum", nesterov: "Nesterov" };
const USUAL = { step: 0.2, mu: 0.5, rule: "momentum" };
const STEP = { min: 0, max: 4, step: 0.05 };
const MU = { min: 0, max: 0.99, step: 0.01 };
const [WIDTH, HEIGHT, LEFT, MIDDLE] = [330, 190, 34, 95];
const [PLANE, CENTRE, UNIT] = [190, 95, 58]; // the plane of the roots
const rounded = (value) => Math.round(1e4 * value) / 1e4;

export function settled(state) {
  return {
    step: rounded(within(state.step, STEP.min, STEP.max, USUAL.step)),
    mu: rounded(within(state.mu, MU.min, MU.max, USUAL.mu)),
    rule: Object.hasOwn(RULES, state.rule ?? "") ? state.rule : USUAL.rule,
  };
}

const short = (value) => (Math.abs(value) < 1e-12 ? "0" : written(value, 3));

function ofRoot([re, im]) {
  if (im === 0) return short(re);
  return `${short(re)} ${im < 0 ? "\u2212" : "+"} ${short(Math.abs(im))} i`;
}

export function ofState(state) {
  const [one, other] = roots(state);
  const complex = one[1] !== 0;
  const most = size(state);
  const end = state.step === 0 ? "No step, no way: w stays."
    : Math.abs(most - 1) < 1e-9 ? "The way neither grows nor shrinks."
      : most < 1 ? `In the long run w shrinks to ${short(most)} of itself in a step.`
        : `In the long run w grows to ${short(most)} times itself in a step.`;
  const kind = complex ? "Complex roots" : "Real roots";
  return `${kind}: ${ofRoot(one)} and ${ofRoot(other)}. ${end} The limit is ${short(limit(state))}.`;
}

// The places against the steps; what lies too far out ends at the edge.
function wayPlot() {
  const x = (m) => LEFT + (m * (WIDTH - LEFT - 8)) / COUNT;
  const y = (w) => MIDDLE - (Math.min(Math.max(w, -HIGHEST), HIGHEST) * (MIDDLE - 8)) / HIGHEST;
  const line = svg("path", { class: "momentum-line" });
  const dots = Array.from({ length: COUNT + 1 }, () => svg("circle", { class: "momentum-dot", r: 2.6 }));
  const marks = [-3, -2, -1, 0, 1, 2, 3].map((w) =>
    svg("text", { x: LEFT - 6, y: y(w) + 4, "text-anchor": "end" }, written(w)));
  const axis = svg("path", { class: "momentum-axis", d: `M${LEFT} ${y(0)}H${WIDTH}` });
  const options = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "touch-plot momentum-way", "aria-hidden": "true" };
  const drawing = svg("svg", options, axis, ...marks, line, ...dots);
  const show = (places) => {
    line.setAttribute("d", `M${places.map((w, m) => `${x(m).toFixed(1)} ${y(w).toFixed(1)}`).join("L")}`);
    places.forEach((w, m) => {
      dots[m].setAttribute("cx", x(m));
      dots[m].setAttribute("cy", y(w));
    });
  };
  return { drawing, show };
}

// The roots, the circle of size 1 and, inside, that of the larger root.
function rootPlot() {
  const circle = (name, r) => svg("circle", { class: `momentum-${name}`, cx: CENTRE, cy: CENTRE, r });
  const around = circle("circle", 0);
  const points = [0, 1].map(() => circle("root", 4));
  const axes = svg("path", { class: "momentum-axis", d: `M4 ${CENTRE}H${PLANE - 4}M${CENTRE} 4V${PLANE - 4}` });
  const options = { viewBox: `0 0 ${PLANE} ${PLANE}`, class: "touch-plot momentum-roots", "aria-hidden": "true" };
  const drawing = svg("svg", options, axes, circle("one", UNIT), around, ...points);
  const show = (state) => {
    around.setAttribute("r", UNIT * Math.min(size(state), 1.6));
    roots(state).forEach(([re, im], k) => {
      points[k].setAttribute("cx", CENTRE + UNIT * Math.min(Math.max(re, -1.6), 1.6));
      points[k].setAttribute("cy", CENTRE - UNIT * im);
    });
  };
  return { drawing, show };
}

function table() {
  const heads = Array.from({ length: SHOWN }, (_, m) => element("th", { scope: "col" }, String(m)));
  const cells = heads.map(() => element("td"));
  const row = (name, parts) => element("tr", {}, element("th", { scope: "row" }, name), ...parts);
  const inside = element("table", { class: "momentum-table" }, element("tbody", {}, row("step", heads), row("w", cells)));
  // On a phone it is wider than the page, so that the keyboard has to reach it.
  const made = element("div", { class: "momentum-places", role: "group", "aria-label": "The first places", tabindex: "0" }, inside);
  const show = (places) => cells.forEach((cell, m) => (cell.textContent = written(places[m], 3)));
  return { made, show };
}

function row(name, label, range, { change, rest }) {
  const { input, output, show } = slider(label, range, (value) => change(rounded(value)), rest);
  const made = element("div", { class: "momentum-row" }, element("span", {}, element("i", {}, name)), input, output);
  return { made, show: (value) => show(value, written(value)) };
}

export function open(panel, { state, keep, say }) {
  const now = settled(state);
  const [path, plane, numbers] = [wayPlot(), rootPlot(), table()];
  const words = element("p", { class: "momentum-words" });
  const rest = () => say(words.textContent);
  const sliders = {
    step: row("\u03b7a", "Step, the rate times the curvature", STEP, { change: (step) => change({ step }), rest }),
    mu: row("\u03bc", "Momentum", MU, { change: (mu) => change({ mu }), rest }),
  };

  function show() {
    const places = way(now, COUNT);
    for (const [name, { show: write }] of Object.entries(sliders)) write(now[name]);
    path.show(places);
    plane.show(now);
    numbers.show(places);
    words.textContent = ofState(now);
  }

  function change(some) {
    Object.assign(now, some);
    show();
    keep(now);
  }

  function told(some) {
    change(some);
    say(words.textContent);
  }

  const rules = choice("Rule", RULES, now.rule, (rule) => told({ rule }));
  panel.append(
    sliders.step.made,
    sliders.mu.made,
    element("div", { class: "momentum-row" }, rules,
      button("Best momentum for this step", () => told({ mu: Math.min(rounded(best(now)), MU.max) })),
      button("Step at the limit", () => told({ step: rounded(limit(now)) })),
      button("Start again", () => {
        told(settled({}));
        for (const input of rules.querySelectorAll("input")) input.checked = input.value === now.rule;
      })),
    element("div", { class: "momentum-plots" },
      element("div", {}, element("p", {}, "w against the step"), path.drawing),
      element("div", {}, element("p", {}, "the two roots, and the circle of size 1"), plane.drawing)),
    numbers.made,
    words,
  );
  show();
}
