"""Reading, writing and comparing the labels of whole results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from label_configs.kinds import kind_of, kinds_of
from label_configs.kinds.anchors import identified
from label_configs.kinds.kind import Data, Kind, Pair, Region
from label_configs.parse import Control, LabelConfig
from label_configs.weights import weighing
from sync.errors import Malformed, Skippable
from sync.records import Result

#: A typed value of some kind: hashable, and never empty.
Value = Any
#: Characters of a problem that are kept.
_LONGEST = 500
_UNNAMED = "a region names the control {}: the label config has none such"
FloatArray = npt.NDArray[np.float64]


def read(
    config: LabelConfig,
    result: Result,
    data: Data = None,
    *,
    task: int | None = None,
    annotation: int | None = None,
) -> dict[str, Value]:
    """The typed value of each control that the result answers.

    A control without a region, or with nothing in it, is absent.

    Args:
        config: the label config.
        result: the regions.
        data: the task's data; without it, offsets are not checked against the text.
        task: the task's id, for the message of an error.
        annotation: the annotation's id, for the message of an error.

    Raises:
        Malformed: a region is malformed, names no control, or holds an unknown label.
        Fatal: the label config has a control whose values cannot be compared.
    """
    kinds = kinds_of(config)
    found: dict[str, Value] = {}
    name, regions = None, list[Region]()
    try:
        for name, regions in _by_control(config, result).items():
            kind = kinds[name]
            placed = getattr(kind, "placed", None)
            if placed is not None:
                regions = placed(regions, result)
            found[name] = kind.read(config.by_name[name], regions, data)
    except Malformed as error:
        region = error.region
        if region is None and len(regions) == 1:
            region = regions[0].get("id")
        # A problem quotes what it found, which may be of any size.
        problem = error.problem[:_LONGEST]
        raise Malformed(
            problem, control=name, region=region, task=task, annotation=annotation
        ) from None
    except RecursionError:
        raise Malformed(
            "it is nested too deeply", control=name, task=task, annotation=annotation
        ) from None
    return {name: value for name, value in found.items() if value is not None}


def _by_control(config: LabelConfig, result: Result) -> dict[str, list[Region]]:
    if not isinstance(result, list):
        raise Malformed(f"a result is a list of regions, not {type(result).__name__}")
    found: defaultdict[str, list[Region]] = defaultdict(list)
    for region in result:
        if not isinstance(region, dict):
            raise Malformed(_UNNAMED.format(None))
        if region.get("type") == "relation":
            # People can link regions in any project; it counts where the config asks for it.
            if config.relations is not None:
                found[config.relations.name].append(region)
            continue
        name = region.get("from_name")
        control = config.control_of(name) if isinstance(name, str) else None
        if control is None:
            raise Malformed(_UNNAMED.format(repr(name)), region=region.get("id"))
        targets = _targets(control, str(name))
        if region.get("to_name") not in targets:
            raise Malformed(
                f"a region of {name!r} points to {region.get('to_name')!r}, "
                f"not to {' or '.join(targets)}",
                region=region.get("id"),
            )
        found[control.name].append(region)
    return found


def _targets(control: Control, name: str) -> tuple[str, ...]:
    """The objects to which regions of the control's name may point."""
    if control.is_repeated:
        return control.repetition(control.index_of(name) or ()).to_name
    # Label Studio's own interface lets the regions of Pairwise point to the control itself.
    return (*control.to_name, control.name) if control.tag == "Pairwise" else control.to_name


def write(config: LabelConfig, values: Mapping[str, Value], score: float | None = None) -> Result:
    """A Label Studio result that holds these values, each region with the score if given.

    An empty value gives no region, as Label Studio leaves none where nothing is chosen.

    Raises:
        Skippable: a value names no control of the config, or the control cannot hold it.
        Fatal: the control's values cannot be compared, and so not be written either.
    """
    unknown = sorted(values.keys() - config.by_name.keys())
    if unknown:
        raise Skippable(
            f"a value names the control {unknown[0]!r}: the label config has "
            f"{', '.join(config.by_name)}"
        )
    return identified(
        [
            region
            for name, value in values.items()
            if value is not None
            for region in _regions(config.by_name[name], value, score)
        ]
    )


