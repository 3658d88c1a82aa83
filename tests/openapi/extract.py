#!/usr/bin/env python3
"""Makes the extracts of Atlassian's OpenAPI documents that the tests hold usher against.

    tests/openapi/extract.py jira-dc=DOCUMENT jira-cloud=DOCUMENT atlassian-org=DOCUMENT,DOCUMENT

Reads operations.json beside this file (what usher asks of each product: method, and path below its base URL) and writes
<product>.json beside it: those operations of the product's documents, and the schemas that they reach. Everything is as in the
documents, but for what only people read (descriptions, examples, `x-` fields) and security; the path of the document's server
stands before each path, and parameters and answers stand where they are referred to. Of several documents, the schemas of each
but the first have its number before their names: `2.Name`. Needs nothing but Python 3.9.

Atlassian publishes the documents at
    jira-dc      https://dac-static.atlassian.com/server/jira/platform/jira_software_dc_10003_swagger.v3.json
                 (10003 is version 10.3; linked from https://developer.atlassian.com/server/jira/platform/rest/)
    jira-cloud   https://dac-static.atlassian.com/cloud/jira/platform/swagger-v3.v3.json
                 (linked from https://developer.atlassian.com/cloud/jira/platform/rest/v3/)
    atlassian-org  1. https://dac-static.atlassian.com/cloud/admin/organization/swagger.v3.json
                 2. https://dac-static.atlassian.com/cloud/admin/user-management/swagger.v3.json
                 (linked from https://developer.atlassian.com/cloud/admin/organization/rest/ and .../user-management/rest/)
"""

import json
import pathlib
import sys
from urllib.parse import urlsplit

HERE = pathlib.Path(__file__).resolve().parent
FOR_PEOPLE = {"description", "summary", "example", "examples", "externalDocs", "tags", "operationId", "security", "title"}
FOR_PEOPLE |= {"discriminator"}  # for those who generate code: `oneOf` beside it says the same
SCHEMAS = "#/components/schemas/"
# Most refusals are told without a schema; what they say is this.
REFUSALS = {
    "jira-dc": {"ErrorCollection"},
    "jira-cloud": {"ErrorCollection"},
    "atlassian-org": {"Errors.ApplicationErrors.Model", "ProxyError"},
}


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


def in_place(document, node):
    """The node with what it refers to in place of the references, but for those to schemas."""
    if isinstance(node, list):
        return [in_place(document, item) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/components/") and not reference.startswith(SCHEMAS):
        kind, name = reference.split("/")[2:]
        return in_place(document, document["components"][kind][name])
    return {key: in_place(document, value) for key, value in node.items()}


def numbered(node, before):
    """The node with `before` in front of the names of the schemas that it refers to."""
    if isinstance(node, list):
        return [numbered(item, before) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: numbered(value, before) for key, value in node.items()}
    if isinstance(kept.get("$ref"), str):
        kept["$ref"] = SCHEMAS + before + kept["$ref"].removeprefix(SCHEMAS)
    return kept


def operation_in(document, operation):
    """What the document says of `operation` (`METHOD /path`); None where it says nothing."""
    # A server's address may begin with a variable: http://{baseurl}/rest
    prefix = urlsplit(document["servers"][0]["url"]).path.rstrip("/")
    method, path = operation.split(" ")
    item = document["paths"].get(path.removeprefix(prefix), {}) if path.startswith(prefix) else {}
    if method.lower() not in item:
        return None
    found = bare(in_place(document, item[method.lower()]))
    found["parameters"] = bare(in_place(document, item.get("parameters", []))) + found.get("parameters", [])
    return found


def extract(documents, wanted, always):
    """What the documents say of the operations `wanted`, each `METHOD /path`."""
    paths, schemas, left = {}, {}, set(wanted)
    for number, document in enumerate(documents, 1):
        before = "" if number == 1 else f"{number}."
        own = {operation: operation_in(document, operation) for operation in sorted(left)}
        own = {operation: found for operation, found in own.items() if found is not None}
        open_ = references(list(own.values())) | (always if number == 1 else set())
        left -= own.keys()
        for operation, found in own.items():
            method, path = operation.split(" ")
            paths.setdefault(path, {})[method.lower()] = numbered(found, before)
        done = set()
        while open_ - done:
            name = min(open_ - done)
            done.add(name)
            schema = bare(document["components"]["schemas"][name])
            schemas[before + name] = numbered(schema, before)
            open_ |= references(schema)
    if left:
        sys.exit(f"in none of the documents: {', '.join(sorted(left))}")
    return {
        "openapi": documents[0]["openapi"],
        "info": {key: "; ".join(document["info"][key] for document in documents) for key in ("title", "version")},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def main(arguments):
    operations = json.loads((HERE / "operations.json").read_text())
    for argument in arguments or sys.exit(__doc__):
        product, _, paths = argument.partition("=")
        if product not in operations or not paths:
            sys.exit(f"{argument}: write PRODUCT=DOCUMENT[,DOCUMENT] with one of {', '.join(operations)}")
        wanted = operations[product]
        documents = [json.loads(pathlib.Path(path).read_text(encoding="utf-8")) for path in paths.split(",")]
        extracted = extract(documents, wanted, REFUSALS.get(product, set()))
        text = json.dumps(extracted, indent=1, sort_keys=True, ensure_ascii=False)
        (HERE / f"{product}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{product}: {len(wanted)} operations, {len(extracted['components']['schemas'])} schemas")


if __name__ == "__main__":
    main(sys.argv[1:])
