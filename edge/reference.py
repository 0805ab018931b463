"""The configuration reference (docs/configuration.md), made from the JSON schemas of the three files."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

INTRODUCTION = """# Configuration reference

Made from the settings' schemas by `make reference`; do not edit. The files stand in one folder (`--config DIR`). An
unknown key is an error that names file, table and key; `innkeeper check` says everything that is wrong. Secrets are
never in these files: they come from the environment or from `DATA/secrets/`.
"""


def configuration_reference(schemas: Mapping[str, Schema]) -> str:
    """Markdown of every table and key; `schemas` by the file's name without `.toml`."""
    parts = [INTRODUCTION]
    for name, schema in schemas.items():
        parts.append(f"## {name}.toml\n")
        parts += [_section(path, table, schema) for path, table in _tables(schema)]
    return "\n".join(parts).rstrip() + "\n"


def _tables(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Each table of a file with the header a person writes."""
    for name, given in schema.get("properties", {}).items():
        value = _resolve(given, schema)
        if value.get("type") == "array":
            items = value["items"]
            for variant in items.get("oneOf") or [items]:
                yield f"[[{name}]]", _resolve(variant, schema)
        else:
            yield f"[{name}]", value


def _section(header: str, table: Schema, schema: Schema) -> str:
    kind = table.get("properties", {}).get("kind", {}).get("const")
    title = f"### `{header}`" + (f" of kind `{kind}`" if kind else "")
    lines = [title, "", table.get("description", ""), ""]
    required = set(table.get("required", ()))
    if table.get("properties"):
        lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
        lines += [_row(key, _resolve(given, schema), key in required) for key, given in table["properties"].items()]
    return "\n".join([*lines, ""])


def _row(key: str, value: Schema, required: bool) -> str:
    default = "required" if required else f"`{_literal(value.get('default'))}`"
    meaning = str(value.get("description", "")).replace("|", "\\|")
    return f"| `{key}` | {_type(value)} | {default} | {meaning} |"


def _literal(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _type(value: Schema) -> str:
    if "enum" in value:
        return ", ".join(f"`{_literal(one)}`" for one in value["enum"])
    if "const" in value:
        return f"`{_literal(value['const'])}`"
    if "anyOf" in value:
        return " or ".join(_type(one) for one in value["anyOf"] if one.get("type") != "null")
    return str(value.get("type", "")) + _limits(value)


def _limits(value: Schema) -> str:
    said = [
        f"{word} {value[key]}"
        for key, word in (("minimum", ">="), ("exclusiveMinimum", ">"), ("maximum", "<="))
        if key in value
    ]
    return f" ({', '.join(said)})" if said else ""


def _resolve(value: Schema, schema: Schema) -> Schema:
    if "$ref" not in value:
        return value
    definition: Schema = schema["$defs"][value["$ref"].rpartition("/")[2]]
    return {**definition, **{key: given for key, given in value.items() if key != "$ref"}}
