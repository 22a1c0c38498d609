"""Values of Taxonomy, and of Choices inside Choices: paths from the topmost choice down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from label_configs.kinds.dynamic import brought, is_dynamic
from label_configs.kinds.kind import Data, Pair, Region
from label_configs.kinds.sets import jaccard_distance
from label_configs.kinds.single import joined, only
from label_configs.parse import Control
from sync.errors import Malformed

Path = tuple[str, ...]
Value = frozenset[Path]


@dataclass(frozen=True)
class Paths:
    """The kind whose regions hold paths of labels under the key `key`.

    A path stands for all those above it too, so a value keeps only the deepest ones: Label Studio
    stores a choice beside those inside it when all of them are chosen, and others do so always.
    """

    #: The type of the regions, and where their value holds the paths.
    key: str
    METRIC = True
    SCALE = "nominal"

    def obstacle(self, control: Control) -> str:
        """What keeps the control's values from being compared; empty where nothing does."""
        if "labeling" in control.switched_on:
            return 'labeling="true"'
        if control.paths or _is_open(control) or is_dynamic(control):
            return ""
        return "no choices"

    def read(self, control: Control, regions: Sequence[Region], data: Data) -> Value | None:
        """The deepest paths; None where nothing is chosen."""
        found = only(regions, self.key, self.key)
        if not isinstance(found, list):
            raise Malformed(f"it holds no list of paths under {self.key!r}")
        for path in found:
            if not isinstance(path, list) or not path or not all(isinstance(x, str) for x in path):
                raise Malformed(f"it holds {path!r}, which is no path of choices")
        return self._checked(control, map(tuple, found), data) or None

    def write(self, control: Control, value: Value) -> list[Region]:
        """One region with these paths, sorted; none for no path."""
        paths = [list(path) for path in sorted(self._checked(control, value, None))]
        return [{"type": self.key, "value": {self.key: paths}}] if paths else []

    def distance(self, control: Control, a: Value, b: Value) -> float:
        """The Jaccard distance of two sets of paths, each extended by all paths above its own.

        Two that part at the top have nothing in common; A/B/C and A/B/D share A and A/B of four,
        so they are 1/2 apart. A metric, as Jaccard's is.

        Source of the extension: S. Kiritchenko, S. Matwin and A. F. Famili, "Functional
        annotation of genes using hierarchical text categorization", BioLINK SIG 2005, section 4.
        """
        del control
        return jaccard_distance(_extended(a), _extended(b))

    def category(self, control: Control, value: Value) -> str:
        """The path, or a JSON list of several, in order."""
        del control
        return joined([_name(path) for path in sorted(value)])

    def pairs(self, control: Control, a: Value | None, b: Value | None) -> list[Pair]:
        """Paths in common with themselves; where each side has one other, also those two."""
        del control
        left, right = a or frozenset(), b or frozenset()
        found: list[Pair] = [(_name(path), _name(path)) for path in sorted(left & right)]
        only_left, only_right = sorted(left - right), sorted(right - left)
        if len(only_left) == len(only_right) == 1:
            return [*found, (_name(only_left[0]), _name(only_right[0]))]
        found += [(_name(path), None) for path in only_left]
        return found + [(None, _name(path)) for path in only_right]

    def _checked(self, control: Control, paths: Iterable[Path], data: Data) -> Value:
        value = frozenset(paths)
        more = None if _is_open(control) else brought(control, data)
        if more is not None:
            unknown = sorted(value.difference(control.paths, more))
            if unknown:
                raise Malformed(f"it holds {_name(unknown[0])!r}, which is no path of its choices")
        return _deepest(value)


def _is_open(control: Control) -> bool:
    """Whether paths may occur that neither label config nor task names.

    A server may bring them, and people may add to the old form of the tag.
    """
    return bool(control.attribute("apiUrl")) or "legacy" in control.switched_on


def _deepest(value: Value) -> Value:
    return value - {path[:depth] for path in value for depth in range(1, len(path))}


def _extended(value: Value) -> set[Path]:
    return {path[:depth] for path in value for depth in range(1, len(path) + 1)}


def _name(path: Path) -> str:
    """The path as one text; a slash inside a label is doubled, so that no two look alike."""
    return " / ".join(label.replace("/", "//") for label in path)
