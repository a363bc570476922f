// The theme wraps wide tables and puts a button over each code block after the page has loaded, and
// nests navigation in navigation. The wrappers scroll, so the keyboard must reach them; a section
// of pages needs a name of its own; the rest are no landmarks.
function mend() {
  for (const wrapper of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) {
    wrapper.tabIndex = 0;
  }
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

// A block of code that is wider than the page scrolls; the theme lets the keyboard reach it only once
// it has been in view.
function reach() {
  const blocks = [...document.querySelectorAll("pre > code:not([tabindex])")];
  for (const block of blocks.filter((block) => block.scrollWidth > block.clientWidth)) {
    block.tabIndex = 0;
  }
}

addEventListener("load", reach);
addEventListener("resize", reach);

// On a narrow page the pages of the book stand in a drawer, which the keyboard opens, too.
for (const opener of document.querySelectorAll(".md-header label[for='__drawer']")) {
  opener.tabIndex = 0;
  opener.title = "Pages of the book";
}

// The button that scrolls to the top hides itself while it has the focus; the keyboard has a key.
document.querySelector(".md-top")?.setAttribute("tabindex", "-1");

// A reference to an equation of another page carries a preview of it. For one of this page, the
// preview is copied from the equation itself, when the reader first looks.
function preview(event) {
  const reference = event.target.closest?.(".equation-reference");
  if (!reference || reference.querySelector(".equation-preview")) return;
  const target = document.getElementById(reference.querySelector("a").hash.slice(1));
  const formula = target?.closest(".equation")?.querySelector("math");
  if (!formula) return;
  const box = document.createElement("span");
  box.className = "equation-preview";
  box.setAttribute("aria-hidden", "true");
  box.append(formula.cloneNode(true));
  reference.append(box);
}

addEventListener("pointerover", preview);
addEventListener("focusin", preview);
