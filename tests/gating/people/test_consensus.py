"""The majority, against an independent library and by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from sync.gating.coefficients.ratings import ratings
from sync.gating.people.consensus import majority

ROWS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 5), st.sampled_from("abc")),
    unique_by=lambda row: row[:2],
    min_size=1,
)


def test_a_tie_stays_a_tie() -> None:
    """Two answers that are given equally often are both the consensus."""
    found = majority(ratings([(7, 1, "b"), (7, 2, "a"), (8, 1, "a"), (8, 2, "a"), (8, 3, "b")]))
    assert [(c.item, c.values, c.tied) for c in found] == [
        (7, ("a", "b"), True),
        (8, ("a",), False),
    ]
    assert [c.share for c in found] == [0.5, 2 / 3]


@seed(1)
@given(ROWS)
def test_nobody_is_said_more_often(rows: list[tuple[int, int, str]]) -> None:
    """The consensus holds exactly the answers that no other outnumbers, counted by hand."""
    for consensus in majority(ratings(rows)):
        given_ = [value for item, _, value in rows if item == consensus.item]
        counts = {value: given_.count(value) for value in set(given_)}
        most = max(counts.values())
        assert set(consensus.values) == {v for v, n in counts.items() if n == most}
        assert consensus.share == most / len(given_)


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, max_examples=30)
@seed(1)
@given(ROWS)
def test_an_independent_library_agrees(rows: list[tuple[int, int, str]]) -> None:
    """crowd-kit's majority vote is one of the values, and the only one where there is no tie."""
    import pandas as pd
    from crowdkit.aggregation import MajorityVote

    theirs = MajorityVote().fit_predict(pd.DataFrame(rows, columns=["task", "worker", "label"]))
    for consensus in majority(ratings(rows)):
        assert theirs[consensus.item] in consensus.values
