"""Fault scripts, read strictly: YAML or JSON, a list of faults."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from polybot.config.problems import dotted, safe_value, suggest
from polybot.config.yaml_text import Document, KeyPath, YamlFault, read_yaml
from polybot.simulator.faults.base import Fault, Scope
from polybot.simulator.faults.kinds import AnyFault


class ScriptRefused(ValueError):
    """The script cannot be used; a sentence per problem, each naming the place, the field and the value seen."""


_SCRIPT: TypeAdapter[list[AnyFault]] = TypeAdapter(list[AnyFault])
_MODELS: Mapping[str, type[Fault]] = {
    kind: model
    for model in get_args(get_args(AnyFault)[0])
    for kind in get_args(model.model_fields["fault"].annotation)
}
KINDS = tuple(_MODELS)


def read_script(path: Path) -> list[AnyFault]:
    """OSError if the file cannot be read, ScriptRefused naming file, line and field of what is wrong."""
    return parse_script(path.read_text(encoding="utf-8"), name=str(path))


def parse_script(text: str, *, name: str = "faults") -> list[AnyFault]:
    """A list of faults, or a single one."""
    try:
        document = read_yaml(text)
    except YamlFault as fault:
        raise ScriptRefused(f"{name}:{fault.line}: {fault}") from None
    tree = document.tree if isinstance(document.tree, list) else [document.tree]
    try:
        return _SCRIPT.validate_python(tree)
    except ValidationError as error:
        raise ScriptRefused("\n".join(_sentence(e, name, document) for e in error.errors(include_url=False))) from None


def _sentence(error: ErrorDetails, name: str, document: Document) -> str:
    path = _place(error["loc"])
    inner = path if isinstance(document.tree, list) else path[1:]
    seen = "" if error["type"] == "missing" else safe_value("", error["input"])
    what, remedy = _explained(error, path)
    subject = f"{dotted(path)} (is {seen})" if seen else dotted(path)
    return f"{name}:{document.line(inner) or 1}: {subject}: {what}. {remedy}".rstrip()


def _place(loc: tuple[int | str, ...]) -> KeyPath:
    """Without the name of the kind, which pydantic puts behind the index."""
    return (*loc[:1], *loc[2:])


def _explained(error: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    match error["type"]:
        case "extra_forbidden":
            fields = Scope.model_fields if "scope" in path else _MODELS[str(error["loc"][1])].model_fields
            return "is not a known field", suggest(str(path[-1]), set(fields))
        case "union_tag_invalid":
            return f"{error['ctx']['tag']!r} is not a known fault", suggest(str(error["ctx"]["tag"]), set(KINDS))
        case "union_tag_not_found":
            return "does not say which fault", f"Give `fault: <kind>`, one of {', '.join(KINDS)}"
        case "value_error":
            return str(error["ctx"]["error"]), ""
    return error["msg"].replace("Input should be", "must be"), ""
