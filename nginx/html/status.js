// The operator's page: asks GET /status every two seconds, says in a sentence how the store is, and
// draws what it is told. Nothing here is made up: what a server does not say is not shown.

import { ask, byId, clock, counted, element, span } from "/common.js";
import { failures, Figures, reports } from "/figures.js";
import { Plot } from "/plot.js";

const interval = 2000;
const figures = new Figures();

const rate = (value) =>
  value >= 100 ? Math.round(value).toLocaleString("en")
    : value >= 10 ? value.toFixed(0) : value === 0 ? "0" : value.toFixed(1);
const milliseconds = (value) =>
  value >= 1000 ? `${(value / 1000).toFixed(1)} s`
    : value >= 10 ? `${value.toFixed(0)} ms`
      : value >= 1 ? `${value.toFixed(1).replace(".0", "")} ms` : `${Number(value.toFixed(2))} ms`;
const percent = (value) => `${value.toFixed(Number.isInteger(value) ? 0 : 1)} %`;

const plots = [
  new Plot({
    title: "Requests", unit: "a second", format: rate,
    series: [
      { key: "requests", name: "all" }, { key: "lookups", name: "lookups" },
      { key: "searches", name: "searches" },
    ],
    headline: (point) => [rate(point.requests), "a second"],
  }),
  new Plot({
    title: "Buys", unit: "a second", format: rate,
    series: [
      { key: "sold", name: "sold" }, { key: "refused", name: "refused" },
      { key: "failed", name: "failed" },
    ],
    headline: (point) => [rate(point.sold), "sold a second"],
  }),
  new Plot({
    title: "Latency", unit: "milliseconds", format: milliseconds, lowest: 0.01,
    series: [
      { key: "p50", name: "half within" }, { key: "p90", name: "90 % within" },
      { key: "p99", name: "99 % within" },
    ],
    headline: (point) => point.p50 === null ? ["–", "no requests"]
      : [milliseconds(point.p99), "for 99 %"],
  }),
  new Plot({
    title: "Cache", unit: "percent", format: percent, maximum: 100,
    series: [{ key: "hitRatio", name: "lookups found in the cache" }],
    headline: (point) => point.hitRatio === null ? ["–", "no lookups"]
      : [percent(point.hitRatio), "hits"],
  }),
];
byId("plots").replaceChildren(...plots.map((plot) => plot.node));

// MARK: The verdict

function verdict(kind, title, faults = []) {
  const node = byId("verdict");
  // Said anew only where it has changed, so that a screen reader is not kept talking.
  const text = [kind, title, ...faults].join("\n");
  if (node.dataset.text === text) return;
  node.dataset.text = text;
  node.className = `verdict ${kind}`;
  byId("verdict-title").textContent = title;
  byId("verdict-faults").replaceChildren(...faults.map((fault) => element("li", {}, fault)));
}

function judge(status) {
  const bad = [];
  const warn = [];
  const groups = [["catalogServer", "catalog"], ["orderServer", "order"]];
  for (const [kind, name] of groups) {
    const servers = status.servers.filter((server) => server.kind === kind);
    const serving = servers.filter((server) => server.reachable && server.serving);
    const hasPrimary = serving.some((server) => server.role === "primary");
    if (serving.length === 0) bad.push(`No ${name} server serves: ${consequence(kind)}.`);
    else if (!hasPrimary) bad.push(`The ${name} servers have no primary: nothing can be bought.`);
    for (const server of servers) {
      if (!server.reachable) {
        warn.push(`${server.name} has not answered since ${clock(new Date(server.since))}.`);
      } else if (server.role === "joining") {
        warn.push(`${server.name} is catching up and not yet a member of its group.`);
      } else if (!server.serving) {
        warn.push(`${server.name} answers but does not serve`
          + `${server.replica?.waitsFor ? `: it waits for ${server.replica.waitsFor}` : ""}.`);
      }
    }
  }
  const frontEnds = status.frontEnds ?? [];
  for (const front of frontEnds) {
    if (!front.reachable) warn.push(`${front.name} does not answer.`);
  }
  for (const server of status.servers) {
    // Cut off from some: where all say so, it is down, and that is said above.
    const reachedBy = server.reachedBy ?? [];
    const cutOff = frontEnds.filter((front) => front.reachable && !reachedBy.includes(front.name));
    if (reachedBy.length > 0 && cutOff.length > 0) {
      warn.push(`${cutOff.map((front) => front.name).join(" and ")} cannot reach ${server.name},`
        + ` but ${reachedBy.join(" and ")} can.`);
    }
  }
  for (const report of reports(status)) {
    if (!report.cache.lease.held && bad.length === 0) {
      warn.push(`${report.server} has no lease, so it does not use its cache.`);
    }
  }
  if (bad.length > 0) return verdict("bad", "The store does not work as it should", [...bad, ...warn]);
  if (warn.length > 0) {
    return verdict("warn", "The store works, but something is amiss", warn);
  }
  const count = status.servers.length + (status.frontEnds?.length ?? 1);
  verdict("good", `All is well: ${counted(count, "server")} answer and serve`);
}

const consequence = (kind) =>
  kind === "catalogServer" ? "nothing can be looked up or bought" : "nothing can be bought";

// MARK: Servers

function fact(name, value, kind = "") {
  return element("div", {}, element("dt", {}, name), element("dd", { class: kind }, value));
}

function serverNode(name, badges, address, facts, why, extra) {
  return element("li", { class: "server", "data-server": name },
    element("div", { class: "server-head" },
      element("h4", {}, name),
      ...badges.map(([text, kind]) => element("span", { class: `badge ${kind}` }, text))),
    address ? element("code", { class: "address" }, address) : null,
    facts.length > 0 ? element("dl", {}, ...facts) : null,
    why ? element("p", { class: "why" }, why) : null,
    extra ?? null);
}

