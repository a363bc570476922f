// Predict first: outputs of one line are hidden until the reader has typed a guess or given up. It
// needs no Python, and is remembered from page to page.

const KEY = "cnnbook-predict";
const toggle = document.querySelector(".predict button");
const plain = (text) => text.replace(/\s+/g, "");

// The outputs of one line: no line of output stands before it, and none after.
const said = (line) => line?.matches(".output") && line.textContent.trim();

function outputs() {
  const lines = [...document.querySelectorAll(".language-pycon pre > code > .output")];
  const alone = lines.filter(
    (line) =>
      said(line) && !said(line.previousElementSibling) && !said(line.nextElementSibling),
  );
  return alone.map((line) => line.querySelector(":scope > .go")).filter(Boolean);
}

class Guess {
  constructor(output, number) {
    this.output = output;
    this.box = document.createElement("span");
    this.box.className = "guess";
    this.input = document.createElement("input");
    Object.assign(this.input, { type: "text", size: 24, spellcheck: false, autocomplete: "off" });
    this.input.setAttribute("autocapitalize", "off");
    this.input.setAttribute("aria-label", `What does this print? Guess ${number}`);
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.textContent = "Show";
    this.button.setAttribute("aria-label", `Show output ${number}`);
    this.status = document.createElement("span");
    this.status.setAttribute("role", "status");
    this.box.append(this.input, this.button, this.status);
    this.input.addEventListener("keydown", (event) => event.key === "Enter" && this.compare());
    this.button.addEventListener("click", () => this.reveal("shown"));
  }

  hide() {
    this.output.hidden = true;
    this.output.before(this.box);
    this.status.textContent = "";
  }

  compare() {
    if (!this.input.value.trim()) return;
    if (plain(this.input.value) === plain(this.output.textContent)) this.reveal("right");
    else this.status.textContent = "No. Try again, or let it be shown.";
  }

  reveal(how) {
    this.show();
    this.output.dataset.guess = how;
    this.output.tabIndex = -1;
    this.output.focus({ preventScroll: true }); // the keyboard goes on from here
  }

  show() {
    this.output.hidden = false;
    this.box.remove();
  }
}

if (toggle) {
  const guesses = outputs().map((output, at) => new Guess(output, at + 1));
  const set = (on) => {
    toggle.setAttribute("aria-pressed", String(on));
    for (const guess of guesses) {
      if (on) guess.hide();
      else guess.show();
    }
    try {
      localStorage.setItem(KEY, on ? "on" : "off");
    } catch {
      // it is not remembered, then
    }
  };
  toggle.addEventListener("click", () => set(toggle.getAttribute("aria-pressed") !== "true"));
  try {
    if (localStorage.getItem(KEY) === "on") set(true);
  } catch {
    // nothing was remembered
  }
}
