"""Jinja, compiled to what one would write by hand: a page writes some three thousand values.

Templates are ours alone and stand in one language each, so that much need not be asked for each
value: `a.b` is an attribute, `a[b]` an item, `a(b)` a plain call, and fixed words are constants.
"""

from collections.abc import Callable
from typing import Any, override

from jinja2 import Environment, StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import _escape_inner, escape  # type: ignore[attr-defined]

from sahel.fields import Text


def escaped(value: object) -> str:
    """Escape a value for HTML as `markupsafe.escape()` does, without an object around each."""
    if type(value) is str or type(value) is Text:
        return _escape_inner(value)
    return str(value) if type(value) is int else escape(value)


class _Generator(CodeGenerator):
    """Writes Python's own attributes, items and calls where Jinja writes calls of its runtime."""

    @override
    def _output_child_pre(self, node: Any, frame: Frame, finalize: Any) -> None:
        self.write("environment.escape(")

    @override
    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    @override
    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
        self.visit(node.node, frame)
        self.write("[")
        self.visit(node.arg, frame)
        self.write("]")

    @override
    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        self.visit(node.node, frame)
        self.write("(")
        for argument in [*node.args, *node.kwargs]:
            self.visit(argument, frame)
            self.write(", ")
        self.write("caller=caller)" if forward_caller else ")")


class _Constants(NodeTransformer):
    """Replaces calls of functions that always give the same by what they give."""

    def __init__(self, functions: dict[str, Callable[..., str]]) -> None:
        self.functions = functions

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - the visitor's name for it
        node = self.generic_visit(node)  # type: ignore[assignment]
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if name not in self.functions or not all(type(arg) is nodes.Const for arg in node.args):
            return node
        values = [arg.value for arg in node.args]  # type: ignore[attr-defined]
        return nodes.Const(self.functions[name](*values), lineno=node.lineno)


class Pages(Environment):
    """Jinja's environment for pages: everything escaped, a misspelt name an error."""

    code_generator_class = _Generator
    escape = staticmethod(escaped)

    def __init__(self, constant: dict[str, Callable[..., str]], **options: Any) -> None:
        """Take the functions that give the same for the same words, whatever the page."""
        options |= {"autoescape": True, "undefined": StrictUndefined}
        options |= {"trim_blocks": True, "lstrip_blocks": True}
        super().__init__(**options, extensions=["jinja2.ext.i18n"])
        self.globals |= constant
        self.constants = _Constants(constant)

    @override
    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        return super()._generate(self.constants.visit(source), *args, **options)
