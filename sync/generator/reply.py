"""What an ML backend's answer says, in the forms that versions 1 and 2 of the protocol have."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import label_configs
from label_configs import LabelConfig
from sync.errors import Skippable
from sync.generator.faults import Failure, Kind
from sync.records import Json

#: Characters of a version and of a reason that are kept.
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A generator's raw answer for one task; `reason` says why there is none."""

    #: `model_version` is in it where the backend names one, for the task or for the reply.
    answer: Json | None
    reason: str = ""
    #: Whether asking again may bring an answer: the backend failed, it did not abstain.
    failed: bool = False
    #: Whether the generator has not finished, and works on.
    late: bool = False


def failure(reason: str) -> Proposal:
    """No answer, since the generator failed."""
    return Proposal(answer=None, reason=f"the generator failed: {reason}", failed=True)


def proposals(reply: Any, tasks: int) -> list[Proposal]:
    """One proposal a task, from what `/predict` answered.

    Understood are a list, {"results": list} and {"predictions": list}, the latter also as
    `results` (what a `ModelResponse` of label-studio-ml 2 becomes). An element is a prediction
    or a list of them, of which the first counts; an empty one abstains.

    Raises:
        Failure: there is no list, or not one element for each task.
    """
    version = reply.get("model_version") if isinstance(reply, dict) else None
    results = _unwrapped(reply)
    if isinstance(results, dict) and tasks == 1 and "result" in results:
        results = [results]
    if isinstance(results, dict):
        version, results = results.get("model_version", version), _unwrapped(results)
    if not isinstance(results, list):
        raise Failure(Kind.REFUSED, "its answer has no list of results")
    if len(results) != tasks:
        raise Failure(Kind.MISCOUNT, f"it answered {len(results)} results for {tasks} tasks")
    return [_proposal(result, version) for result in results]


def _unwrapped(reply: Any) -> Any:
    if not isinstance(reply, dict):
        return reply
    return reply["results"] if reply.get("results") is not None else reply.get("predictions")


def _proposal(result: Any, version: Any) -> Proposal:
    if isinstance(result, list):
        result = result[0] if result else {}
    if result is None:
        return Proposal(answer=None, reason="the generator answered null", failed=True)
    if not isinstance(result, dict):
        return Proposal(answer=None, reason="the generator's answer is not an object", failed=True)
    if result.get("result") is None:
        why = result.get("abstained")
        told = f": {why[:_LONGEST]}" if isinstance(why, str) and why else ""
        late = result.get("again") is True
        return Proposal(
            answer=None, reason=f"the generator abstained{told}", failed=late, late=late
        )
    try:
        # It is stored as JSON, which knows neither NaN nor infinity.
        json.dumps(result["result"], allow_nan=False)
    except (ValueError, RecursionError):
        reason = "the generator's result holds a number that is not finite"
        return Proposal(answer=None, reason=reason, failed=True)
    told = result.get("model_version") or version
    known = {"model_version": str(told)[:_LONGEST]} if told else {}
    return Proposal(answer=result | known)


def fault(result: Any, config: LabelConfig, data: Json) -> str:
    """Why a result is no candidate under a label config; empty where it is one."""
    if not isinstance(result, list) or not all(isinstance(region, dict) for region in result):
        return "the generator's result is not a list of regions"
    try:
        values = label_configs.read(config, result, data)
    except Skippable as error:
        return str(error)
    if not values and not label_configs.may_be_empty(config):
        return "the generator's result holds no label"
    return ""


def score(value: Any) -> float | None:
    """The score where it is a number in [0, 1]; Label Studio refuses others."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        return None
    return float(value) if 0 <= value <= 1 else None
