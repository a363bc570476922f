// Chapter 17 in numbers: momentum on the parabola a w^2 / 2, from w = 1 and at rest. A state is
// { step, mu, rule }: the rate times the curvature, the momentum, "momentum" or "nesterov".

// The places after 0, 1, ..., count steps.
export function way({ step, mu, rule }, count) {
  const places = [1];
  let velocity = 0;
  for (let m = 0; m < count; m += 1) {
    const w = places[m];
    velocity = mu * velocity + w;
    const direction = rule === "nesterov" ? w + mu * velocity : velocity;
    places.push(w - step * direction);
  }
  return places;
}

// The two numbers whose powers make every way: their sum and their product are known.
export function roots({ step, mu, rule }) {
  const past = rule === "nesterov" ? 1 - step : 1;
  const [sum, product] = [past * (1 + mu) - (rule === "nesterov" ? 0 : step), past * mu];
  const inside = (sum * sum) / 4 - product;
  if (inside < 0) {
    const im = Math.sqrt(-inside);
    return [[sum / 2, im], [sum / 2, -im]];
  }
  // The larger in size first, without a difference of two near numbers; the other by the product.
  const large = sum / 2 + (sum < 0 ? -1 : 1) * Math.sqrt(inside);
  return [[large, 0], [large === 0 ? 0 : product / large, 0]];
}

export const size = (state) => Math.max(...roots(state).map(([re, im]) => Math.hypot(re, im)));

// The step at which -1 is a root.
export const limit = ({ mu, rule }) => (2 * (1 + mu)) / (rule === "nesterov" ? 1 + 2 * mu : 1);

// For a step below 4, the momentum at which the two roots are equal, and the larger is smallest.
export function best({ step, rule }) {
  if (rule !== "nesterov") return (1 - Math.sqrt(step)) ** 2;
  if (step === 0) return 1;
  const root = Math.sqrt(step);
  return step < 1 ? (1 - root) / (1 + root) : 0;
}
