// The shop. It talks to the store's own endpoints, as curl would. What is shown is in the address
// (#/topic/Misc, #/book/2, #/order/17), so that the browser's buttons work and links can be kept.

import { ask, byId, counted, element, money, pause } from "/common.js";

const pageLength = 24;
const shelf = byId("shelf-books");
let topics = [];
// Whatever began before the address changed must not show any more.
let turn = 0;

// MARK: What is said

function say(error, retry) {
  const message = byId("message");
  message.hidden = !error;
  if (!error) return;
  message.className = "notice bad";
  const text = element("p", {}, error.message);
  if (error.requestID) text.append(element("small", {}, `Request ${error.requestID}`));
  message.replaceChildren(text);
  if (retry) {
    message.append(
      element("button", { class: "plain", type: "button", onclick: retry }, "Try again"));
  }
}

function title(text, count) {
  byId("shelf-title").textContent = text;
  byId("shelf-count").textContent = count ?? "";
  document.title = `${text} · Pygmy`;
}

// MARK: Books

// A colour for each topic, the same every time.
function hue(text) {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)) % 360;
  return hash;
}

function cover(book) {
  const node = element("span", {
    class: "cover", "aria-hidden": "true", "data-number": book.itemNumber,
  },
    element("span", { class: "title" }, book.title),
    element("span", { class: "topic" }, book.topic));
  node.style.setProperty("--hue", hue(book.topic) + book.itemNumber * 37 % 50 - 25);
  return node;
}

function stockText(node, stock) {
  node.className = stock === 0 ? "stock none" : stock <= 5 ? "stock few" : "stock";
  node.textContent =
    stock === 0 ? "Out of stock"
      : stock <= 5 ? `Only ${stock} left` : `${stock.toLocaleString("en")} in stock`;
}

// The parts of a book that change, and the button that changes them.
function purchase(book) {
  const stock = element("p");
  const said = element("p", { class: "said", role: "status" });
  const button = element("button", { type: "button" });
  const copies = element("input", {
    type: "number", class: "copies", min: 1, max: 1000, value: 1, required: true, inputMode: "numeric",
    "aria-label": `Copies of ${book.title}`,
  });
  // The purchase whose outcome is not known. While there is one, it is the only thing to do here: it
  // may itself have taken the copies that are missing, and another number would be another purchase.
  let open = openPurchase(book.itemNumber);
  let state = book;
  const fill = () => {
    stockText(stock, state.stock);
    if (open) copies.value = open.copies;
    copies.disabled = open !== null || state.stock === 0;
    copies.max = open ? 1000 : Math.min(1000, Math.max(1, state.stock));
    button.disabled = open === null && state.stock === 0;
    button.textContent = open ? "Ask again" : state.stock === 0 ? "Sold out" : "Buy";
    button.setAttribute("aria-label", open
      ? `Ask again about ${book.title}` : `Buy ${book.title} for ${money(book.cost)}`);
  };
  const sayUnknown = (...text) => {
    said.className = "said bad";
    said.replaceChildren(
      ...text, "Whether it was bought is not known. “Ask again” asks for the same purchase.");
  };
  fill();
  if (open) sayUnknown();
  button.addEventListener("click", async () => {
    if (open && !isKept(open)) {
      forgetOpen(book.itemNumber, open);
      open = null;
      said.textContent = "That was too long ago: the store may no longer know of it.";
      return fill();
    }
    if (!open && !copies.reportValidity()) return;
    open ??= { key: newKey(), copies: Number(copies.value), since: Date.now() };
    // Kept before it is sent, so that a page that goes away in between still asks for the same.
    keepOpen(book.itemNumber, open);
    copies.disabled = true;
    button.disabled = true;
    button.textContent = "Buying …";
    said.className = "said quiet";
    try {
      const order = await buy(book.itemNumber, open, (text) => { said.textContent = text; });
      forgetOpen(book.itemNumber, open);
      open = null;
      said.className = "said good";
      said.replaceChildren("Bought: ",
        element("a", { href: `#/order/${order.orderNumber}` }, `order ${order.orderNumber}`), ".");
      remember(order);
    } catch (error) {
      if (refusals.includes(error.status)) {
        forgetOpen(book.itemNumber, open);
        open = null;
        said.className = "said bad";
        said.textContent = error.message;
      } else {
        sayUnknown(error.message, " ");
      }
    }
    try {
      state = await ask(`/lookup/${book.itemNumber}`);
    } catch {
      // What was seen last is still the best that is known.
    }
    fill();
  });
  return { stock, said, copies, button };
}

// One key for all attempts: however often this is sent, it is bought once.
async function buy(itemNumber, { key, copies }, report) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(`/buy/${itemNumber}?quantity=${copies}`, {
        method: "POST", headers: { "Idempotency-Key": key },
      });
    } catch (error) {
      if (!error.isWorthRepeating || attempt === 5) throw error;
      report("Not confirmed yet; asking again …");
      await pause(1000 * attempt);
    }
  }
}

