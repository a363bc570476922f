// Python on the reader's machine, as the page sees it: questions, answers, and an end.

const folder = new URL("../runtime/", import.meta.url).href;
let worker;
let attempts = 0; // how often this worker may still be begun anew: until it has answered
let asked = 0;
const waiting = new Map(); // by number: what was asked, and who waits for the answer
const endings = new Set(); // what is to be done when Python has been ended

function begin() {
  worker = new Worker(new URL("python.mjs", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }) => hear(data));
  worker.addEventListener("error", (event) => fail(event.message || "Python could not start."));
  for (const [id, { question }] of waiting) worker.postMessage({ id, folder, ...question });
}

// A worker asks for its own files once, and remembers those that did not come; another does not.
function fail(why) {
  if (!attempts) return end(why);
  attempts -= 1;
  worker.terminate();
  begin();
}

function hear({ id, doing, unstarted, error, answer, seconds }) {
  const one = waiting.get(id);
  if (!one) return;
  if (doing) return one.tell(doing);
  if (unstarted) return fail(error);
  attempts = 0;
  waiting.delete(id);
  if (error) one.reject(new Error(error));
  else one.resolve({ answer, seconds });
}

export function ask(question, { wants = [], tell = () => {} } = {}) {
  asked += 1;
  return new Promise((resolve, reject) => {
    const one = { resolve, reject, tell, question: { question, wants } };
    waiting.set(asked, one);
    if (worker) return worker.postMessage({ id: asked, folder, ...one.question });
    attempts = 1;
    begin();
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
  if (typeof WebAssembly !== "object") throw new Error("This browser cannot run Python.");
  if (navigator.deviceMemory < 0.5) {
    throw new Error("Python needs 165 MB of memory, more than this device has to spare.");
  }
  const list = () => fetch(`${folder}manifest.json`).then((found) => found.json());
  const { sizes, data, digits } = await list().catch(list).catch(() => {
    throw new Error("Python could not be loaded: the network does not answer.");
  });
  announced = true;
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
