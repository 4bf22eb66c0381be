"""What the processes of an engine use: processor time and memory, as Linux accounts for them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TEMPORAL = "temporal"
_MODELS = b"assay.adapters.llm.child"


@dataclass(frozen=True, slots=True)
class Usage:
    """Of some processes together.

    Attributes:
        cpu_seconds: in user and kernel mode since they started, children that have ended included.
        peak_megabytes: the sum of the most memory that each of them had in itself at any time; pages that
            they share count in each.
    """

    cpu_seconds: float = 0.0
    peak_megabytes: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.cpu_seconds + other.cpu_seconds, self.peak_megabytes + other.peak_megabytes)


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    name: str
    parent: int
    own_seconds: float
    ended_children_seconds: float


def usage_of(pid: int) -> dict[str, Usage]:
    """What an engine and its children use, by role: `engine`, `temporal`, `models`, `hog` (the others).

    Returns:
        Nothing where the system does not tell (it is not Linux).
    """
    processes = {process.pid: process for process in _processes()}
    if pid not in processes:
        return {}
    engine = processes[pid]
    used = {
        "engine": Usage(engine.own_seconds, _peak_megabytes(pid)),
        "hog": Usage(engine.ended_children_seconds),
        "models": Usage(),
        "temporal": Usage(),
    }
    for process in processes.values():
        if process.parent == pid:
            used[_role(process)] += Usage(process.own_seconds, _peak_megabytes(process.pid))
    return used


def _role(child: _Process) -> str:
    if child.name.startswith(_TEMPORAL):
        return "temporal"
    try:
        command = (_PROC / str(child.pid) / "cmdline").read_bytes()
    except OSError:  # it has ended
        command = b""
    return "models" if _MODELS in command else "hog"


def cpu_between(before: Mapping[str, Usage], after: Mapping[str, Usage]) -> dict[str, float]:
    """Processor seconds of each role from one moment to another."""
    return {role: round(used.cpu_seconds - before[role].cpu_seconds, 2) for role, used in after.items()}


def peaks(used: Mapping[str, Usage]) -> dict[str, int]:
    """Peak megabytes (10^6 bytes) of each role."""
    return {role: round(each.peak_megabytes) for role, each in used.items()}


def _processes() -> Iterator[_Process]:
    for folder in _PROC.glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:  # it has ended
            continue
        # The name is in brackets and may hold blanks and brackets itself.
        name = stat[stat.index("(") + 1 : stat.rindex(")")]
        fields = stat[stat.rindex(")") + 2 :].split()
        tick = os.sysconf("SC_CLK_TCK")
        user, kernel, children_user, children_kernel = (int(field) / tick for field in fields[11:15])
        yield _Process(
            pid=int(folder.name),
            name=name,
            parent=int(fields[1]),
            own_seconds=user + kernel,
            ended_children_seconds=children_user + children_kernel,
        )


def _peak_megabytes(pid: int) -> float:
    try:
        status = (_PROC / str(pid) / "status").read_text()
    except OSError:
        return 0.0
    lines = dict(line.partition(":")[::2] for line in status.splitlines())
    return int(lines.get("VmHWM", "0 kB").split()[0]) * 1024 / 1e6
