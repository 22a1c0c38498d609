"""Tokens and cost of a project, kept on disk."""

from __future__ import annotations

from dataclasses import dataclass

from backend.llm.options import LlmOptions
from backend.llm.storage import Storage

_MILLION = 1_000_000


@dataclass(frozen=True)
class Usage:
    """Tokens of one request."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Spent:
    """What a model has taken so far."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    #: Tasks that were answered without a request.
    remembered: int = 0
    #: In the currency of the options' prices.
    cost: float = 0.0

    def since(self, before: Spent) -> Spent:
        """What was added."""
        return Spent(
            self.requests - before.requests,
            self.input_tokens - before.input_tokens,
            self.output_tokens - before.output_tokens,
            self.remembered - before.remembered,
            self.cost - before.cost,
        )


class Account:
    """The account of one project with one model."""

    def __init__(self, storage: Storage, options: LlmOptions) -> None:
        """Prices and bound come from the options."""
        self._storage, self._options = storage, options
        with storage.writing() as database:
            database.execute("INSERT OR IGNORE INTO spent (model) VALUES (?)", (options.model,))

    def cost(self, usage: Usage) -> float:
        """What these tokens cost."""
        options = self._options
        into, out = options.price_per_million_input, options.price_per_million_output
        return (usage.input_tokens * into + usage.output_tokens * out) / _MILLION

    def reserve(self, worst: Usage) -> bool:
        """Book a request at its worst, before it is sent; False where the bound does not allow it.

        Booked before, no number of threads, processes or crashes makes a project spend more than
        its bound.
        """
        cost, bound = self.cost(worst), self._options.most_cost
        with self._storage.writing() as database:
            # The bound is for all models of the project together.
            done = database.execute(
                "UPDATE spent SET requests = requests + 1, cost = cost + ? WHERE model = ? "
                "AND (? = 0 OR (SELECT TOTAL(cost) FROM spent) + ? <= ?)",
                (cost, self._options.model, bound, cost, bound),
            )
            return done.rowcount == 1

    def settle(self, worst: Usage, usage: Usage) -> None:
        """Book what a request took, in place of its worst."""
        with self._storage.writing() as database:
            database.execute(
                "UPDATE spent SET input_tokens = input_tokens + ?, "
                "output_tokens = output_tokens + ?, cost = MAX(0.0, cost + ?) WHERE model = ?",
                (
                    usage.input_tokens,
                    usage.output_tokens,
                    self.cost(usage) - self.cost(worst),
                    self._options.model,
                ),
            )

    def remember(self) -> None:
        """Count a task that was answered without a request."""
        with self._storage.writing() as database:
            database.execute(
                "UPDATE spent SET remembered = remembered + 1 WHERE model = ?",
                (self._options.model,),
            )

    def spent(self) -> Spent:
        """What this model has taken so far in the project."""
        with self._storage.writing() as database:
            row = database.execute(
                "SELECT requests, input_tokens, output_tokens, remembered, cost FROM spent "
                "WHERE model = ?",
                (self._options.model,),
            ).fetchone()
        return Spent(*row)
