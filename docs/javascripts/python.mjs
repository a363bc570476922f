// Python on the reader's machine: a worker, so that the page stays awake while it computes. It
// answers one question after the other; whoever has no patience ends it and starts another.
// Everything it loads comes from the folder that it is told, and from nowhere else.

let ready; // a promise of Python with the book in it
const loaded = new Set(["numpy"]);
let runtime;
let manifest;

// What is lost on its way is asked for a second time. Pyodide, which asks with the same function,
// would wait for ever for a program that does not come: so it is not Pyodide that is waited for.
let lose;
const lost = new Promise((_, reject) => (lose = reject));
lost.catch(() => {}); // it may be that nobody waits
const fetched = self.fetch;

self.fetch = async (...question) => {
  try {
    return await fetched(...question);
  } catch {
    await new Promise((go) => setTimeout(go, 500));
  }
  return fetched(...question).catch(() => {
    const error = new Error(`${String(question[0]).split("/").pop()} could not be loaded`);
    lose(error);
    throw error;
  });
};

async function get(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url.split("/").pop()} could not be loaded (${answer.status})`);
  return answer;
}

async function start(folder, tell) {
  runtime = folder;
  manifest = await (await get(`${folder}manifest.json`)).json();
  const core = `${folder}${manifest.core}/`;
  tell("Loading Python");
  const { loadPyodide } = await import(`${core}pyodide.mjs`).catch(() => {
    throw new Error("pyodide.mjs could not be loaded");
  });
  const pyodide = await loadPyodide({
    indexURL: core,
    lockFileURL: `${core}lock.json`,
    packageBaseUrl: core,
    packages: ["numpy"],
  });
  there(pyodide, "numpy");
  tell("Loading the book's code");
  await unpack(pyodide, manifest.code);
  pyodide.runPython("import sys; sys.path.insert(0, '/book')");
  return pyodide;
}

// Pyodide says nothing of a package that did not come.
function there(pyodide, name) {
  if (!(name in pyodide.loadedPackages)) throw new Error(`${name} could not be loaded`);
}

async function unpack(pyodide, name) {
  const body = await (await get(runtime + name)).arrayBuffer();
  pyodide.unpackArchive(body, "zip", { extractDir: "/book" });
}

// What a text needs beyond NumPy is loaded when it needs it: SciPy is larger than all the rest.
async function provide(pyodide, wants, tell) {
  for (const name of wants) {
    if (loaded.has(name)) continue;
    if (name === "data" || name === "digits") {
      tell("Loading the digits");
      await unpack(pyodide, manifest[name]);
    } else {
      tell(`Loading ${name === "scipy" ? "SciPy" : "Pillow"}`);
      await pyodide.loadPackage(name, { messageCallback: () => {}, errorCallback: () => {} });
      there(pyodide, name);
    }
    loaded.add(name);
  }
}

async function reply({ data: { id, folder, question, wants } }) {
  const tell = (doing) => postMessage({ id, doing });
  let pyodide;
  try {
    ready ??= Promise.race([start(folder, tell), lost]);
    pyodide = await ready;
    await provide(pyodide, wants, tell);
    tell("Computing");
    const module = pyodide.pyimport("book.in_page");
    const started = performance.now();
    const answer = module.answer(JSON.stringify(question));
    const seconds = (performance.now() - started) / 1000;
    module.destroy();
    postMessage({ id, answer: JSON.parse(answer), seconds });
  } catch (error) {
    const lines = String(error.message ?? error).trim().split("\n"); // of Python's, the last says it
    postMessage({ id, error: lines.at(-1), unstarted: !pyodide });
  }
}

// In the order in which they were asked.
let last = Promise.resolve();
addEventListener("message", (event) => {
  last = last.then(() => reply(event));
});
