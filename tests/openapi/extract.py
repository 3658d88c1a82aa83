#!/usr/bin/env python3
"""Makes the extracts of Atlassian's OpenAPI documents that the tests hold usher against.

    tests/openapi/extract.py jira-dc=DOCUMENT jira-cloud=DOCUMENT

Reads operations.json beside this file (what usher asks of each product: method, and path below its base URL) and writes
<product>.json beside it: those operations of the document, and the schemas that they reach. Everything is as in the document,
but for what only people read (descriptions, examples, `x-` fields) and security, and the path of the document's server stands
before each path. Needs nothing but Python 3.9.

Atlassian publishes the documents at
    jira-dc      https://dac-static.atlassian.com/server/jira/platform/jira_software_dc_10003_swagger.v3.json
                 (10003 is version 10.3; linked from https://developer.atlassian.com/server/jira/platform/rest/)
    jira-cloud   https://dac-static.atlassian.com/cloud/jira/platform/swagger-v3.v3.json
                 (linked from https://developer.atlassian.com/cloud/jira/platform/rest/v3/)
"""

import json
import pathlib
import sys
from urllib.parse import urlsplit

HERE = pathlib.Path(__file__).resolve().parent
FOR_PEOPLE = {"description", "summary", "example", "examples", "externalDocs", "tags", "operationId", "security", "title"}
SCHEMAS = "#/components/schemas/"
# Most refusals are told without a schema; what they say is this.
REFUSALS = {"jira-dc": {"ErrorCollection"}, "jira-cloud": {"ErrorCollection"}}


def bare(node):
    """The node without what only people read."""
    if isinstance(node, list):
        return [bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if key == "properties":  # what stands below are names of fields, whatever they look like
            kept[key] = {name: bare(schema) for name, schema in value.items()}
        elif key in ("enum", "default"):
            kept[key] = value
        elif key not in FOR_PEOPLE and not key.startswith("x-"):
            kept[key] = bare(value)
    return kept


def references(node):
    """The names of the schemas that the node names."""
    if isinstance(node, list):
        return set().union(*map(references, node))
    if not isinstance(node, dict):
        return set()
    found = set().union(*map(references, node.values()))
    reference = node.get("$ref")
    if isinstance(reference, str):
        if not reference.startswith(SCHEMAS):
            sys.exit(f"{reference}: only references to schemas are followed")
        found.add(reference.removeprefix(SCHEMAS))
    return found


def extract(document, wanted, always):
    """What the document says of the operations `wanted`, each `METHOD /path`."""
    # A server's address may begin with a variable: http://{baseurl}/rest
    prefix = urlsplit(document["servers"][0]["url"]).path.rstrip("/")
    paths = {}
    for operation in sorted(wanted):
        method, path = operation.split(" ")
        item = document["paths"].get(path.removeprefix(prefix), {}) if path.startswith(prefix) else {}
        if method.lower() not in item:
            sys.exit(f"{operation}: not in the document")
        found = bare(item[method.lower()])
        found["parameters"] = bare(item.get("parameters", [])) + found.get("parameters", [])
        paths.setdefault(path, {})[method.lower()] = found
    schemas, open_ = {}, references(paths) | always
    while open_:
        name = open_.pop()
        schemas[name] = bare(document["components"]["schemas"][name])
        open_ |= references(schemas[name]) - schemas.keys()
    return {
        "openapi": document["openapi"],
        "info": {key: document["info"][key] for key in ("title", "version")},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def main(arguments):
    operations = json.loads((HERE / "operations.json").read_text())
    for argument in arguments or sys.exit(__doc__):
        product, _, path = argument.partition("=")
        if product not in operations or not path:
            sys.exit(f"{argument}: write PRODUCT=DOCUMENT with one of {', '.join(operations)}")
        wanted = operations[product]
        extracted = extract(json.loads(pathlib.Path(path).read_text(encoding="utf-8")), wanted, REFUSALS.get(product, set()))
        text = json.dumps(extracted, indent=1, sort_keys=True, ensure_ascii=False)
        (HERE / f"{product}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{product}: {len(wanted)} operations, {len(extracted['components']['schemas'])} schemas")


if __name__ == "__main__":
    main(sys.argv[1:])
