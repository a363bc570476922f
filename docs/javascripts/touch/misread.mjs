// The images that the network misreads, one at a time: of all digits and answers, or of a pair.
// They are those of the drawing, and come from the same file.

import { button, element, figureData, integer, plural, written } from "./common.mjs";
import { grey, paint } from "./picture.mjs";

const SIDE = 28;
const DIGITS = [..."0123456789"];
const ANY = "any";
const WHITE = 255 / 15; // a step of the sixteen greys

// The places of the errors of a digit that got an answer; either may be any.
export function chosen({ labels, answers }, digit, answer) {
  const fits = (wanted, found) => wanted === ANY || Number(wanted) === found;
  return labels.map((_, at) => at).filter((at) => fits(digit, labels[at]) && fits(answer, answers[at]));
}

export function sentence({ numbers, labels, answers, sure, shared, runs }, at) {
  const belief = written(sure[at], 3);
  const by = shared[at] === runs ? `all ${runs} runs` : `${shared[at]} of ${runs} runs`;
  return `Image ${numbers[at]}: a ${labels[at]}, read as ${answers[at]} with ${belief}; misread by ${by}.`;
}

function selection(name, value, change) {
  const options = [ANY, ...DIGITS].map((each) => element("option", { value: each }, each));
  const select = element("select", {}, ...options);
  select.value = value;
  select.addEventListener("change", () => change(select.value));
  return { select, label: element("label", {}, `${name} `, select) };
}

class Hands {
  constructor(panel, data, { state, keep, say }) {
    Object.assign(this, { data, keep, say });
    this.digit = DIGITS.includes(state.digit) ? state.digit : ANY;
    this.answer = DIGITS.includes(state.answer) ? state.answer : ANY;
    this.canvas = element("canvas", { width: SIDE, height: SIDE, role: "img" });
    this.facts = element("p", { class: "misread-facts" });
    this.slider = element("input", { type: "range", min: 0, step: 1, "aria-label": "Which error" });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.digits = selection("Digit", this.digit, (value) => this.choose({ digit: value }));
    this.answers = selection("read as", this.answer, (value) => this.choose({ answer: value }));
    const before = button("\u2190", () => this.go(this.place - 1), { "aria-label": "The error before" });
    const after = button("\u2192", () => this.go(this.place + 1), { "aria-label": "The next error" });
    const pair = element("p", {}, this.digits.label, " ", this.answers.label);
    const walk = element("p", { class: "misread-walk" }, before, this.slider, after);
    panel.append(pair, this.canvas, walk, this.facts);
    this.places = chosen(data, this.digit, this.answer);
    this.place = integer(state.at, { least: 0, most: this.places.length - 1, usual: 0 });
    this.show();
  }

  choose(some) {
    Object.assign(this, some);
    this.places = chosen(this.data, this.digit, this.answer);
    this.place = 0;
    this.show();
    this.kept();
  }

  go(place) {
    if (place < 0 || place >= this.places.length) return;
    this.place = place;
    this.show();
    this.kept();
  }

  kept() {
    this.keep({ digit: this.digit, answer: this.answer, at: this.place });
    this.say(this.facts.textContent);
  }

  show() {
    const count = this.places.length;
    this.slider.max = Math.max(count - 1, 0);
    this.slider.value = this.place;
    this.slider.disabled = count < 2;
    const none = Array.from({ length: SIDE }, () => Array(SIDE).fill(0));
    const at = this.places[this.place];
    paint(this.canvas, count ? this.data.images[at] : none, (value) => grey(WHITE * value));
    const said = count ? sentence(this.data, at) : "No such error.";
    this.canvas.setAttribute("aria-label", said);
    const where = count ? `${this.place + 1} of ${plural(count, "error")}. ` : "";
    this.facts.textContent = where + said;
    this.slider.setAttribute("aria-valuetext", this.facts.textContent);
  }
}

export async function open(panel, kept) {
  new Hands(panel, await figureData("misread"), kept);
}
