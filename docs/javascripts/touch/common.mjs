// What the figures that can be touched have in common: elements, numbers, keys.

// element("button", { type: "button", "aria-pressed": "false" }, "Flip")
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function button(words, press, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, words);
  made.addEventListener("click", () => press(made));
  return made;
}

// One of several: buttons that the arrow keys choose from, as in a group of radio buttons.
export function choice(name, options, chosen, choose) {
  const set = element("fieldset", { class: "touch-choice" }, element("legend", {}, name));
  const group = `touch-${Math.random().toString(36).slice(2)}`;
  for (const [value, words] of Object.entries(options)) {
    const input = element("input", { type: "radio", name: group, value });
    input.checked = value === chosen;
    input.addEventListener("change", () => choose(value));
    set.append(element("label", {}, input, ` ${words}`));
  }
  return set;
}

// A setting that two buttons change by one: what stands there, and a function that shows a value.
export function stepper(name, { words, least, most }, step) {
  const less = button("\u2212", () => step(-1), { "aria-label": `${name} less` });
  const more = button("+", () => step(1), { "aria-label": `${name} more` });
  const number = element("span", { class: "touch-count" });
  const parts = [element("i", {}, name), " ", less, number, more];
  const made = element("span", { class: "touch-stepper", role: "group", title: words }, ...parts);
  const show = (value, fixed = false) => {
    number.textContent = value;
    made.setAttribute("aria-label", `${name}, ${words}: ${value}`);
    less.setAttribute("aria-disabled", String(fixed || value === least));
    more.setAttribute("aria-disabled", String(fixed || value === most));
  };
  return { made, show };
}

// A number as a reader writes it: with a minus of either kind, a point or a comma.
export function parsed(text) {
  const plain = text.trim().replace("\u2212", "-").replace(",", ".");
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
  return Number.isFinite(number) ? number : NaN; // 1e999 is none to compute with
}

// A number as the page writes it: a true minus, no zeros at its end.
export function written(value, digits = 6) {
  if (!Number.isFinite(value)) return String(value).replace("-", "\u2212");
  return String(Number(value.toPrecision(digits))).replaceAll("-", "\u2212");
}

// An editable number. What is no number is marked and changes nothing; arrows add and take away a step.
export function entry(label, value, change, { step = 1, digits = 6 } = {}) {
  const attributes = { type: "text", inputmode: "decimal", autocomplete: "off", size: 4 };
  const input = element("input", { ...attributes, class: "touch-number", "aria-label": label });
  input.value = written(value, digits);
  input.addEventListener("input", () => {
    const number = parsed(input.value);
    input.setAttribute("aria-invalid", String(Number.isNaN(number)));
    if (!Number.isNaN(number)) change(number);
  });
  input.addEventListener("keydown", (event) => {
    const by = { ArrowUp: step, ArrowDown: -step }[event.key];
    const number = parsed(input.value);
    if (by === undefined || Number.isNaN(number)) return;
    event.preventDefault();
    input.value = written(number + by, digits);
    change(number + by);
  });
  return input;
}

// A range with what it says beside it: its parts, and a function that shows a value.
export function slider(name, range, change, rest = () => {}) {
  const input = element("input", { type: "range", "aria-label": name, ...range });
  const output = element("output");
  input.addEventListener("input", () => change(Number(input.value)));
  input.addEventListener("change", rest);
  const show = (value, words) => {
    input.value = value;
    output.textContent = words;
    input.setAttribute("aria-valuetext", words);
  };
  return { input, output, show };
}

// The data of a drawing, from the file that it was drawn from.
export async function figureData(name) {
  const answer = await fetch(new URL(`../../figures/${name}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return (await answer.json()).data;
}

// A drawing on which a pointer that is held down is followed.
export function followed(drawing, follow) {
  drawing.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    drawing.setPointerCapture(event.pointerId);
    follow(event);
  });
  drawing.addEventListener("pointermove", (event) => {
    if (drawing.hasPointerCapture(event.pointerId)) follow(event);
  });
}

// Cells in rows (null is a gap): one takes the focus by Tab, the arrow keys lead to the others.
export function roving(rows) {
  const all = rows.flat().filter(Boolean);
  const settle = (cell) => all.forEach((one) => (one.tabIndex = one === cell ? 0 : -1));
  settle(all[0]);
  rows.forEach((row, i) =>
    row.forEach((cell, j) => {
      if (!cell) return;
      cell.addEventListener("focus", () => settle(cell));
      cell.addEventListener("keydown", (event) => {
        const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
        const step = steps[event.key];
        if (!step) return;
        event.preventDefault();
        let [y, x] = [i + step[0], j + step[1]];
        while (rows[y]?.[x] === null) [y, x] = [y + step[0], x + step[1]]; // a gap in the table
        rows[y]?.[x]?.focus();
      });
    }),
  );
}

// A number in an address, in its range; what is none, or outside, is the given one.
export function within(text, least, most, otherwise) {
  const number = parsed(text ?? "");
  return number >= least && number <= most ? number : otherwise;
}

export function integer(text, { least, most, usual }) {
  const number = within(text, least, most, usual);
  return Number.isInteger(number) ? number : usual;
}

// Numbers in an address: x=1,2,3. What is not a list of so many numbers is the given list.
export function listed(text, otherwise) {
  const numbers = (text ?? "").split(",").map(parsed);
  return numbers.length === otherwise.length && !numbers.some(Number.isNaN) ? numbers : otherwise;
}

export const plain = (numbers) => numbers.map(String).join(",");

export const pair = ([p, q]) => `(${written(p)}, ${written(q)})`;
export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

// The same random numbers each time, between 0 and 1: Marsaglia's xorshift (2003) in 32 bits.
export function random(seed) {
  let state = seed || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