// MARK: Purchases whose outcome is not known

const openKey = "pygmy.open";
// The answers by which a purchase has come to nothing for good. After any other it may have been made.
const refusals = [404, 409, 422];
// The store keeps a key for so long; an older purchase asked for again could be made a second time.
const keyLife = 24 * 3600 * 1000;
// By the numbers of their books. They outlive a reload of the page, in this tab.
const openPurchases = loadOpen();

function loadOpen() {
  try {
    return new Map(Object.entries(JSON.parse(sessionStorage.getItem(openKey)) ?? {}));
  } catch {
    return new Map();
  }
}

const isKept = (one) => Date.now() - one.since < keyLife;

function openPurchase(itemNumber) {
  const one = openPurchases.get(`${itemNumber}`);
  return one && isKept(one) ? one : null;
}

function keepOpen(itemNumber, one) {
  openPurchases.set(`${itemNumber}`, one);
  saveOpen();
}

// The outcome may have come to a view that was left, after the next purchase has begun.
function forgetOpen(itemNumber, one) {
  if (openPurchases.get(`${itemNumber}`)?.key !== one.key) return;
  openPurchases.delete(`${itemNumber}`);
  saveOpen();
}

function saveOpen() {
  try {
    sessionStorage.setItem(openKey, JSON.stringify(Object.fromEntries(openPurchases)));
  } catch {
    // Without storage they live as long as the page.
  }
}

// crypto.randomUUID is there only on https and on the machine itself.
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bookCard(book) {
  const { stock, said, copies, button } = purchase(book);
  const link = `#/book/${book.itemNumber}`;
  return element("li", { class: "book card", "data-item": book.itemNumber },
    element("a", { class: "open", href: link, tabIndex: -1, "aria-hidden": "true" }, cover(book)),
    element("div", { class: "text" },
      element("h3", {}, element("a", { href: link }, book.title)), stock),
    element("div", { class: "buy" },
      element("span", { class: "price" }, money(book.cost)), copies, button),
    said);
}

// MARK: The shelf's three views

// The books of a topic by their numbers.
const byTopic = (topic) => ({
  heading: topic,
  page: (shown, last) => `/search/${encodeURIComponent(topic)}?after=${last}`,
  nothing: `There are no books about ${topic}. Topics are written exactly as they stand above.`,
});

// The books with some words in their titles, the best matches first.
const byWords = (words) => ({
  heading: `“${words}”`,
  page: (shown) => `/search?q=${encodeURIComponent(words)}&offset=${shown}`,
  nothing: "No title has all of these words.",
});

async function showBooks(search, mine) {
  title(search.heading, "Looking …");
  const list = element("ul", { class: "books" },
    ...Array.from({ length: 3 }, () =>
      element("li", { class: "card skeleton", "aria-hidden": "true" })));
  shelf.replaceChildren(list);
  let last = 0;
  let seen = 0;
  let shown = 0;
  const more = element("button", { class: "plain", type: "button" }, "More books");
  const load = async () => {
    more.disabled = true;
    const page = await ask(`${search.page(seen, last)}&limit=${pageLength}`);
    const books = await Promise.all(
      page.items.map((item) => ask(`/lookup/${item.itemNumber}`).catch((error) => {
        // A book may be withdrawn between the two requests.
        if (error.status === 404) return null;
        throw error;
      })));
    if (mine !== turn) return;
    if (shown === 0) list.replaceChildren();
    const found = books.filter(Boolean);
    list.append(...found.map(bookCard));
    shown += found.length;
    seen += page.items.length;
    last = page.items.at(-1)?.itemNumber ?? last;
    more.disabled = false;
    more.hidden = page.items.length < pageLength;
    byId("shelf-count").textContent =
      more.hidden ? counted(shown, "book") : `The first ${counted(shown, "book")}`;
    if (shown === 0) {
      list.append(element("li", { class: "nothing" }, search.nothing));
    }
  };
  more.addEventListener("click", () => load().then(() => say(null), (error) => {
    more.disabled = false;
    say(error);
  }));
  await load();
  if (mine === turn) shelf.append(element("p", { class: "more" }, more));
}

async function showBook(number, mine) {
  title(`Item ${number}`, "Looking …");
  const book = await ask(`/lookup/${encodeURIComponent(number)}`);
  if (mine !== turn) return;
  title(book.title);
  markTopic(book.topic);
  byId("shelf-title").textContent = `Item ${book.itemNumber}`;
  const { stock, said, copies, button } = purchase(book);
  const back = `#/topic/${encodeURIComponent(book.topic)}`;
  shelf.replaceChildren(
    element("article", { class: "detail card", "data-item": book.itemNumber },
      cover(book),
      element("div", { class: "text" },
        element("h2", {}, book.title),
        element("p", {}, element("a", { href: back }, book.topic)),
        element("p", { class: "price" }, money(book.cost)),
        stock, element("p", { class: "buy" }, copies, button), said)));
}