function replicaNode(server, status) {
  const badges = server.reachable
    ? [[server.role ?? "no view", server.role ?? ""]] : [["not answering", "gone"]];
  if (server.reachable && !server.serving && server.role !== "joining") {
    badges.push(["not serving", "joining"]);
  }
  const facts = [];
  const replica = server.replica;
  const since = (Date.now() - new Date(server.since)) / 1000;
  facts.push(fact(server.reachable ? "Reachable for" : "Gone for", span(since),
    server.reachable ? "" : "bad"));
  if (server.view) facts.push(fact("View", `${server.view.number}`));
  const lag = lagOf(server, status);
  if (lag !== null) {
    facts.push(fact("Behind by", lag === 0 ? "nothing" : counted(lag, "entry", "entries"),
      lag > 100 ? "warn" : ""));
  }
  if (replica) {
    facts.push(fact("Committed", replica.commitIndex.toLocaleString("en")));
    if (replica.leaseMilliseconds !== null && replica.leaseMilliseconds !== undefined) {
      facts.push(fact("Lease", `${replica.leaseMilliseconds.toLocaleString("en")} ms`,
        replica.leaseMilliseconds <= 0 ? "warn" : ""));
    }
  }
  const why = server.reachable && replica?.waitsFor ? `Waits for ${replica.waitsFor}` : null;
  return serverNode(server.name, badges, server.address, facts, why);
}

// By how many entries a server's log is shorter than the primary's, as the primary says; null where
// nobody knows.
function lagOf(server, status) {
  if (!server.reachable) return null;
  const primary = status.servers.find((one) =>
    one.kind === server.kind && one.reachable && one.role === "primary");
  if (primary?.name === server.name) return null;
  return primary?.replica?.peers?.find((peer) => peer.name === server.name)?.lag ?? null;
}

function groupNode(title, kind, status) {
  const servers = status.servers.filter((server) => server.kind === kind);
  const views = servers.filter((server) => server.reachable).map((server) => server.view)
    .filter(Boolean).sort((a, b) => b.number - a.number);
  const words = views.length > 0
    ? `View ${views[0].number}: ${views[0].members.join(", ")}` : "No view is known";
  return element("section", { class: "group card", "aria-label": title },
    element("div", { class: "group-head" }, element("h3", {}, title), element("p", {}, words)),
    element("ul", {}, ...servers.map((server) => replicaNode(server, status))));
}

function frontEndNode(name, isReachable, report) {
  if (!report) {
    return serverNode(name, [isReachable ? ["answers", "serving"] : ["not answering", "gone"]],
      null, [], null);
  }
  const cache = report.cache;
  const lookups = cache.hits + cache.misses;
  const ratio = lookups > 0 ? 100 * cache.hits / lookups : null;
  const now = figures.rate(report.server);
  const meter = element("div", { class: "meter", "aria-hidden": "true" }, element("span"));
  meter.style.setProperty("--share", `${ratio ?? 0}%`);
  return serverNode(name,
    [cache.lease.held ? ["caching", "serving"] : ["no lease", "joining"]], null,
    [
      fact("Up for", span(report.uptimeSeconds)),
      fact("Requests", now === null ? "…" : `${rate(now)} /s`),
      fact("Hit ratio", ratio === null ? "–" : percent(ratio)),
      fact("In the cache", counted(cache.entries, "book")),
      fact("Invalidated", cache.invalidations.toLocaleString("en")),
      fact("Failed", failures(report).toLocaleString("en"),
        failures(report) > 0 ? "warn" : ""),
    ], null, meter);
}

function showServers(status) {
  const fronts = (status.frontEnds ?? [{ name: status.server, reachable: true, frontEnd: status }]);
  byId("groups").replaceChildren(
    groupNode("Catalog", "catalogServer", status),
    groupNode("Orders", "orderServer", status),
    element("section", { class: "group card", "aria-label": "Front ends" },
      element("div", { class: "group-head" }, element("h3", {}, "Front ends")),
      element("ul", {}, ...fronts.map((front) =>
        frontEndNode(front.name, front.reachable, front.frontEnd)))));
  byId("groups").classList.remove("stale");
  byId("seen-by").textContent = `As ${status.server} sees them, version ${status.version}.`;
}

// MARK: Asking

let isPaused = false;
let lastAnswer = null;

function tell() {
  byId("updated").textContent = isPaused
    ? `Paused; as of ${lastAnswer ? clock(lastAnswer) : "never"}`
    : lastAnswer ? `As of ${clock(lastAnswer)}` : "No answer yet";
}

async function look() {
  try {
    const status = await ask("/status", { timeout: 6000 });
    lastAnswer = new Date();
    const points = figures.add(status);
    judge(status);
    showServers(status);
    for (const plot of plots) plot.update(points);
  } catch (error) {
    verdict("bad", "The store does not answer", [
      error.message, lastAnswer ? `The last answer came at ${clock(lastAnswer)}.`
        : "It has not answered since this page was opened.",
    ]);
    byId("groups").classList.add("stale");
    for (const plot of plots) plot.draw();
  }
  tell();
}

// One after another: a store that is slow is not asked more often for that.
async function run() {
  for (;;) {
    if (!isPaused && !document.hidden) await look();
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}

byId("pause").addEventListener("click", (event) => {
  isPaused = !isPaused;
  event.target.textContent = isPaused ? "Go on" : "Pause";
  event.target.setAttribute("aria-pressed", String(isPaused));
  tell();
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !isPaused) look();
});

run();
