// A plot of values over the last minutes, drawn as SVG at the size at which it is shown. It is read
// with a pointer, with a finger, or with the keyboard: it is a slider over its points, since screen
// readers leave the arrow keys to a slider, and says in words what each point shows.

import { clock, drawing, element } from "/common.js";

const margin = { left: 44, right: 8, top: 8, bottom: 20 };

export class Plot {
  // series: [{ key, name }], format: a number to a text, headline: the latest point to [text, unit],
  // lowest: the least value that can be told apart, where the scale is logarithmic.
  constructor({ title, unit, series, format, headline, maximum, lowest, minutes = 10 }) {
    Object.assign(this, { title, unit, series, format, headline, maximum, lowest, minutes });
    this.points = [];
    this.chosen = null;
    this.now = element("p", { class: "plot-now" });
    this.legend = element("ul", { class: "legend" });
    this.canvas = drawing("svg", { class: "canvas", "aria-hidden": "true" });
    this.area = element("div", {
      class: "area", role: "slider", tabIndex: 0,
      "aria-label": `${title} over the last ${minutes} minutes, in ${unit}`,
    }, this.canvas);
    this.node = element("article", { class: "plot card" },
      element("div", { class: "plot-head" }, element("h3", {}, title), this.now),
      this.legend, this.area);
    this.listen();
    this.describe();
    new ResizeObserver(() => this.draw()).observe(this.area);
  }

  update(points) {
    this.points = points;
    // The moment that is being read has left the plot.
    if (this.chosen !== null && !points.some((point) => point.time === this.chosen)) {
      this.chosen = points.at(-1)?.time ?? null;
    }
    this.draw();
  }

  // MARK: Reading

  listen() {
    const choose = (event) => {
      const box = this.canvas.getBoundingClientRect();
      const from = Date.now() - this.minutes * 60000;
      const share = (event.clientX - box.left - margin.left)
        / (box.width - margin.left - margin.right);
      const time = from + share * this.minutes * 60000;
      let best = null;
      for (const [index, point] of this.points.entries()) {
        const distance = Math.abs(point.time - time);
        if (best === null || distance < best.distance) best = { index, distance };
      }
      this.choose(best && best.distance < 15000 ? this.points[best.index].time : null);
    };
    this.canvas.addEventListener("pointermove", choose);
    this.canvas.addEventListener("pointerdown", choose);
    this.canvas.addEventListener("pointerleave", () => this.choose(null));
    this.area.addEventListener("blur", () => this.choose(null));
    this.area.addEventListener("focus", () => {
      if (this.chosen === null && this.area.matches(":focus-visible")) {
        this.choose(this.points.at(-1)?.time ?? null);
      }
    });
    this.area.addEventListener("keydown", (event) => {
      const steps = {
        ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10,
      };
      const last = this.points.length - 1;
      if (last < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
      const at = this.points.findIndex((point) => point.time === this.chosen);
      if (event.key in steps) {
        const next = (at < 0 ? last : at) + steps[event.key];
        this.choose(this.points[Math.min(last, Math.max(0, next))].time);
      } else if (event.key === "Home") this.choose(this.points[0].time);
      else if (event.key === "End") this.choose(this.points[last].time);
      else if (event.key === "Escape") this.choose(null);
      else return;
      event.preventDefault();
      this.describe();
    });
  }

  choose(time) {
    if (time === this.chosen) return;
    this.chosen = time;
    this.draw();
  }

  // What is read out: the chosen point, or the latest.
  describe() {
    const latest = this.points.at(-1);
    const point = this.points.find((one) => one.time === this.chosen) ?? latest;
    const seconds = (one) => `${Math.round((one?.time ?? 0) / 1000)}`;
    this.area.setAttribute("aria-valuemin", seconds(this.points[0]));
    this.area.setAttribute("aria-valuemax", seconds(latest));
    this.area.setAttribute("aria-valuenow", seconds(point));
    this.area.setAttribute("aria-valuetext", point
      ? `${clock(new Date(point.time))}: ${this.words(point)}` : "No figures yet");
  }

  words(point) {
    return this.series.map(({ key, name }) =>
      `${name} ${point[key] === null ? "none" : this.format(point[key])}`).join(", ");
  }

  // MARK: Drawing

  draw() {
    const width = this.area.clientWidth;
    const height = this.canvas.clientHeight;
    const latest = this.points.at(-1) ?? null;
    const point = this.points.find((one) => one.time === this.chosen) ?? latest;
    this.drawWords(latest, point);
    if (width === 0 || height === 0) return;
    this.canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);

    const until = Date.now();
    const from = until - this.minutes * 60000;
    const shown = this.points.filter((one) => one.time >= from);
    const values = shown.flatMap((one) => this.series.map(({ key }) => one[key] ?? 0));
    const scale = this.scale(Math.max(0, ...values));
    const x = (time) =>
      margin.left + (time - from) / (until - from) * (width - margin.left - margin.right);
    const y = (value) =>
      height - margin.bottom - scale.share(value) * (height - margin.top - margin.bottom);

    const parts = [];
    for (const mark of scale.marks) {
      const level = y(mark);
      parts.push(
        drawing("line", {
          class: "grid", x1: margin.left, x2: width - margin.right, y1: level, y2: level,
        }),
        drawing("text", { x: margin.left - 6, y: level + 4, "text-anchor": "end" },
          this.format(mark)));
    }
    const labels = width < 420 ? [10, 5, 0] : [10, 8, 6, 4, 2, 0];
    for (const minute of labels) {
      parts.push(drawing("text", {
        x: x(until - minute * 60000), y: height - 4,
        "text-anchor": minute === 0 ? "end" : minute === this.minutes ? "start" : "middle",
      }, minute === 0 ? "now" : `−${minute} min`));
    }
    if (shown.length < 2) {
      parts.push(drawing("text", {
        class: "empty", x: (width + margin.left) / 2, y: height / 2, "text-anchor": "middle",
      }, shown.length === 0 ? "No figures yet" : "Measuring …"));
    }
    for (const [index, { key }] of this.series.entries()) {
      const name = `s${index + 1}`;
      for (const run of runs(shown, key)) {
        const line = run.map((one) => `${x(one.time).toFixed(1)},${y(one[key]).toFixed(1)}`);
        if (index === 0) {
          const floor = y(scale.marks[0]).toFixed(1);
          parts.push(drawing("polygon", {
            class: `fill ${name}`,
            points: [`${x(run[0].time).toFixed(1)},${floor}`, ...line,
              `${x(run.at(-1).time).toFixed(1)},${floor}`].join(" "),
          }));
        }
        parts.push(drawing("polyline", { class: `line ${name}`, points: line.join(" ") }));
      }
    }
    if (this.chosen !== null && point && point.time >= from) {
      const at = x(point.time);
      parts.push(drawing("line", {
        class: "cross", x1: at, x2: at, y1: margin.top, y2: height - margin.bottom,
      }));
      for (const [index, { key }] of this.series.entries()) {
        if (point[key] === null) continue;
        parts.push(drawing("circle", {
          class: `dot s${index + 1}`, cx: at, cy: y(point[key]), r: 4,
        }));
      }
    }
    this.canvas.replaceChildren(...parts);
  }

