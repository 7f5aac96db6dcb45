#!/usr/bin/env python3
"""Holds lines of JSON on standard input against a JSON schema. Prints what does not fit; ends with 1 if anything did not.

Usage: validate.py SCHEMA[#NAME] <lines     NAME: one of the schema's definitions

Knows the words that our schemas use, and refuses a schema with any other: a word passed over would check nothing.
"""
import json
import sys

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "number": (int, float)}
SAY_NOTHING = {"$schema", "title", "description"}
KNOWN = SAY_NOTHING | {"type", "enum", "properties", "required", "additionalProperties", "items", "minimum", "maximum"}


def fits(value, name):
    return isinstance(value, TYPES[name]) and not (name == "number" and isinstance(value, bool))


def faults(value, schema, where="$"):
    if unknown := set(schema) - KNOWN:
        raise SystemExit(f"the schema uses {', '.join(sorted(unknown))}, which is not known here")
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(fits(value, name) for name in types):
        yield f"{where}: {json.dumps(value)} is not {' or '.join(types)}"
        return
    if value is None:
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {json.dumps(value)} is not one of {', '.join(schema['enum'])}"
    if value_is_out := [w for w in ("minimum", "maximum") if w in schema and (value < schema[w]) == (w == "minimum") and value != schema[w]]:
        yield f"{where}: {value} is beyond the {value_is_out[0]}"
    if isinstance(value, dict):
        properties = schema["properties"]
        yield from (f"{where}: {name} is missing" for name in schema["required"] if name not in value)
        if not schema["additionalProperties"]:
            yield from (f"{where}: {name} is not documented" for name in value if name not in properties)
        for name in value.keys() & properties.keys():
            yield from faults(value[name], properties[name], f"{where}.{name}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from faults(item, schema["items"], f"{where}[{number}]")


if __name__ == "__main__":
    path, _, name = sys.argv[1].partition("#")
    with open(path) as file:
        wanted = json.load(file)
    if name:
        wanted = wanted["definitions"][name]
    lines = [json.loads(line) for line in sys.stdin if line.strip()]
    found = [fault for line in lines for fault in faults(line, wanted)]
    print("\n".join(found) if lines else "nothing to hold against the schema")
    sys.exit(1 if found or not lines else 0)
