// Chapter 6 in numbers: the losses of one logit z with target t, and what a descent makes of them.
// Every operation is rounded to the format, as NumPy does it: for float64 that is JavaScript's own,
// for float32 one Math.fround after each.

export const FORMATS = {
  float64: { round: (x) => x, held: 708, tiny: 2 ** -1022 },
  float32: { round: Math.fround, held: 87, tiny: 2 ** -126 },
};
export const EPSILON = 1e-7; // a customary bound of clipped probabilities
export const ENOUGH = 0.9; // the probability of the truth at which a marble has arrived
export const MOST = 1_000_000; // steps, after which a run gives up

// 1 / (1 + exp(-z)), with the exponent held before it overflows.
export function sigmoid(z, { round, held }) {
  return round(1 / round(1 + round(Math.exp(-Math.max(z, -held)))));
}

export function softplus(z, { round }) {
  const tail = round(Math.log1p(round(Math.exp(Math.min(z, -z)))));
  return round(Math.max(z, 0) + tail);
}

// What is taken for p and for 1 - p, of which the loss has logarithms and the gradient quotients.
const BOUNDED = {
  typed: (p, { round }) => [p, round(1 - p), 1],
  floored: (p, { round, tiny }) => [Math.max(p, tiny), Math.max(round(1 - p), tiny), 1],
  clipped(p, { round }) {
    const [low, high] = [round(EPSILON), round(1 - EPSILON)];
    const inside = p >= low && p <= high;
    const clipped = Math.min(Math.max(p, low), high);
    return [clipped, round(1 - clipped), Number(inside)]; // a clipped number has no slope
  },
};

function throughProbability(z, t, format, way) {
  const { round } = format;
  const p = sigmoid(z, format);
  const [ofOne, ofZero, slope] = BOUNDED[way](p, format);
  const ones = round(-t * round(Math.log(ofOne)));
  const zeros = round(round(1 - t) * round(Math.log(ofZero)));
  const upstream = round(round(round(1 - t) / ofZero) - round(t / ofOne));
  const factor = round(round(1 - p) * p); // the sigmoid's
  return { p, loss: round(ones - zeros), gradient: round(factor * round(upstream * slope)) };
}

function fromLogit(z, t, format) {
  const { round } = format;
  const p = sigmoid(z, format);
  const large = round(Math.max(z, 0) - round(t * z));
  return {
    p,
    loss: round(large + softplus(Math.min(z, -z), format)),
    gradient: round(p - t),
  };
}

export function crossEntropy(z, t, format, way) {
  return way === "logits" ? fromLogit(z, t, format) : throughProbability(z, t, format, way);
}

export function squaredError(z, t, format) {
  const { round } = format;
  const p = sigmoid(z, format);
  const error = round(p - t);
  const factor = round(round(1 - p) * p);
  return { p, loss: round(round(error * error) / 2), gradient: round(factor * error) };
}

// { p, loss, gradient } of the loss with this name.
export function valued(name, z, { t, format, way }) {
  const known = FORMATS[format];
  const rounded = known.round(z);
  return name === "cross" ? crossEntropy(rounded, t, known, way) : squaredError(rounded, t, known);
}

// One step of gradient descent: z becomes z - rate * gradient.
export function moved(name, z, settings) {
  const { round } = FORMATS[settings.format];
  const { gradient } = valued(name, z, settings);
  return round(round(z) - round(round(settings.rate) * gradient));
}

// Whether more than 0.9 is given to the truth.
export function arrived(z, { t, format }) {
  const p = sigmoid(FORMATS[format].round(z), FORMATS[format]);
  return (t === 1 ? p : 1 - p) > ENOUGH;
}

// Where the marble is after so many steps.
export function after(name, start, count, settings) {
  let z = FORMATS[settings.format].round(start);
  for (let step = 0; step < count; step += 1) z = moved(name, z, settings);
  return z;
}

// Whether a run has come to its end, and how: "arrived", "lost" as nan, "stuck", or not yet.
export function ended(name, z, settings) {
  if (Number.isNaN(z)) return "lost";
  if (arrived(z, settings)) return "arrived";
  return moved(name, z, settings) === z ? "stuck" : undefined;
}

// A run from the start: after how many steps it ends, how, and where.
export function run(name, start, settings) {
  let z = FORMATS[settings.format].round(start);
  for (let count = 0; count < MOST; count += 1) {
    const end = ended(name, z, settings);
    if (end) return { count, end, z };
    z = moved(name, z, settings);
  }
  return { count: MOST, end: "tired", z };
}
