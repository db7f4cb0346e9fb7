// From the counters in GET /status to figures over time. Counters only grow, so a figure is the
// difference between two samples of the same front end, over the time that it says lies between.

const minutes = 10;
const storage = "pygmy.figures";
// What clients ask for; probes, and this page's own questions, are left out.
const clientRoutes = [
  "lookup", "search", "search-words", "topics", "buy", "order", "orders", "restock", "item",
  "catalog.csv", "orders.csv",
];
const searchRoutes = ["search", "search-words", "topics"];

export class Figures {
  constructor() {
    this.samples = new Map();
    this.rates = new Map();
    this.points = load();
  }

  // Takes a status; gives the points of the last ten minutes.
  add(status) {
    const time = Date.now();
    for (const report of reports(status)) this.sample(report, time);
    for (const [name, rate] of this.rates) {
      // A front end that has not answered for a while measures nothing.
      if (time - rate.time > 9000) this.rates.delete(name);
    }
    const added = this.rates.size > 0 ? [point([...this.rates.values()], time)] : [];
    this.points = [...this.points, ...added].filter(
      (one) => one.time > time - minutes * 60000);
    save(this.points);
    return this.points;
  }

  sample(report, time) {
    const now = { requests: report.requests, cache: report.cache };
    const before = this.samples.get(report.server);
    this.samples.set(report.server, now);
    if (!before) return;
    let passed = now.requests.uptimeMilliseconds - before.requests.uptimeMilliseconds;
    // It has started anew: all that it has counted is since then.
    const isNew = passed < 0;
    if (isNew) passed = now.requests.uptimeMilliseconds;
    if (!(passed > 0)) return;
    this.rates.set(report.server, {
      time, seconds: passed / 1000, bounds: now.requests.boundsMilliseconds,
      ...difference(now, isNew ? null : before),
    });
  }

  // Requests a second of one front end; null where it is not known.
  rate(server) {
    const rate = this.rates.get(server);
    return rate ? sum(Object.values(rate.requests)) / rate.seconds : null;
  }
}

// What each front end says of itself; of the one that answered, where it knows of no others.
export function reports(status) {
  const all = (status.frontEnds ?? []).map((entry) => entry.frontEnd).filter(Boolean);
  return (all.length > 0 ? all : [status]).filter(
    (report) => report.requests?.uptimeMilliseconds !== undefined);
}

// Clients' requests that a front end has answered with 500 and above since it started.
export function failures(report) {
  return sum(clientRoutes.flatMap((name) =>
    Object.entries(report.requests.routes[name]?.answers ?? {})
      .filter(([status]) => status >= 500).map(([, count]) => count)));
}

function difference(now, before) {
  const requests = {};
  const durations = [];
  const outcomes = { sold: 0, refused: 0, failed: 0 };
  for (const name of clientRoutes) {
    const route = now.requests.routes[name];
    if (!route) continue;
    const old = before?.requests.routes[name];
    requests[name] = 0;
    for (const [status, count] of Object.entries(route.answers)) {
      const added = count - (old?.answers[status] ?? 0);
      requests[name] += added;
      if (name !== "buy") continue;
      if (status < 300) outcomes.sold += added;
      else if (status < 500) outcomes.refused += added;
      else outcomes.failed += added;
    }
    for (const [index, count] of route.durations.entries()) {
      durations[index] = (durations[index] ?? 0) + count - (old?.durations[index] ?? 0);
    }
  }
  return {
    requests, durations, outcomes,
    hits: now.cache.hits - (before?.cache.hits ?? 0),
    misses: now.cache.misses - (before?.cache.misses ?? 0),
  };
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

function point(rates, time) {
  const perSecond = (value) => sum(rates.map((rate) => value(rate) / rate.seconds));
  const durations = [];
  for (const rate of rates) {
    for (const [index, count] of rate.durations.entries()) {
      durations[index] = (durations[index] ?? 0) + count;
    }
  }
  const hits = perSecond((rate) => rate.hits);
  const misses = perSecond((rate) => rate.misses);
  return {
    time,
    requests: perSecond((rate) => sum(Object.values(rate.requests))),
    lookups: perSecond((rate) => rate.requests.lookup ?? 0),
    searches: perSecond((rate) => sum(searchRoutes.map((name) => rate.requests[name] ?? 0))),
    sold: perSecond((rate) => rate.outcomes.sold),
    refused: perSecond((rate) => rate.outcomes.refused),
    failed: perSecond((rate) => rate.outcomes.failed),
    p50: percentile(durations, rates[0].bounds, 0.5),
    p90: percentile(durations, rates[0].bounds, 0.9),
    p99: percentile(durations, rates[0].bounds, 0.99),
    hits, misses,
    hitRatio: hits + misses > 0 ? 100 * hits / (hits + misses) : null,
  };
}

// A percentile of a histogram in milliseconds: within the bucket that it falls into, in proportion.
export function percentile(counts, bounds, share) {
  const total = sum(counts);
  if (total === 0) return null;
  let left = total * share;
  for (const [index, count] of counts.entries()) {
    if (count >= left && count > 0) {
      const low = index === 0 ? 0 : bounds[index - 1];
      const high = bounds[index] ?? bounds.at(-1);
      return low + (high - low) * (left / count);
    }
    left -= count;
  }
  return bounds.at(-1);
}

// Figures outlive a reload of the page, in this tab.
function load() {
  try {
    return JSON.parse(sessionStorage.getItem(storage)) ?? [];
  } catch {
    return [];
  }
}

function save(points) {
  try {
    sessionStorage.setItem(storage, JSON.stringify(points));
  } catch {
    // Without storage they live as long as the page.
  }
}
