"use strict";

// The page talks to the store's own endpoints, as curl would. Titles are text, never markup.

const byId = (id) => document.getElementById(id);

function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function say(text, isBad = false) {
  const message = byId("message");
  message.textContent = text;
  message.className = isBad ? "bad" : "";
  message.hidden = text === "";
}

// What went wrong, in the words of the store's problem document where there is one.
class StoreError extends Error {
  constructor(text, isWorthRepeating) {
    super(text);
    this.isWorthRepeating = isWorthRepeating;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, {
      ...options,
      headers: { Accept: "application/json", ...options.headers },
      signal: AbortSignal.timeout(15000),
    });
  } catch {
    throw new StoreError("The store does not answer.", true);
  }
  let body;
  try {
    body = await response.json();
  } catch {
    throw new StoreError(`The store gave no usable answer (${response.status}).`, true);
  }
  if (!response.ok) {
    throw new StoreError(
      [body.title, body.detail].filter(Boolean).join(": ") + ".",
      [502, 503, 504].includes(response.status));
  }
  return body;
}

function show(title, entries) {
  byId("shelf-title").textContent = title;
  byId("books").replaceChildren(...entries);
  byId("shelf").hidden = false;
}

// JSON has numbers, not money; the store sends two decimals and so they are shown.
const money = (cost) => cost.toFixed(2);

function bookEntry(book) {
  const facts = element("p", { className: "facts" });
  const buy = element("button", { textContent: "Buy" });
  const fill = (state) => {
    facts.replaceChildren(
      `Item ${state.itemNumber} · ${state.topic} · ${money(state.cost)} · `,
      element("span", {
        className: state.stock > 0 ? "" : "none",
        textContent: state.stock > 0 ? `${state.stock} in stock` : "out of stock",
      }));
    buy.disabled = state.stock === 0;
  };
  fill(book);
  buy.addEventListener("click", () => attempt(async () => {
    buy.disabled = true;
    try {
      await purchase(book.itemNumber);
    } finally {
      buy.disabled = false;
      fill(await ask(`/lookup/${book.itemNumber}`));
    }
  }));
  return element("li", {},
    element("div", {}, element("h3", { textContent: book.title }), facts),
    element("div", { className: "actions" }, buy));
}

// One key for all attempts: however often this is sent, one book is bought.
async function purchase(itemNumber) {
  const key = crypto.randomUUID ? crypto.randomUUID() : randomKey();
  for (let attempt = 1; ; attempt++) {
    try {
      const order = await ask(`/buy/${itemNumber}`, {
        method: "POST", headers: { "Idempotency-Key": key },
      });
      byId("orders").prepend(element("li", {},
        element("div", {},
          element("h3", { textContent: order.title }),
          element("p", {
            className: "facts",
            textContent: `Order ${order.orderNumber} · ${money(order.cost)}`,
          }))));
      byId("receipt").hidden = false;
      say(`Bought “${order.title}”. The order's number is ${order.orderNumber}.`);
      return;
    } catch (error) {
      if (!error.isWorthRepeating || attempt === 4) throw error;
      say("The store has not confirmed the buy yet; asking again …");
      await new Promise((resolve) => setTimeout(resolve, 1000 * attempt));
    }
  }
}

// crypto.randomUUID is there only on https and on the machine itself.
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function search(topic) {
  byId("topic").value = topic;
  const result = await ask(`/search/${encodeURIComponent(topic)}`);
  const books = await Promise.all(
    result.items.slice(0, 50).map((item) => ask(`/lookup/${item.itemNumber}`).catch(() => null)));
  const found = books.filter(Boolean);
  show(result.topic, found.map(bookEntry));
  if (found.length === 0) say(`There are no books about ${result.topic}.`);
  if (result.items.length > 50) say(`The first 50 of ${result.items.length} books are shown.`);
}

async function lookup(item) {
  const book = await ask(`/lookup/${encodeURIComponent(item)}`);
  show(`Item ${book.itemNumber}`, [bookEntry(book)]);
}

async function attempt(action) {
  say("");
  try {
    await action();
  } catch (error) {
    say(error.message, true);
  }
}

byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => search(byId("topic").value.trim()));
});

byId("lookup").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => lookup(byId("item").value.trim()));
});

attempt(async () => {
  const { topics } = await ask("/topics");
  byId("topics").replaceChildren(...topics.map((topic) => element("option", { value: topic })));
  byId("topic-links").replaceChildren(...topics.slice(0, 30).map((topic) => {
    const link = element("button", { className: "plain", type: "button", textContent: topic });
    link.addEventListener("click", () => attempt(() => search(topic)));
    return link;
  }));
});
