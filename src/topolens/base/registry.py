"""Operations by name: registered once, then in the command line, in studies and in the tests."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Literal, TypeVar

from topolens.base.errors import InvalidInputError, nearest_names

__all__ = ["Invariances", "Operation", "Registry", "descriptors", "metrics", "to_the_power"]

Function = TypeVar("Function", bound=Callable[..., Any])
Subject = Literal["points", "diagrams", "labelled_points"]
Outcome = Literal["number", "array"]


@dataclass(frozen=True, slots=True)
class Invariances:
    """What may be done to the cloud(s) without changing the value; property tests follow."""

    permutation: bool = True
    """Renumbering the points (both clouds alike where rows correspond)."""
    orthogonal: bool = False
    """Rotating or reflecting one cloud."""
    isotropic_scaling: bool = False
    """Multiplying one cloud by a positive number."""
    translation: bool = False
    """Shifting one cloud."""
    invertible_linear: bool = False
    """Any invertible linear map of one cloud."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One registered function."""

    name: str
    version: int
    """Raised whenever the numbers change; part of every cache key."""
    run: Callable[..., Any]
    takes: Subject
    """What the positional argument is: a cloud, its diagrams, or a cloud and the points' labels."""
    unit: str
    """What a value counts, e.g. "bars"; "distance" in the units of the cloud; "" if pure.

    "distance^alpha" where a parameter is the power, and that of the defaults where it follows
    from parameters in another way; `unit_with` gives that of any parameters.
    """
    invariances: Invariances
    gives: Outcome = "number"
    """Of a descriptor: a number (or a result with a `value`), or an array such as a curve."""
    symmetric: bool = True
    """Of a metric: True if exchanging the two items changes nothing."""
    is_metric: bool = False
    """True if the triangle inequality holds."""
    perfect_at_equals: bool = True
    """Of a metric: False if equal items come near the perfect value, but need not reach it."""
    paired_rows: bool = False
    """True if two clouds must hold the same samples row by row."""
    is_similarity: bool = False
    """True if larger means more alike."""
    prepare: Callable[..., Any] | None = None
    """Of a metric: the part of the work that each item needs once, whatever it meets."""
    compare: Callable[[Any, Any], float] | None = None
    """Of a metric: its value on two prepared items."""
    unit_under: Callable[[Mapping[str, Any]], str] | None = None
    """The unit under all parameters, where it is not that of the defaults."""
    compare_many: Callable[[Any, Any], Any] | None = None
    """Of a metric: all values of two sequences of prepared items, where that is faster; the
    same sequence twice is all pairs within it. Refuses where `compare` would refuse a pair."""

    @property
    def perfect(self) -> float:
        """The value of a metric that says two items are the same."""
        return 1.0 if self.is_similarity else 0.0

    @property
    def parameters(self) -> dict[str, Any]:
        """Keyword parameters with their defaults (`inspect.Parameter.empty` where required)."""
        signature = inspect.signature(self.run)
        keywords = (p for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY)
        return {p.name: p.default for p in keywords}

    def unit_with(self, given: Mapping[str, object]) -> str:
        """Return the unit under these parameters: "distance^alpha" is "distance^2" at alpha = 2."""
        if self.unit_under is not None:
            try:
                return self.unit_under({**self.parameters, **given})
            except (ArithmeticError, TypeError):  # values that the function itself will refuse
                return self.unit
        base, _, power = self.unit.partition("^")
        if not power:
            return base
        value = given.get(power, self.parameters.get(power, power))
        if not isinstance(value, int | float):
            return self.unit
        return to_the_power(base, value)

    def check(self, given: Mapping[str, object]) -> None:
        """Refuse a parameter that the function does not have."""
        for name in given:
            if name not in self.parameters:
                raise InvalidInputError(
                    f"`{self.name}` has no parameter `{name}`; it has "
                    f"{', '.join(self.parameters) or 'none'}"
                )


def to_the_power(base: str, power: float) -> str:
    """Return a unit to a power: empty to the power 0."""
    if power == 0:
        return ""
    return base if power == 1 else f"{base}^{power:g}"


class Registry:
    """Operations of one kind, by name; third parties add theirs through entry points."""

    def __init__(self, kind: str, entry_point_group: str) -> None:
        self._kind = kind
        self._group = entry_point_group
        self._operations: dict[str, Operation] = {}
        self._plugins_loaded = False

    def register(
        self,
        name: str,
        *,
        version: int,
        takes: Subject,
        unit: str,
        invariances: Invariances,
        gives: Outcome = "number",
        symmetric: bool = True,
        is_metric: bool = False,
        perfect_at_equals: bool = True,
        paired_rows: bool = False,
        is_similarity: bool = False,
        prepare: Callable[..., Any] | None = None,
        compare: Callable[[Any, Any], float] | None = None,
        unit_under: Callable[[Mapping[str, Any]], str] | None = None,
        compare_many: Callable[[Any, Any], Any] | None = None,
    ) -> Callable[[Function], Function]:
        """Decorate a function; it stays an ordinary function. Fields of `Operation` say what."""

        def add(function: Function) -> Function:
            if name in self._operations:
                raise RuntimeError(f"{self._kind} `{name}` is registered twice")
            self._operations[name] = Operation(
                name=name,
                version=version,
                run=function,
                takes=takes,
                unit=unit,
                invariances=invariances,
                gives=gives,
                symmetric=symmetric,
                is_metric=is_metric,
                perfect_at_equals=perfect_at_equals,
                paired_rows=paired_rows,
                is_similarity=is_similarity,
                prepare=prepare,
                compare=compare,
                unit_under=unit_under,
                compare_many=compare_many,
            )
            return function

        return add

    def __getitem__(self, name: str) -> Operation:
        if name not in self._operations:
            self._load_plugins()
        if name not in self._operations:
            hint = nearest_names(name, self._operations)
            raise InvalidInputError(f"no {self._kind} is called `{name}`; {hint}")
        return self._operations[name]

    def __iter__(self) -> Iterator[str]:
        self._load_plugins()
        return iter(sorted(self._operations))

    def _load_plugins(self) -> None:
        if self._plugins_loaded:
            return
        self._plugins_loaded = True
        for plugin in entry_points(group=self._group):
            plugin.load()


descriptors = Registry("descriptor", "topolens.descriptors")
metrics = Registry("metric", "topolens.metrics")
