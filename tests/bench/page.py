#!/usr/bin/env python3
"""Writes the table of docs/performance.md from the figures that tests/bench/run --json has left.

    tests/bench/page.py FIGURES.json docs/performance.md
    tests/bench/page.py --check        tries itself
"""
import json
import statistics
import sys

BEGIN, END = "<!-- figures: tests/bench/run --page writes them -->", "<!-- end of the figures -->"


def spread(values, unit=""):
    """The median, and in brackets the least and the most."""
    return f"{statistics.median(values):.2f}{unit} ({min(values):.2f} … {max(values):.2f})"


def row(comparison):
    ours = [elapsed for elapsed, _ in comparison["ours"]]
    theirs = [elapsed for elapsed, _ in comparison["theirs"]]
    ratios = [other / own for own, other in zip(ours, theirs, strict=True)]
    unit = " " + comparison["unit"]
    return f"| {comparison['what']} | {comparison['other']} | **{spread(ratios, ' ×')}** | {spread(ours, unit)} | {spread(theirs, unit)} |"


def table(figures):
    rounds = {len(comparison["ours"]) for comparison in figures["comparisons"]}
    lines = ["| what | beside | ratio | crossfade | other |", "|---|---|---|---|---|"]
    lines += [row(comparison) for comparison in figures["comparisons"]]
    lines += ["", f"Medians of {'/'.join(map(str, sorted(rounds)))} rounds by turns, in brackets the least and the most; {figures['date']}, {figures['plans']:,} plans of "
              f"{figures['exercises_a_plan']} exercises, {figures['changes']:,} changes.",
              f"{figures['machine']}; {', '.join(figures['server'])}; load average {figures['load'][0]} before and {figures['load'][1]} at the end."]
    return "\n".join(lines)


def with_table(page, figures):
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table(figures)}\n{END}{after}"


def check():
    figures = {"date": "2026-01-02", "machine": "2 × a processor", "server": ["PostgreSQL 15.1", "fsync = on"], "load": [0.1, 2.0], "plans": 50000,
               "exercises_a_plan": 30, "changes": 300000,
               "comparisons": [{"what": "backfill", "other": "a script", "unit": "s", "ours": [[10, 15], [8, 15], [16, 16]], "theirs": [[20, 19], [40, 19], [40, 20]]}]}
    page = with_table(f"# Page\n{BEGIN}\nold\n{END}\nrest\n", figures)
    assert "| backfill | a script | **2.50 × (2.00 … 5.00)** | 10.00 s (8.00 … 16.00) | 40.00 s (20.00 … 40.00) |" in page, page
    assert "Medians of 3 rounds" in page and "fsync = on" in page and "load average 0.1 before and 2.0 at the end" in page, page
    assert page.startswith("# Page\n") and page.endswith("\nrest\n") and "old" not in page, page
    assert with_table(page, figures) == page


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        check()
    else:
        figures_file, page_file = sys.argv[1:]
        with open(figures_file, encoding="utf-8") as file:
            made = json.load(file)
        with open(page_file, encoding="utf-8") as file:
            written = with_table(file.read(), made)
        with open(page_file, "w", encoding="utf-8") as file:
            file.write(written)