def _regions(control: Control, value: Value, score: float | None) -> list[Region]:
    places = {}
    if control.to_name:  # Relations have no names: they point to regions
        places = {"from_name": control.name, "to_name": control.to_name[0]}
    scored = {} if score is None else {"score": score}
    return [places | region | scored for region in kind_of(control).write(control, value)]


def distance(config: LabelConfig, a: Result, b: Result, data: Data = None) -> float:
    """How far two results are apart, in [0, 1]: the weighted mean over the config's controls.

    Raises:
        Malformed: one of the results cannot be read.
        Fatal: the label config has a control whose values cannot be compared.
    """
    return values_distance(config, read(config, a, data), read(config, b, data))


def values_distance(config: LabelConfig, a: Mapping[str, Value], b: Mapping[str, Value]) -> float:
    """How far two results that were read are apart, in [0, 1]."""
    whole = weighing(config)
    apart = [
        weight * control_distance(control, a.get(name), b.get(name))
        for name, control, weight in whole.parts
    ]
    return sum(apart) / whole.total


def control_distance(control: Control, a: Value | None, b: Value | None) -> float:
    """How far two values of a control are apart, in [0, 1].

    Two that are absent agree; one that is absent has nothing in common with one that is not.
    """
    if a is None or b is None:
        return float(a is not b)
    return kind_of(control).distance(control, a, b)


def control_distances(
    control: Control, a: Sequence[Value | None], b: Sequence[Value | None]
) -> FloatArray:
    """How far each value of `a` is from the one of `b` in its place; see `control_distance`.

    Args:
        control: the control.
        a: n values of the control, None where an answer has none.
        b: n more.

    Returns:
        Distances in [0, 1], shape (n,).

    Raises:
        ValueError: the two are not of one length.
        Fatal: the control's values cannot be compared.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} values cannot be compared with {len(b)} one to one")
    kind = kind_of(control)
    left, right = [x is not None for x in a], [y is not None for y in b]
    apart: FloatArray = np.not_equal(left, right).astype(np.float64)
    both = np.flatnonzero(np.logical_and(left, right))
    if both.size:
        apart[both] = _distances(kind, control, [a[i] for i in both], [b[i] for i in both])
    return apart


def _distances(
    kind: Kind, control: Control, a: Sequence[Value], b: Sequence[Value]
) -> Sequence[float] | FloatArray:
    # Few kinds gain from taking many pairs at once, so the function is optional.
    many: Callable[..., FloatArray] | None = getattr(kind, "distances", None)
    if many is None:
        return [kind.distance(control, x, y) for x, y in zip(a, b, strict=True)]
    return many(control, a, b)


def number(control: Control, value: Value) -> float | None:
    """The value as a number where the kind's SCALE is ordinal or interval; None elsewhere.

    Raises:
        Fatal: the control's values cannot be compared.
    """
    kind = kind_of(control)
    of_value: Callable[[Control, Value], float] | None = getattr(kind, "number", None)
    return None if of_value is None else of_value(control, value)


def may_be_empty(config: LabelConfig) -> bool:
    """Whether a result without a region says something: that there is nothing to mark.

    So it is where one of the controls marks regions; where all of them ask one question, it only
    says that the question was not answered.

    Raises:
        Fatal: the label config has a control whose values cannot be compared.
    """
    kinds = [kind_of(control) for control in config.controls]
    return any(hasattr(getattr(kind, "inner", kind), "counts") for kind in kinds)


def pairs(control: Control, a: Value | None, b: Value | None) -> list[Pair]:
    """Which labels of `a` stand against which labels of `b`; see `Kind.pairs`."""
    return kind_of(control).pairs(control, a, b)


def categories(config: LabelConfig, result: Result) -> dict[str, str]:
    """Each control's value as one nominal category, for coefficients of agreement.

    A control that is absent from the result, or has no categories, is absent here.

    Raises:
        Malformed: the result cannot be read.
        Fatal: the label config has a control whose values cannot be compared.
    """
    found = {}
    for name, value in read(config, result).items():
        control = config.by_name[name]
        category = kind_of(control).category(control, value)
        if category is not None:
            found[name] = category
    return found
