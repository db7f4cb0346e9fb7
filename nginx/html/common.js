// What the pages share: elements, questions to the store, and words.

export const byId = (id) => document.getElementById(id);

// Makes an element. Text is text, never markup: titles are whatever an administrator has written.
export function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") node.className = value;
    else if (key in node && key !== "list" && key !== "form") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// The same for drawings.
export function drawing(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

// What went wrong, in the words of the store's problem document where there is one.
export class StoreError extends Error {
  constructor(text, { status = 0, requestID = null, problem = null } = {}) {
    super(text);
    this.status = status;
    this.requestID = requestID;
    this.problem = problem;
  }

  // Whether nothing, or nothing that is certain, has happened.
  get isWorthRepeating() {
    return [0, 502, 503, 504].includes(this.status);
  }

  // Whether the store itself, and not what was asked of it, is at fault.
  get isOutage() {
    return this.status === 0 || this.status >= 500;
  }
}

// Asks the store for JSON.
export async function ask(path, { timeout = 15000, ...options } = {}) {
  let response;
  try {
    response = await fetch(path, {
      ...options,
      headers: { Accept: "application/json", ...options.headers },
      signal: AbortSignal.timeout(timeout),
      cache: "no-cache",
    });
  } catch (error) {
    throw new StoreError(
      error.name === "TimeoutError"
        ? "The store did not answer in time."
        : "The store cannot be reached. Is it running, and are you connected?");
  }
  const facts = {
    status: response.status, requestID: response.headers.get("X-Request-ID"),
  };
  let body;
  try {
    body = await response.json();
  } catch {
    throw new StoreError(`The store gave no usable answer (${response.status}).`, facts);
  }
  if (!response.ok) {
    const text = [body.title, body.detail].filter(Boolean).join(": ");
    throw new StoreError(text.endsWith(".") ? text : `${text}.`, { ...facts, problem: body });
  }
  return body;
}

export const pause = (milliseconds) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

// 1 book, 2 books.
export const counted = (count, one, many = `${one}s`) =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

// JSON has numbers, not money; the store sends two decimals and so they are shown.
export const money = (cost) =>
  cost.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

// A time span in the largest unit that fits.
export function span(seconds) {
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return `${Math.max(0, Math.floor(seconds))} s`;
}

export const clock = (date) =>
  date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
