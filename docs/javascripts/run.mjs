// Run a page's examples on the reader's machine, and check its equations there. Nothing is loaded
// before it is asked for. What is expected stands on the page: the outputs that the blocks show,
// and the LaTeX that the formulas carry; Python, in python.mjs, is sent both.

import { announce, ask, end, needs, whenEnded } from "./here.mjs";
import { alterable } from "./alter.mjs";

const rows = [...document.querySelectorAll(".run")];
const section = document.querySelector(".check-here");

// ---- Blocks --------------------------------------------------------------------------------------

class Block {
  constructor(row) {
    this.row = row;
    this.frame = row.closest(".highlight");
    this.code = this.frame.querySelector("pre > code");
    this.text = this.code.textContent;
    const object = row.closest(".doc-contents")?.closest(".doc-object")?.querySelector("[id]");
    this.session = object?.id ?? "";
    this.runButton = row.querySelector("[data-do=run]");
    this.editButton = row.querySelector("[data-do=edit]");
    this.again = row.querySelector("[data-do=again]");
    this.status = row.querySelector("output");
    this.runButton.addEventListener("click", () => press(this));
    this.editButton.addEventListener("click", () => this.edit());
    this.again.addEventListener("click", startAgain);
  }

  say(text) {
    this.status.textContent = text;
  }

  get edited() {
    return this.area && !this.area.hidden ? this.area.value : undefined;
  }

  // Prompts by the number of their line, to hang the marks on.
  prompts() {
    const found = new Map();
    let line = 0;
    const walk = document.createTreeWalker(this.code, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const holder = node.parentElement;
      if (holder.matches(".gp") && node.data.startsWith(">>>")) found.set(line, holder);
      line += node.data.split("\n").length - 1;
    }
    return found;
  }

  clear() {
    for (const prompt of this.prompts().values()) delete prompt.dataset.mark;
    this.row.querySelector(".run-got")?.remove();
    delete this.row.dataset.state;
    this.say("");
  }

  show(marks, seconds) {
    const prompts = this.prompts();
    const different = marks.filter((mark) => !mark.same);
    for (const mark of marks) {
      const prompt = prompts.get(mark.line);
      if (prompt) prompt.dataset.mark = mark.same ? "same" : "different";
    }
    this.row.querySelector(".run-got")?.remove();
    this.row.dataset.state = different.length ? "different" : "same";
    const count = `${marks.length} ${marks.length === 1 ? "example" : "examples"}`;
    const as = different.length
      ? `${marks.length - different.length} of ${count} as printed, ${different.length} not:`
      : `${count}, ${marks.length === 1 ? "" : "all "}as printed`;
    this.say(`${as}${different.length ? "" : ` (${seconds.toFixed(1)} s)`}`);
    if (different.length) this.print(different.map((mark) => `${mark.source}${mark.got}`).join(""));
  }

  print(text) {
    this.row.querySelector(".run-got")?.remove();
    const box = document.createElement("pre");
    box.className = "run-got";
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "What your machine printed");
    box.textContent = text || "(nothing printed)";
    this.row.append(box);
  }

  edit() {
    const open = !this.area || this.area.hidden;
    if (!this.area) {
      this.area = document.createElement("textarea");
      this.area.className = "run-edit";
      this.area.spellcheck = false;
      this.area.setAttribute("autocapitalize", "off");
      this.area.setAttribute("aria-label", "This block's input, to be changed");
      this.area.value = input(this.text);
      this.area.rows = this.area.value.split("\n").length + 1;
      this.frame.querySelector("pre").after(this.area);
    }
    this.area.hidden = !open;
    this.frame.querySelector("pre").hidden = open;
    this.editButton.textContent = open ? "As printed" : "Edit";
    this.clear();
    if (open) this.area.focus();
  }
}

// What a block's prompts stand before, without the prompts.
function input(text) {
  const lines = text.split("\n").filter((line) => /^\s*(>>>|\.\.\.)( |$)/.test(line));
  return lines.map((line) => line.replace(/^\s*(>>>|\.\.\.) ?/, "")).join("\n");
}

const blocks = rows.map((row) => new Block(row));
const sessions = new Map(); // of each, how many of its blocks have run
whenEnded(() => sessions.clear());
let busy = false;
let stopping = false; // Stop was pressed, perhaps while nothing was being computed yet

function controls(block, running) {
  busy = running;
  for (const one of blocks) one.runButton.disabled = running && one !== block;
  if (section) section.querySelector("[data-do=check]").disabled = running;
  block.runButton.textContent = running ? "Stop" : "Run";
  block.again.hidden = running;
}

function stop() {
  stopping = true;
  end();
}

async function press(block) {
  if (busy) return stop();
  stopping = false;
  controls(block, true);
  try {
    await run(block);
  } catch (error) {
    block.say(error.message);
  }
  controls(block, false);
}

// A block that was measured to take long says so again while it computes.
const tells = (block, at = block) => (doing) => {
  const { seconds } = at.row.dataset;
  block.say(doing === "Computing" && seconds ? `Computing, for about ${seconds} s …` : `${doing} …`);
};

async function one(block, tell) {
  if (stopping) throw new Error("Stopped.");
  const code = block.edited;
  const question =
    code === undefined ? { do: "run", text: block.text } : { do: "edited", text: code };
  const wants = needs(code ?? block.text);
  return ask({ ...question, session: block.session }, { wants, tell });
}

