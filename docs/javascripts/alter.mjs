// Alter an equation and see it fail: press one of its signs, indices or numbers, and Python computes
// the altered formula on the inputs on which the printed one holds.

import { announce, ask } from "./here.mjs";

// How a sign of the formula is written in the LaTeX that the formula carries.
const WRITTEN = { "+": "+", "\u2212": "-", "\u22c6": "\\star", "\u2217": "*", "\u2a02": "\\star" };
const OTHER = { "+": "\u2212", "\u2212": "+", "\u22c6": "\u2217", "\u2217": "\u22c6" };
const WORDS = /\\(?:mathrm|text|operatorname|begin|end)\{[^}]*\}/g; // hold no letters of the formula
const TOKEN = /\\[A-Za-z]+|[A-Za-z]|\d+(?:\.\d+)?|[^\s\w]/g;

const written = (sign) => WRITTEN[sign] ?? sign;

// The places in LaTeX at which a token stands.
function places(latex, token) {
  const blank = latex.replace(WORDS, (words) => " ".repeat(words.length));
  return [...blank.matchAll(TOKEN)].filter((found) => found[0] === token).map(({ index }) => index);
}

// What may stand in the place of a sign by mistake: of an index, the next one of the formula.
function instead(sign, indices) {
  if (OTHER[sign]) return OTHER[sign];
  if (/^\d+$/.test(sign)) return String(Number(sign) + 1);
  const at = indices.indexOf(sign);
  return at >= 0 && indices.length > 1 ? indices[(at + 1) % indices.length] : undefined;
}

function tokens(math) {
  return [...math.querySelectorAll("mi, mo, mn")].filter((node) => !node.children.length);
}

class Altered {
  constructor(equation) {
    this.equation = equation;
    this.open = false;
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.textContent = "alter";
    this.button.setAttribute("aria-label", `alter equation ${equation.number}`);
    this.button.setAttribute("aria-pressed", "false");
    this.button.addEventListener("click", () => this.toggle());
    this.status = document.createElement("output");
    this.status.className = "altered";
  }

  toggle() {
    this.open = !this.open;
    this.button.setAttribute("aria-pressed", String(this.open));
    const box = this.equation.link.parentElement;
    box.classList.toggle("altering", this.open);
    if (!this.open) {
      this.putBack();
      for (const node of this.pressable ?? []) {
        for (const name of ["tabindex", "role", "aria-label"]) node.removeAttribute(name);
      }
      this.status.remove();
      return;
    }
    box.after(this.status);
    this.pressable ??= this.find();
    for (const node of this.pressable) {
      node.setAttribute("tabindex", "0");
      node.setAttribute("role", "button");
      node.setAttribute("aria-label", `alter ${node.textContent}`);
    }
    this.status.textContent = this.pressable.length
      ? "Press a sign, an index or a number of the formula."
      : "Nothing of this formula can be pressed.";
  }

  // What can be pressed: each sign whose place in the LaTeX is certain.
  find() {
    const found = [];
    for (const math of this.equation.parts) {
      const latex = math.getAttribute("alttext");
      const all = tokens(math);
      const low = math.querySelectorAll("msub > :last-child mi, msubsup > :nth-child(2) mi");
      const single = math.querySelectorAll("msub > mi:last-child, munderover > :nth-child(2) mi");
      const names = [...low, ...single].map((node) => node.textContent);
      const indices = [...new Set(names.filter((name) => /^[a-z]$/.test(name)))];
      for (const node of all) {
        const sign = node.textContent;
        const other = instead(sign, indices);
        if (other === undefined) continue;
        const same = all.filter((one) => one.textContent === sign);
        const where = places(latex, written(sign));
        if (same.length !== where.length) continue;
        const at = where[same.indexOf(node)];
        const end = at + written(sign).length;
        const changed = `${latex.slice(0, at)} ${written(other)} ${latex.slice(end)}`;
        Object.assign(node, { alteration: { math, sign, other, changed } });
        node.addEventListener("click", () => this.open && this.press(node));
        node.addEventListener("keydown", (event) => {
          if (!this.open || (event.key !== "Enter" && event.key !== " ")) return;
          event.preventDefault();
          this.press(node);
        });
        found.push(node);
      }
    }
    return found;
  }

  putBack() {
    if (!this.now) return;
    this.now.textContent = this.now.alteration.sign;
    delete this.now.dataset.altered;
    this.now = undefined;
  }

  async press(node) {
    const again = this.now === node;
    this.putBack();
    if (again) {
      this.status.textContent = "As printed again.";
      return;
    }
    this.now = node;
    const { math, sign, other, changed } = node.alteration;
    node.textContent = other;
    node.dataset.altered = "";
    const { id, number, parts } = this.equation;
    const latex = parts
      .map((part) => (part === math ? changed : part.getAttribute("alttext")))
      .join(" \\qquad ");
    const tell = (doing) => {
      if (this.now === node) this.status.textContent = `${doing} …`;
    };
    let said;
    try {
      await announce([], tell);
      const { answer } = await ask({ do: "altered", id, number, latex }, { tell });
      said = sentence(answer);
    } catch (error) {
      said = error.message;
    }
    if (this.now === node) this.status.textContent = `${other} for ${sign}: ${said}`;
  }
}

function sentence({ holds, message, place, sides }) {
  if (message) return `it cannot be computed: ${message}.`;
  if (holds) return "it still holds on these inputs, because nothing that is compared changes.";
  const where = place.length ? ` at ${place.join(", ")}` : "";
  return `it fails${where}: ${sides.join(" on one side, ")} on the other.`;
}

// Give an equation its button.
export function alterable(equation) {
  const altered = new Altered(equation);
  equation.link.parentElement.querySelector(".equation-links")?.append(" ", altered.button);
}
