"""What is wrong with a person's answers, said only where it is sure.

Four tests, each in a module of its own. The first three share the policy's chance of error
(1 - confidence), and each divides its third among all people whom it tests (Bonferroni): with
the policy's confidence nobody at all is flagged by chance. All bounds hold at all times at once,
so flags may be looked for after every answer. Nobody is tested on fewer tasks than
`gate.gold.min_tasks` and `gate.annotators.min_tasks` ask for.

`gold_scores`: fails gold. `gaps`: agrees with others far less than they do with each other.
`straight_lining`: gives one answer whatever the task. `speed`: is far faster than the others;
that is no fault by itself, so it is said only beside another flag.
"""

from __future__ import annotations

from sync.gating.people.agreement import Compared
from sync.gating.people.flag import Flag
from sync.gating.people.gaps import far_from_others
from sync.gating.people.gold_scores import GoldScores, below_gold
from sync.gating.people.speed import too_fast
from sync.gating.people.straight_lining import straight_lining
from sync.gating.policy import GatePolicy

#: Tests that share the chance of error.
_TESTS = 3


def flags(compared: Compared, gold: GoldScores, policy: GatePolicy) -> tuple[tuple[Flag, ...], ...]:
    """The flags of each annotator, by code."""
    answers = compared.answers
    confidence, least = policy.gate.confidence, policy.gate.annotators.min_tasks
    error = (1 - confidence) / _TESTS
    found: list[list[Flag]] = [[] for _ in answers.annotators]
    for flag_of in (
        below_gold(gold, policy, error),
        far_from_others(compared, least, confidence, error),
    ):
        for who, flag in flag_of.items():
            found[who].append(flag)
    trusted = [not flagged for flagged in found]
    for who, flag in straight_lining(answers, trusted, least, confidence, error).items():
        found[who].append(flag)
    suspects = [who for who, flagged in enumerate(found) if flagged]
    for who, flag in too_fast(answers, suspects, least, confidence, error).items():
        found[who].append(flag)
    return tuple(map(tuple, found))