async function showOrder(number, mine) {
  title(`Order ${number}`, "Looking …");
  const order = await ask(`/orders/${encodeURIComponent(number)}`);
  if (mine !== turn) return;
  title(`Order ${order.orderNumber}`);
  markTopic(order.topic);
  const fact = (name, ...value) => [element("dt", {}, name), element("dd", {}, ...value)];
  shelf.replaceChildren(
    element("article", { class: "detail card receipt" },
      cover(order),
      element("div", { class: "text" },
        element("h2", {}, order.title),
        element("dl", { class: "facts" },
          ...fact("Order", `${order.orderNumber}`),
          ...(order.quantity ? fact("Copies", `${order.quantity}`) : []),
          ...fact("Price paid", money(order.cost * (order.quantity ?? 1))),
          ...fact("Item",
            element("a", { href: `#/book/${order.itemNumber}` }, `${order.itemNumber}`)),
          ...fact("Topic",
            element("a", { href: `#/topic/${encodeURIComponent(order.topic)}` }, order.topic)),
          ...fact("Key", element("code", {}, order.idempotencyKey))))));
}

// MARK: Orders of this browser

const ordersKey = "pygmy.orders";

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(ordersKey)) ?? [];
  } catch {
    return [];
  }
}

function remember(order) {
  // One that was asked for again may be there already.
  const others = remembered().filter((one) => one.idempotencyKey !== order.idempotencyKey);
  const orders = [order, ...others].slice(0, 50);
  try {
    localStorage.setItem(ordersKey, JSON.stringify(orders));
  } catch {
    // Without storage the list is as long as the page is open.
  }
  showOrders(orders);
}

function showOrders(orders) {
  byId("orders").hidden = orders.length === 0;
  byId("orders-list").replaceChildren(...orders.map((order) =>
    element("li", { class: "card" },
      element("span", { class: "ticket" }, `Order ${order.orderNumber}`),
      element("a", { href: `#/order/${order.orderNumber}` },
        order.quantity ? `${order.quantity} × ${order.title}` : order.title),
      element("span", { class: "price" }, money(order.cost * (order.quantity ?? 1))))));
}

// MARK: Finding the way

function markTopic(topic) {
  for (const link of byId("topics").children) {
    if (link.dataset.topic === topic) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

async function loadTopics() {
  topics = (await ask("/topics")).topics;
  byId("known-topics").replaceChildren(
    ...topics.map((topic) => element("option", { value: topic })));
  byId("topics").replaceChildren(...topics.slice(0, 30).map((topic) =>
    element("a", { href: `#/topic/${encodeURIComponent(topic)}`, "data-topic": topic }, topic)));
}

async function show({ moveFocus = true } = {}) {
  const mine = ++turn;
  let [, kind, value] = location.hash.match(/^#\/(topic|find|book|order)\/(.+)$/) ?? [];
  try {
    value = value && decodeURIComponent(value);
  } catch {
    value = undefined;
  }
  shelf.setAttribute("aria-busy", "true");
  try {
    if (topics.length === 0) await loadTopics();
    if (mine !== turn) return;
    if (!value && topics.length === 0) {
      title("Books", "There are no books yet.");
      shelf.replaceChildren();
    } else {
      const topic = value ? (kind === "topic" ? value : null) : topics[0];
      markTopic(topic);
      if (kind === "book") await showBook(value, mine);
      else if (kind === "order") await showOrder(value, mine);
      else await showBooks(kind === "find" ? byWords(value) : byTopic(topic), mine);
    }
    if (mine === turn) say(null);
  } catch (error) {
    if (mine !== turn) return;
    byId("shelf-count").textContent = "";
    shelf.replaceChildren();
    say(error, error.isOutage ? () => show() : null);
    if (error.isOutage) comeBack(mine);
  } finally {
    if (mine === turn) {
      shelf.removeAttribute("aria-busy");
      if (value && moveFocus) byId("shelf-title").focus({ preventScroll: true });
    }
  }
}

// Looks for the store until it is there again, unless the visitor does something else meanwhile.
async function comeBack(mine) {
  for (;;) {
    await pause(3000);
    if (mine !== turn) return;
    try {
      await ask("/health", { timeout: 5000 });
      if (mine === turn) await show({ moveFocus: false });
      return;
    } catch {
      // Not yet.
    }
  }
}

byId("find").addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = byId("wanted").value.trim();
  if (!wanted) return;
  const known = topics.find((topic) => topic.toLowerCase() === wanted.toLowerCase());
  const next = /^[0-9]+$/.test(wanted)
    ? `#/book/${wanted}`
    : known ? `#/topic/${encodeURIComponent(known)}` : `#/find/${encodeURIComponent(wanted)}`;
  byId("wanted").value = "";
  if (location.hash === next) show();
  else location.hash = next;
});

addEventListener("hashchange", () => {
  // The skip link's target is no view.
  if (location.hash !== "#shelf") show();
});

showOrders(remembered());
show({ moveFocus: false });
