"""Tables for people, CSV files for programs, and the demands with what was reached."""

import csv
import os
import sys

from . import plot


class Report:
    def __init__(self, folder):
        self.folder = folder
        self.demands = []
        os.makedirs(folder, exist_ok=True)

    def say(self, text):
        print(text, flush=True)

    def progress(self, text):
        if sys.stderr.isatty():
            print(f"  … {text}", file=sys.stderr, flush=True)

    def table(self, name, title, header, rows):
        """Prints a table and writes it to results/NAME.csv."""
        cells = [header] + [[shown(cell) for cell in row] for row in rows]
        widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
        self.say(f"\n{title}\n")
        for index, row in enumerate(cells):
            first = row[0].ljust(widths[0])
            rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
            self.say("  " + "  ".join([first] + rest))
            if index == 0:
                self.say("  " + "  ".join("-" * width for width in widths))
        with open(os.path.join(self.folder, f"{name}.csv"), "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)

    def bars(self, name, title, groups, **options):
        """Writes results/NAME.svg: see plot.bars."""
        plot.bars(os.path.join(self.folder, f"{name}.svg"), title, groups, **options)

    def lines(self, name, title, series, x_label, y_label):
        """Writes results/NAME.svg: see plot.lines."""
        plot.lines(os.path.join(self.folder, f"{name}.svg"), title, series, x_label, y_label)

    def demand(self, what, reached, demanded, at_least=True, unit=""):
        """Records a figure beside the one that is demanded, and prints both."""
        is_met = reached >= demanded if at_least else reached <= demanded
        self.demands.append([
            what, f"{reached:.2f}{unit}",
            f"{'at least' if at_least else 'at most'} {demanded:g}{unit}",
            "met" if is_met else "NOT MET",
        ])

    def summarize(self):
        if self.demands:
            self.table(
                "demands", "What is demanded", ["figure", "reached", "demanded", ""], self.demands)


def shown(cell):
    if isinstance(cell, float):
        if cell >= 1000:
            return f"{cell:,.0f}"
        return f"{cell:.3f}" if cell < 0.1 else f"{cell:.2f}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return str(cell)