// The blocks above first, as doctest does; a block that has run is run again from the top, for
// what it did cannot be undone. What a reader has changed goes on from where things stand.
async function run(block) {
  const mine = blocks.filter((other) => other.session === block.session);
  const at = mine.indexOf(block);
  const tell = tells(block);
  await announce(needs(mine.slice(0, at + 1).map((other) => other.text).join("\n")), tell);
  let from = sessions.get(block.session) ?? 0;
  if (from > at && block.edited === undefined) {
    await ask({ do: "forget", session: block.session });
    from = 0;
  }
  for (const above of mine.slice(from, at)) {
    const { answer, seconds } = await one(above, tells(block, above));
    if (above.edited === undefined) above.show(answer, seconds);
    sessions.set(block.session, mine.indexOf(above) + 1);
  }
  const { answer: marks, seconds } = await one(block, tell);
  sessions.set(block.session, Math.max(at + 1, sessions.get(block.session) ?? 0));
  if (block.edited === undefined) return block.show(marks, seconds);
  block.print(marks.map((mark) => mark.got).join(""));
  const failed = marks.at(-1)?.failed;
  block.row.dataset.state = failed ? "different" : "same";
  block.say(failed ? "Ended with an error:" : `Ran in ${seconds.toFixed(1)} s:`);
}

// What the blocks have done is forgotten, and what Python holds in memory.
function startAgain() {
  end();
  for (const block of blocks) {
    block.clear();
    block.again.hidden = true;
  }
}

// ---- The whole page ------------------------------------------------------------------------------

class Equation {
  constructor(link) {
    this.link = link;
    this.id = link.id;
    this.number = link.textContent.slice(1, -1);
    this.parts = [...link.parentElement.querySelectorAll(".equation-formula > math")];
  }

  // The parts of a display are one formula.
  get latex() {
    return this.parts.map((part) => part.getAttribute("alttext")).join(" \\qquad ");
  }
}

const links = section ? document.querySelectorAll(".equation > a.equation-number[id]") : [];
const equations = [...links].map((link) => new Equation(link));
for (const equation of equations) alterable(equation);

class Tally {
  constructor() {
    this.passed = { examples: 0, equations: 0, alterations: 0 };
    this.all = { examples: 0, equations: 0, alterations: 0 };
    this.wrong = [];
  }

  count(kind, passed, all) {
    this.passed[kind] += passed;
    this.all[kind] += all;
  }

  total(counts) {
    return counts.examples + counts.equations + counts.alterations;
  }

  toString() {
    const kinds = Object.keys(this.all).filter((kind) => this.all[kind]);
    const parts = kinds.map(
      (kind) =>
        `${this.passed[kind].toLocaleString("en")} of ${this.all[kind].toLocaleString("en")} ${kind}`,
    );
    return parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts[0];
  }
}

async function check() {
  const button = section.querySelector("[data-do=check]");
  const line = section.querySelector("output");
  const progress = section.querySelector(".check-progress");
  const list = section.querySelector(".check-wrong");
  const tally = new Tally();
  const write = (running) => {
    const passed = tally.total(tally.passed);
    const all = tally.total(tally.all);
    Object.assign(section.dataset, { checked: all, passed, failed: all - passed });
    if (running) section.dataset.running = "";
    else delete section.dataset.running;
  };
  const tell = (doing) => (progress.textContent = `${doing} …`);
  busy = true;
  stopping = false;
  button.textContent = "Stop";
  line.textContent = "";
  list.replaceChildren();
  for (const block of blocks) {
    if (block.edited !== undefined) block.edit(); // what is checked is the page
    block.clear();
    block.runButton.disabled = true;
  }
  for (const equation of equations) delete equation.link.dataset.mark;
  write(true);
  try {
    const texts = blocks.map((block) => block.text).join("\n");
    await announce(needs(texts), tell);
    if (stopping) throw new Error("Stopped.");
    // It reads the equations' bindings, which use the digits.
    const wants = needs(texts);
    await ask({ do: "forget" }, { wants, tell });
    sessions.clear();
    const started = performance.now();
    for (const [at, block] of blocks.entries()) {
      tell(`Block ${at + 1} of ${blocks.length}`);
      const question = { do: "run", text: block.text, session: block.session };
      const { answer: marks, seconds: took } = await ask(question);
      block.show(marks, took);
      sessions.set(block.session, (sessions.get(block.session) ?? 0) + 1);
      const different = marks.filter((mark) => !mark.same);
      tally.count("examples", marks.length - different.length, marks.length);
      for (const mark of different) {
        tally.wrong.push([block.frame, `${mark.source.trim()} printed ${mark.got.trim() || "nothing"}`]);
      }
      write(true);
    }
    for (const equation of equations) {
      tell(`Equation ${equation.number}`);
      const { id, number } = equation;
      const question = { do: "equation", id, number, latex: equation.latex };
      const { answer: found } = await ask(question);
      tally.count("equations", Number(found.holds), 1);
      tally.count("alterations", found.noticed, found.alterations);
      const right = found.holds && found.noticed === found.alterations;
      equation.link.dataset.mark = right ? "same" : "different";
      if (!right) tally.wrong.push([equation.link, found.message]);
      write(true);
    }
    const seconds = Math.round((performance.now() - started) / 1000);
    line.textContent = `${tally}, on your machine, in ${seconds} s.`;
    for (const [place, what] of tally.wrong) list.append(wrong(place, what));
  } catch (error) {
    line.textContent = error.message;
  }
  progress.textContent = "";
  write(false);
  button.textContent = "Check this page here";
  for (const block of blocks) block.runButton.disabled = false;
  busy = false;
}

function wrong(place, what) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  place.id ||= `checked-${document.querySelectorAll(".check-wrong li").length}`;
  link.href = `#${place.id}`;
  link.textContent = what;
  item.append(link);
  return item;
}

section?.querySelector("[data-do=check]").addEventListener("click", () => {
  if (busy) stop();
  else check();
});
