"""The OpenAPI 3.1 document, made from the declared routes."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from pms.kernel.http.problems import URN
from pms.kernel.http.routes import PUBLIC, Route

_REFERENCE = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "description": f"{URN}<code>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "reasons": {"type": "array", "items": {"type": "object"}},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


def document(routes: Iterable[Route], version: str) -> dict[str, Any]:
    """The document of every route under /api/ and of /healthz."""
    declared = [route for route in routes if route.path.startswith("/api/") or route.path == "/healthz"]
    references, schemas = _schemas(declared)
    paths: dict[str, dict[str, Any]] = {}
    for route in declared:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, references, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Innkeeper", "version": version, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "innkeeper"},
            },
        },
    }


_References = Mapping[Any, dict[str, Any]]
"""By (model, mode)."""


def _schemas(routes: list[Route]) -> tuple[_References, dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    for route in routes:
        for model in (route.body, route.query):
            if model is not None:
                wanted[model, "validation"] = None
        if isinstance(route.response, type) and issubclass(route.response, BaseModel):
            wanted[route.response, "serialization"] = None
    references, definitions = models_json_schema(list(wanted), ref_template=_REFERENCE)
    return references, definitions.get("$defs", {})


def _operation(route: Route, references: _References, schemas: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.department],
        "x-permission": route.permission,
        "parameters": [
            *_path_parameters(route),
            *_query_parameters(route, references, schemas),
            *_header_parameters(route),
        ],
        "responses": _responses(route, references),
    }
    if route.permission != PUBLIC:
        operation["security"] = [{"bearer": []}, {"cookie": []}]
    if route.body is not None:
        schema = references[route.body, "validation"]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{([a-z_]+)", route.path)
    ]


def _query_parameters(route: Route, references: _References, schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = schemas[references[route.query, "validation"]["$ref"].rsplit("/", 1)[1]]
    required = set(schema.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in required, "schema": part}
        for name, part in schema.get("properties", {}).items()
    ]


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    if route.kind != "write":
        return []
    return [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
        for name in ("Idempotency-Key", "If-Match")
    ]


def _responses(route: Route, references: _References) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "done"}
    if isinstance(route.response, type) and issubclass(route.response, BaseModel):
        answer["content"] = {"application/json": {"schema": references[route.response, "serialization"]}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    status = str(route.status if answer.get("content") else 204 if route.method != "GET" else 200)
    return {status: answer, "default": {"description": "a problem", "content": problem}}
