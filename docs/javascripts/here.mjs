// Python on the reader's machine, as the page sees it: questions, answers, and an end.

const folder = new URL("../runtime/", import.meta.url).href;
let worker;
let asked = 0;
const waiting = new Map();
const endings = new Set(); // what is to be done when Python has been ended

export function ask(question, { wants = [], tell = () => {} } = {}) {
  if (!worker) {
    worker = new Worker(new URL("python.mjs", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      const one = waiting.get(data.id);
      if (!one) return;
      if (data.doing) {
        one.tell(data.doing);
        return;
      }
      waiting.delete(data.id);
      if (data.error) one.reject(new Error(data.error));
      else one.resolve({ answer: data.answer, seconds: data.seconds });
    });
    worker.addEventListener("error", (event) => end(event.message || "Python could not start."));
  }
  asked += 1;
  return new Promise((resolve, reject) => {
    waiting.set(asked, { resolve, reject, tell });
    worker.postMessage({ id: asked, folder, question, wants });
  });
}

// A computation cannot be interrupted, only ended with all that Python remembers.
export function end(why = "Stopped.") {
  worker?.terminate();
  worker = undefined;
  for (const one of waiting.values()) one.reject(new Error(why));
  waiting.clear();
  for (const ending of endings) ending();
}

export const whenEnded = (ending) => endings.add(ending);

// What a text needs besides NumPy and the book's code.
export function needs(text) {
  const found = [];
  if (/\bscipy\b/.test(text)) found.push("scipy");
  if (/\bPIL\b|\bpictures import\b/.test(text)) found.push("pillow");
  if (/mnist|\b(load_zero_one|load_other_digits|runs?|train_run)\b/.test(text)) found.push("data");
  if (/\bload_digits\b/.test(text)) found.push("digits");
  return found;
}

// How much there is to load is said before it is loaded.
let announced = false;
export async function announce(wants, tell) {
  if (announced) return;
  announced = true;
  if (typeof WebAssembly !== "object") throw new Error("This browser cannot run Python.");
  if (navigator.deviceMemory < 0.5) {
    throw new Error("Python needs 165 MB of memory, more than this device has to spare.");
  }
  const { sizes, data, digits } = await (await fetch(`${folder}manifest.json`)).json();
  let bytes = 0;
  for (const [name, length] of Object.entries(sizes)) {
    const wheel = ["scipy", "pillow"].find((one) => name.startsWith(`${one}-`));
    const part = { [data]: "data", [digits]: "digits" }[name] ?? wheel;
    if (!part || wants.includes(part)) bytes += length;
  }
  const megabytes = (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
  tell(`Loading Python, ${megabytes} MB, to be kept for the next time`);
  if (isSecureContext && navigator.serviceWorker) {
    const keeper = new URL("../offline.js", import.meta.url);
    await navigator.serviceWorker.register(keeper).catch(() => {}); // then nothing is kept
    const ready = navigator.serviceWorker.ready;
    await Promise.race([ready, new Promise((go) => setTimeout(go, 2000))]);
  }
}
