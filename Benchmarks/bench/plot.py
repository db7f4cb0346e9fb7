"""Plots as SVG, written out by hand: bars in groups, and lines over logarithmic axes.

A file holds text and simple shapes only, and its own colours for a light and a dark page.
"""

import math
from html import escape

COLOURS = ["#1f6feb", "#d1570d", "#2c974b", "#8250df", "#bf3989", "#6e7781", "#b08800", "#1b7c83"]
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-size:15px;font-weight:600}"
    ".g{stroke:#d0d7de;stroke-width:1}.n{font-size:10px}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.g{stroke:#30363d}}")


def bars(path, title, groups, unit="", logarithmic=False):
    """`groups` is a list of pairs: a label, and a dictionary of a number by name; one colour for
    each name. A number of None is left out. Bars lie, so that the names have room."""
    names = list(dict.fromkeys(name for _, group in groups for name in group))
    largest = max(v for _, group in groups for v in group.values() if v)
    least = min(v for _, group in groups for v in group.values() if v)
    floor = 10 ** math.floor(math.log10(least)) if logarithmic else 0
    left, width, bar, top = 130, 560, 15, 56 + 18 * len(names)

    def extent(value):
        if logarithmic:
            span = math.log10(largest / floor) or 1
            return max(1.0, width * math.log10(max(value, floor) / floor) / span)
        return width * value / largest

    shapes, y = [], top
    for index, name in enumerate(names):
        at = 46 + 18 * index
        shapes.append(f'<rect x="{left}" y="{at - 10}" width="11" height="11" fill="{colour(index)}"/>')
        shapes.append(f'<text x="{left + 18}" y="{at}">{escape(name)}</text>')
    for label, group in groups:
        middle = y + bar * len(group) / 2 + 4
        shapes.append(f'<text x="{left - 8}" y="{middle:.0f}" text-anchor="end">{escape(label)}</text>')
        for name, value in group.items():
            if value:
                long = extent(value)
                shapes.append(
                    f'<rect x="{left}" y="{y}" width="{long:.1f}" height="{bar - 2}" '
                    f'fill="{colour(names.index(name))}"/>')
                shapes.append(
                    f'<text class="n" x="{left + long + 5:.1f}" y="{y + 10}">{number(value)}</text>')
            y += bar
        y += 12
    note = f"{unit}{', logarithmic' if logarithmic else ''}"
    write(path, left + width + 80, y + 8, title, note, shapes)


def lines(path, title, series, x_label, y_label):
    """`series` is a dictionary of lists of points by name; both axes are logarithmic."""
    points = [p for line in series.values() for p in line if p[1] > 0]
    if not points:
        return
    left, top, width, height = 80, 52, 560, 320
    x0, x1 = decades([p[0] for p in points])
    y0, y1 = decades([p[1] for p in points])

    def place(x, y):
        return (
            left + width * (math.log10(x) - x0) / (x1 - x0),
            top + height * (1 - (math.log10(y) - y0) / (y1 - y0)))

    shapes = []
    for power in range(x0, x1 + 1):
        x, _ = place(10**power, 10**y0)
        shapes.append(f'<line class="g" x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{top + height}"/>')
        shapes.append(
            f'<text x="{x:.1f}" y="{top + height + 18}" text-anchor="middle">{number(10**power)}</text>')
    for power in range(y0, y1 + 1):
        _, y = place(10**x0, 10.0**power)
        shapes.append(f'<line class="g" x1="{left}" y1="{y:.1f}" x2="{left + width}" y2="{y:.1f}"/>')
        shapes.append(
            f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{number(10.0**power)}</text>')
    for index, (name, line) in enumerate(series.items()):
        places = [place(x, y) for x, y in line if y > 0]
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        shapes.append(
            f'<polyline points="{text}" fill="none" stroke="{colour(index)}" stroke-width="2"/>')
        shapes += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour(index)}"/>' for x, y in places]
        at = top + height + 58 + 18 * index
        shapes.append(f'<rect x="{left}" y="{at - 10}" width="11" height="11" fill="{colour(index)}"/>')
        shapes.append(f'<text x="{left + 18}" y="{at}">{escape(name)}</text>')
    shapes.append(
        f'<text x="{left + width / 2}" y="{top + height + 36}" text-anchor="middle">'
        f'{escape(x_label)}</text>')
    write(path, left + width + 40, top + height + 66 + 18 * len(series), title, y_label, shapes)


def decades(values):
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return (low, high) if high > low else (low, low + 1)


def colour(index):
    return COLOURS[index % len(COLOURS)]


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def write(path, width, height, title, note, shapes):
    with open(path, "w") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" '
            f'width="{width}" height="{height:.0f}" role="img">\n<title>{escape(title)}</title>\n'
            f"<style>{STYLE}</style>\n"
            f'<text class="t" x="12" y="22">{escape(title)} '
            f'<tspan class="n" font-weight="400">{escape(note)}</tspan></text>\n'
            + "\n".join(shapes) + "\n</svg>\n")
