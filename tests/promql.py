"""Says whether the conditions of alerts are true of metrics: the part of PromQL that they use.

Of a range only its two ends are known: a scrape before and one now, as far apart as the range is
long. Where promtool is installed, a test has Prometheus itself agree.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import promql_parser as promql
from prometheus_client.parser import text_string_to_metric_families

__all__ = ["Scrape", "holds", "scraped"]

Labels = frozenset[tuple[str, str]]
Scrape = Mapping[str, Mapping[Labels, float]]
Vector = dict[Labels, float]
Value = Vector | float

_MATH: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
}  # fmt: skip
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
    ">=": operator.ge, "<=": operator.le,
}  # fmt: skip


def scraped(text: str, **more: str) -> dict[str, Vector]:
    """Read an exposition as Prometheus does, with the labels that it adds."""
    found: dict[str, Vector] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = frozenset({**sample.labels, **more}.items())
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def holds(expression: str, now: Scrape, *, before: Scrape, at: float) -> Vector:
    """Give the series of which a condition is true; none: it is false.

    Args:
        expression: of an alert.
        now: the last scrape.
        before: one that is as old as every range is long.
        at: seconds since the epoch.
    """
    found = _Reading(now, before, at).value(promql.parse(expression))
    assert isinstance(found, dict), "an alert is about series"
    return found


class _Reading:
    def __init__(self, now: Scrape, before: Scrape, at: float) -> None:
        self._now = now
        self._before = before
        self._at = at

    def value(self, node: Any) -> Value:
        match node:
            case promql.NumberLiteral():
                return float(node.val)
            case promql.ParenExpr():
                return self.value(node.expr)
            case promql.VectorSelector():
                return _selected(node, self._now)
            case promql.Call():
                return self._call(node)
            case promql.AggregateExpr():
                return self._sum(node)
            case promql.BinaryExpr():
                return self._binary(node)
        raise NotImplementedError(str(node))

    def _call(self, node: Any) -> Value:
        if node.func.name == "time":
            return self._at
        assert node.func.name in {"rate", "increase", "changes"}, node.func.name
        (matrix,) = node.args
        selector = matrix.vector_selector
        earlier = _selected(selector, self._before)
        grown = {
            labels: value - earlier.get(labels, 0.0)
            for labels, value in _selected(selector, self._now).items()
        }
        if node.func.name == "changes":
            return {labels: float(value != 0.0) for labels, value in grown.items()}
        seconds = matrix.range.total_seconds() if node.func.name == "rate" else 1.0
        return {labels: value / seconds for labels, value in grown.items()}

    def _sum(self, node: Any) -> Vector:
        assert str(node.op) == "sum"
        assert str(node.modifier.type).endswith("By")
        inner = self.value(node.expr)
        assert isinstance(inner, dict)
        sums: Vector = {}
        for labels, value in inner.items():
            kept = _only(labels, node.modifier.labels)
            sums[kept] = sums.get(kept, 0.0) + value
        return sums

    def _binary(self, node: Any) -> Value:
        left, right, sign = self.value(node.lhs), self.value(node.rhs), str(node.op)
        if sign in {"and", "unless"}:
            assert isinstance(left, dict)
            assert isinstance(right, dict)
            on = _on(node.modifier)
            there = {on(labels) for labels in right}
            return {
                labels: value
                for labels, value in left.items()
                if (on(labels) in there) == (sign == "and")
            }
        if isinstance(left, float) and isinstance(right, float):
            return _MATH[sign](left, right)
        return _joined(sign, left, right)


def _joined(sign: str, left: Value, right: Value) -> Vector:
    every = left if isinstance(left, dict) else right
    assert isinstance(every, dict)
    found: Vector = {}
    for labels in every:
        one = left.get(labels) if isinstance(left, dict) else left
        other = right.get(labels) if isinstance(right, dict) else right
        if one is None or other is None:
            continue
        if sign in _MATH:
            found[labels] = _MATH[sign](one, other)
        elif _COMPARE[sign](one, other):
            found[labels] = one
    return found


def _on(modifier: Any) -> Callable[[Labels], Labels]:
    if modifier is None or modifier.matching is None:
        return lambda labels: labels
    assert str(modifier.matching.type).endswith("Include"), modifier
    return lambda labels: _only(labels, modifier.matching.labels)


def _only(labels: Labels, names: list[str]) -> Labels:
    return frozenset((name, value) for name, value in labels if name in names)


def _selected(selector: Any, scrape: Scrape) -> Vector:
    return {
        labels: value
        for labels, value in scrape.get(selector.name, {}).items()
        if all(_matches(one, dict(labels)) for one in selector.matchers.matchers)
    }


def _matches(matcher: Any, labels: Mapping[str, str]) -> bool:
    value, sign = labels.get(matcher.name, ""), str(matcher.op)
    is_equal = (
        re.fullmatch(matcher.value, value) is not None if "Re" in sign else value == matcher.value
    )
    return is_equal != ("Not" in sign)
