// A figure that can be touched: its button loads the module named in data-touch, which builds what
// the hands take hold of in the place of the drawing. The state is kept in the address, so that a
// page, or a reader, can link to it: #touch=three-sums&x=1,2,3,4,5

const KEY = "touch";
const inAddress = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

class Figure {
  constructor(figure) {
    this.figure = figure;
    this.name = figure.dataset.touch;
    this.button = figure.querySelector(".touch > button");
    this.words = this.button.textContent;
    this.button.addEventListener("click", () => this.press());
  }

  async press() {
    const open = !("open" in this.figure.dataset);
    if (open && !this.panel && !(await this.build({}))) return;
    this.show(open);
  }

  show(open) {
    this.figure.toggleAttribute("data-open", open);
    this.button.setAttribute("aria-expanded", String(open));
    this.button.textContent = open ? "Show the drawing" : this.words;
    if (!open && inAddress()[KEY] === this.name) history.replaceState(null, "", location.pathname);
  }

  async build(state) {
    this.button.disabled = true;
    try {
      const [module] = await Promise.all([import(`./touch/${this.name}.mjs`), this.style()]);
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
        say: (text) => (this.said.textContent = text),
      });
      this.panel.append(this.said);
      return true;
    } catch (error) {
      this.panel?.remove();
      this.panel = undefined;
      this.button.after(` It could not be loaded: ${error.message}`);
      return false;
    } finally {
      this.button.disabled = false;
    }
  }

  // A module may have a style of its own, which is loaded with it.
  style() {
    const address = new URL(`touch/${this.name}.css`, import.meta.url).href;
    if (document.querySelector(`link[href="${address}"]`)) return Promise.resolve();
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: address });
    return new Promise((done, failed) => {
      link.addEventListener("load", done);
      link.addEventListener("error", () => failed(new Error(`${this.name}.css`)));
      document.head.append(link);
    });
  }

  keep(state) {
    const parameters = new URLSearchParams({ [KEY]: this.name, ...state });
    const said = String(parameters).replaceAll("%2C", ",");
    history.replaceState(null, "", `${location.pathname}${location.search}#${said}`);
  }

  async follow(state) {
    this.panel?.remove();
    this.panel = undefined;
    if (!(await this.build(state))) return;
    this.show(true);
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
