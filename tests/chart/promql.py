"""What an expression of PromQL names."""

from promql_parser import AggModifierType, AggregateExpr, Expr, MatchOp, VectorSelector, parse


def parts(node):
    """All nodes of a parsed expression."""
    yield node
    for name in ("expr", "lhs", "rhs", "param", "vector_selector", "args"):
        below = getattr(node, name, None)
        for item in below if isinstance(below, list) else [below]:
            if isinstance(item, Expr):
                yield from parts(item)


def selectors(node):
    """The series that an expression reads: the metric's name, and its matchers."""
    return [(part.name, part.matchers.matchers) for part in parts(node) if isinstance(part, VectorSelector)]


def grouped(node):
    """The labels of each `by`, with the names of the metrics below it."""
    for part in parts(node):
        if isinstance(part, AggregateExpr) and part.modifier and part.modifier.type == AggModifierType.By:
            yield part.modifier.labels, {name for name, _ in selectors(part)}


def named_values(matcher):
    """The values that a matcher names. A pattern with more than `|` in it names none."""
    if matcher.op in (MatchOp.Equal, MatchOp.NotEqual):
        return [matcher.value]
    values = matcher.value.split("|")
    return values if all(value.replace("_", "").isalnum() for value in values) else []


__all__ = ["grouped", "named_values", "parse", "selectors"]
