// The theme wraps wide tables and puts a button over each code block after the page has loaded, and
// nests navigation in navigation. The wrappers scroll, so the keyboard must reach them; a section
// of pages needs a name of its own; the rest are no landmarks.
function mend() {
  for (const section of document.querySelectorAll("nav nav[aria-labelledby]")) {
    const label = document.getElementById(section.getAttribute("aria-labelledby"));
    section.setAttribute("aria-label", "Pages of " + label.textContent.trim());
    section.removeAttribute("aria-labelledby");
  }
  const others = ".md-code__nav:not([role]), nav nav:not([role], [data-md-level])";
  for (const frame of document.querySelectorAll(others)) {
    if (frame.classList.contains("md-nav--secondary")) continue; // the table of contents
    frame.setAttribute("role", "presentation");
    frame.removeAttribute("aria-label");
  }
}

new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
mend();

// What is wider than its place scrolls, so the keyboard must reach it; nothing else stops the Tab key.
const wide = "pre > code, .equation-formula, .md-typeset__scrollwrap";
function reach() {
  // All is measured before anything is changed, or the page would be laid out again for each block.
  const blocks = [...document.querySelectorAll(wide)];
  const sources = [...document.querySelectorAll(".beside > :last-child")];
  const scroll = blocks.map((block) => block.scrollWidth > block.clientWidth + 1);
  const heights = sources.map((source) => source.offsetHeight);
  blocks.forEach((block, at) => mark(block, scroll[at]));
  sources.forEach((source, at) => source.style.setProperty("--height", `${heights[at]}px`));
}

function mark(block, scrolls) {
  if (scrolls === block.hasAttribute("tabindex")) return;
  const number = block.parentElement.querySelector(".equation-number");
  const name = number ? number.getAttribute("aria-label") : "Equation";
  const attributes = { tabindex: "0" };
  if (block.matches(".equation-formula")) {
    Object.assign(attributes, { role: "group", "aria-label": `${name}, wider than the page` });
  }
  for (const [key, value] of Object.entries(attributes)) {
    if (scrolls) block.setAttribute(key, value);
    else block.removeAttribute(key);
  }
}

addEventListener("load", reach);
addEventListener("resize", reach);
document.fonts?.ready.then(() => document.readyState === "complete" && reach()); // faces came late

// On a narrow page the pages of the book stand in a drawer, which the keyboard opens, too.
for (const opener of document.querySelectorAll(".md-header label[for='__drawer']")) {
  opener.tabIndex = 0;
  opener.title = "Pages of the book";
}
addEventListener("keydown", (event) => {
  const drawer = document.getElementById("__drawer");
  if (event.key !== "Escape" || !drawer?.checked) return;
  drawer.click();
  document.querySelector(".md-header label[for='__drawer']").focus();
});

// What the search has found is said, too.
document.querySelector(".md-search-result__meta")?.setAttribute("role", "status");

// When its dialog closes, on a narrow page, the theme scrolls back to where the page was before: the Tab
// key may have gone on meanwhile.
const search = document.getElementById("__search");
search?.addEventListener("change", () => {
  setTimeout(() => {
    const at = document.activeElement;
    if (!search.checked && at.closest("article")) at.scrollIntoView({ block: "nearest" });
  }, 500);
});

// A reference to an equation of another page carries a preview of it. For one of this page, the
// preview is copied from the equation itself, when the reader first looks.
function preview(event) {
  const reference = event.target.closest?.(".equation-reference");
  if (!reference || reference.querySelector(".equation-preview")) return;
  const target = document.getElementById(reference.querySelector("a").hash.slice(1));
  const formulas = target?.closest(".equation")?.querySelectorAll(".equation-formula > math");
  if (!formulas) return;
  const box = document.createElement("span");
  box.className = "equation-preview";
  box.setAttribute("aria-hidden", "true");
  box.tabIndex = -1; // or a browser that lets the keyboard scroll would stop here
  for (const formula of formulas) box.append(formula.cloneNode(true));
  reference.append(box);
}

addEventListener("pointerover", preview);
addEventListener("focusin", preview);

// A copied formula is its LaTeX, which it carries; without this it would be a letter a line.
const whole = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest("math");
addEventListener("copy", (event) => {
  const selection = getSelection();
  if (selection.isCollapsed || event.target.closest?.("input, textarea")) return;
  const copied = document.createElement("div");
  for (let at = 0; at < selection.rangeCount; at += 1) {
    const range = selection.getRangeAt(at).cloneRange();
    const [first, last] = [whole(range.startContainer), whole(range.endContainer)];
    if (first) range.setStartBefore(first);
    // A selection by three clicks ends at the first point of what follows: nothing of it is meant.
    if (last) {
      const touched = document.createRange();
      touched.selectNodeContents(last);
      touched.setEnd(range.endContainer, range.endOffset);
      const display = last !== first && last.getAttribute("display") === "block";
      if (display && !touched.toString().trim()) range.setEndBefore(last);
      else range.setEndAfter(last);
    }
    copied.append(range.cloneContents());
  }
  if (!copied.querySelector("math[alttext]")) return;
  const folded = "details:not([open]) > :not(summary)";
  const asides = `.equation-links, .equation-preview, .headerlink, button, ${folded}`;
  for (const aside of copied.querySelectorAll(asides)) aside.remove();
  // The parts of a display are one formula, with its number.
  for (const box of copied.querySelectorAll(".equation-formula")) {
    const parts = [...box.querySelectorAll("math")].map((part) => part.getAttribute("alttext"));
    const number = box.parentElement.querySelector(".equation-number");
    const tag = number ? ` \\tag{${number.textContent.slice(1, -1)}}` : "";
    const display = document.createElement("p");
    display.textContent = `$$${parts.join(" \\qquad ")}${tag}$$`;
    (box.closest(".equation") ?? box).replaceWith(display);
  }
  for (const formula of copied.querySelectorAll("math[alttext]")) {
    const sign = formula.getAttribute("display") === "block" ? "$$" : "$";
    formula.replaceWith(`${sign}${formula.getAttribute("alttext")}${sign}`);
  }
  for (const link of copied.querySelectorAll("a[href]")) link.href = link.href; // from where it is pasted
  event.clipboardData.setData("text/html", copied.innerHTML);
  copied.style.cssText = "position: fixed; inset: 0 auto auto 0; width: 60rem; opacity: 0";
  document.body.append(copied);
  event.clipboardData.setData("text/plain", copied.innerText.trim().replace(/\n{3,}/g, "\n\n"));
  copied.remove();
  event.preventDefault();
});

// How far the reader has come.
const bar = document.createElement("div");
bar.className = "progress";
document.querySelector(".md-header")?.append(bar);
function progress() {
  const { scrollHeight, clientHeight } = document.documentElement;
  const read = scrollHeight > clientHeight ? scrollY / (scrollHeight - clientHeight) : 0;
  bar.style.setProperty("--read", Math.min(1, read).toFixed(4));
}
addEventListener("scroll", progress, { passive: true });
addEventListener("resize", progress);
addEventListener("load", progress);