  // Where a value lies between bottom and top, as a share, and which values are marked.
  scale(highest) {
    const clamped = (share) => Math.min(1, Math.max(0, share));
    if (this.lowest === undefined) {
      const top = this.maximum ?? niceTop(highest);
      return { marks: [0, top / 2, top], share: (value) => clamped(value / top) };
    }
    const decades = Math.max(2, Math.ceil(Math.log10(Math.max(highest, this.lowest) / this.lowest)));
    const step = decades > 4 ? 2 : 1;
    const marks = [];
    for (let decade = 0; decade <= decades; decade += step) marks.push(this.lowest * 10 ** decade);
    return {
      marks,
      share: (value) => clamped(
        Math.log10(Math.max(value, this.lowest) / this.lowest) / decades),
    };
  }

  drawWords(latest, point) {
    const [text, unit] = latest ? this.headline(latest) : ["–", this.unit];
    this.now.replaceChildren(text, " ", element("small", {}, unit));
    this.legend.replaceChildren(...this.series.map(({ key, name }, index) =>
      element("li", {},
        drawing("svg", { viewBox: "0 0 20 8", "aria-hidden": "true" },
          drawing("line", { class: `line s${index + 1}`, x1: 1, x2: 19, y1: 4, y2: 4 })),
        name, " ",
        element("b", {}, point && point[key] !== null ? this.format(point[key]) : "–"))));
    if (this.chosen !== null && point) {
      this.legend.append(element("li", {}, clock(new Date(point.time))));
    }
    // Where nothing is chosen, what has the focus stays as it was read: it would be read anew with
    // each figure.
    if (this.chosen !== null || document.activeElement !== this.area) this.describe();
  }
}

// The stretches without a gap: where a value is missing, or nobody was there to measure.
function runs(points, key) {
  const runs = [];
  let last = null;
  for (const point of points) {
    if (point[key] === null) {
      last = null;
      continue;
    }
    if (last === null || point.time - last.time > 15000) runs.push([]);
    runs.at(-1).push(point);
    last = point;
  }
  return runs;
}

// The next of 1, 2, 5, 10 … above a value.
function niceTop(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 1.02)
    ?? 20 * power;
}
