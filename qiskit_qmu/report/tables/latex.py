r"""The tables of many runs in LaTeX, with the rules of the package booktabs."""

from itertools import groupby

from qiskit_qmu.evaluation import Column
from qiskit_qmu.evaluation.columns import NOTHING
from qiskit_qmu.metrics import Interval
from qiskit_qmu.report.tables.flat_table import flat_table
from qiskit_qmu.report.tables.groups import Grouping
from qiskit_qmu.report.tables.text import READING

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    **{character: f"\\{character}" for character in "&%$#_"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "²": r"\textsuperscript{2}",
    "×": r"$\times$",
    "“": "``",
    "”": "''",
    "½": r"$\frac12$",
    "−": "$-$",
    "–": "--",
    "…": r"\dots{}",
    "α": r"$\alpha$",
    "λ": r"$\lambda$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def latex(grouping: Grouping, title: str) -> str:
    r"""Return a ``table`` with its caption; the preamble needs ``\usepackage{booktabs}``."""
    table = flat_table(grouping, _with_limits)
    common = ", ".join(f"{name} {value}" for name, value in grouping.common.items())
    caption = ". ".join(filter(None, (title, common, READING)))
    lines = [
        r"% \usepackage{booktabs}",
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{escaped(caption)} Beside each mean stand the limits of its interval.}}",
        rf"\begin{{tabular}}{{{'l' * len(table.axes)}{'r' * len(table.columns)}rl}}",
        r"\toprule",
        *_headings(table.axes, table.columns, table.LAST),
    ]
    for part in table.parts:
        lines.append(r"\midrule")
        lines += [
            _row([cell if cell.startswith("$") else escaped(cell) for cell in row]) for row in part
        ]
    lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return text as LaTeX shows it, whatever it holds."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def _headings(
    axes: tuple[str, ...], columns: tuple[Column, ...], last: tuple[str, ...]
) -> list[str]:
    """Return two lines of headings, with a rule under each that columns share."""
    top, rules, place = [""] * len(axes), [], len(axes) + 1
    for title, own in groupby(columns, lambda column: column.title):
        width = len(list(own))
        top.append(rf"\multicolumn{{{width}}}{{c}}{{{escaped(title)}}}")
        rules.append(rf"\cmidrule(lr){{{place}-{place + width - 1}}}")
        place += width
    below = [*axes, *(column.heading for column in columns), *last]
    return [_row([*top, "", ""]), "".join(rules), _row(list(map(escaped, below)))]


def _row(cells: list[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _with_limits(column: Column, interval: Interval) -> str:
    value = column.show(interval.value)
    if not interval.has_limits:
        return f"${value}$" if value != NOTHING else "--"
    low, high = column.show(interval.low), column.show(interval.high)
    return f"${value}_{{{low}}}^{{{high}}}$".replace(",", "{,}")
