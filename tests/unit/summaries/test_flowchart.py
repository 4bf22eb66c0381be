"""Which texts are Mermaid flowcharts; what Mermaid refuses is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.summaries.flowchart import MOST_EDGES, flowchart_problem

EVERYTHING = r"""
%% what happened
flowchart LR
    A["Asks (politely)"] -- re-ask --> B{Is it known?}
    B -->|yes| C([Answers]); B -. no .-> D[[Looks it up]]
    D == found ==> E[(Store)] & F((Cache)) --> G(((End)))
    subgraph one [First part]
        direction TB
        H>Flag] --- I{{Prepares}}
        subgraph Inner steps
            J[/In/] <--> K[\Out\] ~~~ L[/Wide\]
        end
    end
    subgraph "Second part"
        M -.- N x--x O o--o P ==> Q
    end
    classDef big fill:#f9f,stroke:#333,stroke-width:4px
    class A,B big
    style C fill:#bbf
    linkStyle 0 stroke:red
    Q:::big ----> R1-a.b
"""


@pytest.mark.parametrize(
    "diagram",
    [
        EVERYTHING,
        EVERYTHING.replace("\n", "\r\n"),
        "graph TD\nA-->B",
        "graph TD;A-->B;B-->C;",
        "graph\nA",
        "flowchart BT\nend_of_day --> weekend",
        'flowchart TD\nA["a@b.c says: f(x) | [y]"] --> |"why?"| B[text with > and < in it]',
    ],
    ids=range(7),
)
def test_flowcharts(diagram: str) -> None:
    assert flowchart_problem(diagram) is None


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        ("A --> end", "word of the language"),
        ("end-user --> B", "word of the language"),
        ("A --> style", "word of the language"),
        ("A -> B", "cannot stand here"),
        ("A --> B -->", "a node is missing"),
        ("--> B", "a node is missing"),
        ("A[f(x)]", "cannot stand here"),
        ("A[]", "cannot stand here"),
        ('A[""]', "cannot stand here"),
        ('A[ "x"]', "cannot stand here"),
        ('A["x" y]', "cannot stand here"),
        ('A["x]', "cannot stand here"),
        ("A[x", "cannot stand here"),
        ("A(x]", "cannot stand here"),
        ("A [x]", "cannot stand here"),
        ("A[a@b]", "cannot stand here"),
        ("A[/x]", "cannot stand here"),
        ("A --> B C", "cannot stand here"),
        ("A -->|x B", "a node is missing"),
        ("A[goes in direction LR]", "reads like a direction"),
        ("subgraph X\nA", "no `end`"),
        ("A\nend", "no subgraph to end"),
        ("subgraph Front end\nA\nend", "word of the language"),
        ("subgraph A\nA --> B\nend", "the subgraph that it would be in"),
        ("subgraph A\nsubgraph A\nB\nend\nend", "in itself"),
        ('click A "https://example.com"', "word of the language"),
        ('A@{ shape: rect, label: "x" }', "cannot stand here"),
        ("%%{init: {}}%%\nA", "directives"),
        ("A %% comment", "Comments"),
        ("é --> B", "a node is missing"),
        ("classDef big", "word of the language"),
        ("", "no nodes"),
        ("%% only this", "no nodes"),
    ],
    ids=range(33),
)
def test_what_is_no_flowchart(statements: str, why: str) -> None:
    problem = flowchart_problem(f"flowchart TD\n{statements}\n")
    assert problem is not None
    assert why in problem


@pytest.mark.parametrize(
    "diagram",
    [
        "",
        "A --> B",
        "flowchart TD",
        "flowchart TD A-->B",
        "sequenceDiagram\nA->>B: Hi",
        "flowchart UP\nA",
        "a → b",
    ],
    ids=range(7),
)
def test_what_has_another_header(diagram: str) -> None:
    assert "does not begin" in (flowchart_problem(diagram) or "")


def test_there_are_bounds() -> None:
    edges = "\n".join(f"A{number} --> B{number}" for number in range(MOST_EDGES))
    assert flowchart_problem(f"graph TD\n{edges}") is None
    assert "edges" in (flowchart_problem(f"graph TD\n{edges}\nX --> Y") or "")
    many = " & ".join(f"A{number}" for number in range(30))
    assert "edges" in (flowchart_problem(f"graph TD\n{many} --> {many}") or "")
    assert "longer" in (flowchart_problem("graph TD\n" + "A\n" * 15_000) or "")


@given(
    st.lists(
        st.sampled_from(
            ["A", " ", "-->", "[", "]", '"', "x", "&", "end", "\n", ";", "|", "--", "%%", "(", "~~~"]
        )
    )
)
def test_nothing_breaks_it(parts: list[str]) -> None:
    problem = flowchart_problem("flowchart TD\n" + "".join(parts))
    assert problem is None or problem.endswith(".")
