"""Options that several commands take, written once as the fields of a dataclass."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["with_options"]


def with_options(
    group: type[DataclassInstance],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command take each field of a dataclass as an option, in place of its parameter of that class.

    Args:
        group: A dataclass whose fields have defaults and are annotated as typer's parameters are.

    Returns:
        A decorator of commands that have one parameter of that class; they are handed an instance.
    """
    hints = get_type_hints(group, include_extras=True)
    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter(one.name, keyword, default=one.default, annotation=hints[one.name])
        for one in fields(group)
    ]

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        parameters: list[inspect.Parameter] = []
        place = ""
        for own in inspect.signature(command, eval_str=True).parameters.values():
            if own.annotation is group:
                place = own.name
                parameters += shared
            else:
                parameters.append(own.replace(kind=keyword))

        def with_group(**given: Any) -> None:
            chosen = group(**{one.name: given.pop(one.name) for one in shared})
            command(**{place: chosen}, **given)

        with_group.__doc__ = command.__doc__
        with_group.__annotations__ = {one.name: one.annotation for one in parameters}
        vars(with_group)["__signature__"] = inspect.Signature(parameters)
        return with_group

    return decorated
