// Arrays as pictures, in the colours of the page's scheme; a pointer that moves over one.

import { element } from "./common.mjs";

export function colour(name) {
  const hex = getComputedStyle(document.body).getPropertyValue(name).trim();
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

// Call `show` when the reader changes the scheme, for as long as the panel is on the page.
export function repaint(panel, show) {
  const watch = new MutationObserver(() => (panel.isConnected ? show() : watch.disconnect()));
  watch.observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
}

export const grey = (pixel) => [pixel, pixel, pixel, 255];

// Blue where it is positive, orange where it is negative, the paper where it is zero.
export function signed(most) {
  const [more, less] = [colour("--touch-more"), colour("--touch-less")];
  return (value) => [...(value < 0 ? less : more), Math.round((255 * Math.abs(value)) / (most || 1))];
}

// Paint an array in the middle of a square canvas, a cell a pixel; the rest stays clear.
export function paint(canvas, rows, shade) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const start = (canvas.width - rows.length) / 2;
  rows.forEach((row, i) =>
    row.forEach((value, j) => {
      image.data.set(shade(value), 4 * ((start + i) * canvas.width + start + j));
    }),
  );
  context.putImageData(image, 0, 0);
}

// A square canvas of so many cells with a frame over it. While a pointer is held down on it, `move`
// is called with the cell under the pointer and "begin", "go" or "end".
export function surface(cells, attributes, move) {
  const canvas = element("canvas", { width: cells, height: cells });
  const frame = element("span", { class: "touch-frame" });
  const made = element("div", { class: "touch-surface", ...attributes }, canvas, frame);
  let last;
  const under = ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect();
    last = [(clientY - box.top) / box.height, (clientX - box.left) / box.width];
    last = last.map((share) => Math.floor(share * cells));
    return last;
  };
  made.addEventListener("pointerdown", (event) => {
    made.setPointerCapture(event.pointerId);
    move(under(event), "begin");
  });
  made.addEventListener("pointermove", (event) => {
    if (made.hasPointerCapture(event.pointerId)) move(under(event), "go");
  });
  made.addEventListener("lostpointercapture", () => move(last, "end"));
  const place = ([top, left], size) => {
    const share = (number) => `${(100 * number) / cells}%`;
    Object.assign(frame.style, { top: share(top), left: share(left), width: share(size), height: share(size) });
  };
  return { made, canvas, place };
}
