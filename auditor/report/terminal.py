"""The report in a terminal: verdict, claims, what stayed open, what would help."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from auditor.report.claims import ClaimLine
from auditor.report.inert import without_sequences
from auditor.report.rules import RuleLine
from auditor.report.view import View

#: Sign and style of every verdict, rule state and outcome. A pass never shares either with another.
SIGNS: dict[str, tuple[str, str]] = {
    "pass": ("✓", "bold green"),
    "fail": ("✗", "bold red"),
    "inconclusive": ("?", "bold yellow"),
    "waived": ("~", "bold magenta"),
    "not_applicable": ("–", "dim"),
    "unjudged": ("·", "dim"),
    "supports": ("●", "bold blue"),
    "does_not_support": ("○", "blue"),
    "failed": ("!", "bold reverse"),
}


def _text(value: str, style: str = "") -> Text:
    return Text(" ".join(without_sequences(value).split()), style=style)


def _signed(state: str, words: str) -> Text:
    sign, style = SIGNS[state]
    return Text.assemble((f"{sign} ", style), _text(words, style))


def _indented(text: Text, by: int) -> Padding:
    return Padding(text, (0, 0, 0, by), expand=False)


def _bullet(sign: str, text: Text, by: int) -> Padding:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row(Text(sign, style="bold"), text)
    return Padding(grid, (0, 0, 0, by), expand=False)


def render_terminal(view: View, console: Console) -> None:
    """Print the view to ``console``; works from 60 columns on, with or without colour."""
    console.print(_verdict(view))
    if view.attribution:
        console.print(Text("\nWho taught it?", style="bold"))
        console.print(_indented(_text(view.attribution.answer), 2))
        for line in view.attribution.least:
            console.print(_bullet("·", _text(f"Would have been found by {line}", "dim"), 2))
        console.print()
    if view.claims:
        console.print(_claims(view))
    _print_open(view, console)
    _print_waivers(view, console)
    if view.advice:
        console.print(Text("Would add", style="bold"))
        for line in view.advice:
            console.print(_bullet("+", _text(line), 2))
        console.print()
    _print_limits(view, console)


def _verdict(view: View) -> Panel:
    lede = view.lede
    sign, style = SIGNS[lede.state]
    parts: list[RenderableType] = [
        _text(lede.headline, "bold"),
        _text(lede.reason),
        _text(lede.meaning, "dim"),
    ]
    if lede.waived:
        parts.append(_signed("waived", lede.waived))
    if lede.idle_waivers:
        parts.append(_signed("failed", lede.idle_waivers))
    if lede.because:
        parts += [Text(), _text(lede.strongest, "bold")]
        for rule in lede.because:
            head, *rest = _rule(rule)
            parts += [head, *(_indented(line, 2) for line in rest)]
    return Panel(
        Group(*parts),
        title=Text(f" {sign} {lede.status.upper()} ", style=style),
        title_align="left",
        border_style=style.removeprefix("bold "),
        padding=(0, 1),
    )


def _rule(rule: RuleLine) -> list[Text]:
    head = _signed(rule.state, f"{rule.rule} {rule.title}")
    if rule.state == "pass":
        return [head]
    lines = [head, _text(rule.message)]
    if rule.decisive:
        lines.append(_text(f"Would decide it: {rule.decisive}"))
    if rule.waiver:
        lines.append(_text(f"Waived: {rule.waiver}"))
    lines += [_text(link.words, "dim") for link in rule.strengths]
    return lines


def _claims(view: View) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), show_edge=False, expand=True)
    table.add_column("Claim", ratio=3, overflow="fold")
    table.add_column("Outcome", ratio=3, overflow="fold")
    table.add_column("Strength", ratio=5, overflow="fold")
    for line in view.claims:
        table.add_row(_claim(line), _signed(line.state, line.outcome), _strength(line))
    return table


def _claim(line: ClaimLine) -> Text:
    title = _text(line.title, "bold")
    if line.teacher:
        title.append("\n")
        title.append_text(_text(line.teacher))
    return title


def _strength(line: ClaimLine) -> Text:
    text = _text(line.strength)
    for extra in (line.effect, line.controls):
        if extra:
            text.append("\n")
            text.append_text(_text(extra, "dim"))
    return text


def _print_open(view: View, console: Console) -> None:
    if not view.open_points:
        return
    console.print(Text("\nNot decided, and what would decide it", style="bold"))
    for point in view.open_points:
        console.print(
            Padding(
                _signed(point.state, f"{point.title} ({point.outcome.lower()})"), (0, 0, 0, 2), expand=False
            )
        )
        console.print(_indented(_text(point.reason), 4))
        if point.decisive:
            console.print(_bullet("→", _text(point.decisive), 4))
    console.print()


def _print_waivers(view: View, console: Console) -> None:
    if not view.waivers:
        return
    console.print(Text("Waivers", style="bold"))
    for one in view.waivers:
        console.print(_indented(_signed(one.state, f"{one.rule}: {one.outcome.lower()}"), 2))
        for line in filter(None, (one.note, one.reason, f"{one.approval}; {one.scope}")):
            console.print(_indented(_text(line), 4))
    console.print()


def _print_limits(view: View, console: Console) -> None:
    if view.lede.limits:
        console.print(Text("Limits", style="bold"))
        for line in view.lede.limits:
            console.print(_bullet("·", _text(line), 2))
        if view.lede.more_limits:
            console.print(_indented(_text(view.lede.more_limits, "dim"), 4))
