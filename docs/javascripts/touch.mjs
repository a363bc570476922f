// A figure that can be touched: its button loads the module named in data-touch, which builds what
// the hands take hold of in the place of the drawing. It begins as data-state says, or as the
// address does, in which the state is kept, so that a page, or a reader, can link to it:
// #touch=three-sums&x=1,2,3,4,5

const KEY = "touch";
const HALF_A_MINUTE = 30_000; // milliseconds
const AT_ONCE = 50;
const stateIn = (text) => Object.fromEntries(new URLSearchParams(text));
const inAddress = () => stateIn(location.hash.slice(1));

// The address is written at once. Safari refuses more than a hundred in half a minute, so after
// half as many in one drag the next is written when the hand rests.
const times = [];
let resting;
function address(fragment) {
  clearTimeout(resting);
  while (times[0] < Date.now() - HALF_A_MINUTE) times.shift();
  if (times.length < AT_ONCE) return write(fragment);
  resting = setTimeout(() => write(fragment), 1000);
}

function write(fragment) {
  times.push(Date.now());
  history.replaceState(null, "", location.pathname + location.search + fragment);
}

const sheets = {}; // by name, each loaded once
function sheet(name) {
  sheets[name] ??= new Promise((done, failed) => {
    const link = document.createElement("link");
    link.addEventListener("load", done);
    link.addEventListener("error", () => {
      link.remove();
      delete sheets[name]; // so that the next press asks again
      failed(new Error(`${name}.css`));
    });
    const href = new URL(`touch/${name}.css`, import.meta.url).href;
    document.head.append(Object.assign(link, { rel: "stylesheet", href }));
  });
  return sheets[name];
}

class Figure {
  constructor(figure) {
    this.figure = figure;
    this.name = figure.dataset.touch;
    this.button = figure.querySelector(".touch > button");
    this.words = this.button.textContent;
    this.button.addEventListener("click", () => this.press());
  }

  async press() {
    if (this.loading) return; // a second press, before the first has been answered
    const open = !("open" in this.figure.dataset);
    if (open && !this.panel && !(await this.build(stateIn(this.figure.dataset.state)))) return;
    this.show(open);
    if (open && this.fragment) address(this.fragment);
    if (!open && inAddress()[KEY] === this.name) address("");
  }

  show(open) {
    this.figure.toggleAttribute("data-open", open);
    this.button.setAttribute("aria-expanded", String(open));
    this.button.textContent = open ? "Show the drawing" : this.words;
  }

  // Load the module and let it build a panel; say so if that fails, and leave the drawing.
  async build(state) {
    this.loading = true;
    this.failure?.remove();
    try {
      const [module] = await Promise.all([import(`./touch/${this.name}.mjs`), this.style()]);
      await this.fill(module, state);
      return true;
    } catch (error) {
      this.panel?.remove();
      this.panel = undefined;
      this.failure = document.createElement("span");
      this.failure.setAttribute("role", "alert");
      this.button.after(this.failure);
      this.failure.textContent = ` It could not be loaded: ${error.message}`;
      return false;
    } finally {
      this.loading = false;
    }
  }

  async fill(module, state) {
    this.panel = document.createElement("div");
    this.panel.className = `touch-panel touch-${this.name}`;
    this.panel.setAttribute("role", "group");
    this.panel.setAttribute("aria-label", this.words);
    this.said = document.createElement("p");
    this.said.className = "touch-said";
    this.said.setAttribute("role", "status");
    this.button.parentElement.before(this.panel);
    await module.open(this.panel, {
      state,
      keep: (kept) => this.keep(kept),
      say: (text) => this.say(text),
    });
    this.panel.append(this.said);
  }

  // What stands in the panel already is heard, and not printed a second time.
  say(text) {
    const others = [...this.panel.children].filter((child) => child !== this.said);
    const stands = text !== "" && others.some((child) => child.textContent.includes(text));
    this.said.classList.toggle("touch-heard", stands);
    this.said.textContent = text;
  }

  // A module has a style of its own, which is loaded with it, after what all have in common.
  style() {
    return Promise.all([sheet("common"), sheet(this.name)]);
  }

  keep(state) {
    const parameters = new URLSearchParams({ [KEY]: this.name, ...state });
    this.fragment = `#${String(parameters).replaceAll("%2C", ",")}`;
    address(this.fragment);
  }

  async follow(state) {
    if (this.loading) return;
    this.panel?.remove();
    this.panel = undefined;
    this.show(await this.build(state));
    this.figure.scrollIntoView({ block: "nearest" });
  }
}

const figures = [...document.querySelectorAll("figure[data-touch]")].map((one) => new Figure(one));

function follow() {
  const { [KEY]: name, ...state } = inAddress();
  figures.find((one) => one.name === name)?.follow(state);
}

addEventListener("hashchange", follow); // by a link; what is kept here does not come back
follow();
