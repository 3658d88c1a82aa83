//! Audit logs: that of Data Center is in no document.

use serde_json::{Value, json};
use usher::domain::Product;

use super::exceptions::Exception;

const PLACE: &str = "/paths/~1rest~1auditing~11.0~1events";
const SOURCE: &str = "developer.atlassian.com/server/framework/atlassian-sdk/rest/api-group-events for the request; for the \
    answer the samples in github.com/elastic/integrations, packages/atlassian_jira and its like";

const CODES: &str = "each of several schemas is that of all errors together with one that has the code alone: closed as schemas are \
    held here, the two fit nothing";

/// One and the same in these products; and what an organisation's says of refusals.
pub fn exceptions() -> impl Iterator<Item = Exception> {
    let in_data_center = |product| Exception { product, place: PLACE, instead: path(), source: SOURCE };
    let refused = Exception {
        product: Product::AtlassianOrg,
        place: "/paths/~1admin~1v1~1orgs~1{orgId}~1events-stream/get/responses/400/content/application~1json/schema",
        instead: json!({ "$ref": "#/components/schemas/Errors.ApplicationErrors.Model" }),
        source: CODES,
    };
    [Product::JiraDc, Product::ConfluenceDc, Product::BitbucketDc].into_iter().map(in_data_center).chain([refused])
}

fn path() -> Value {
    let query = |name: &str, schema: Value| json!({ "name": name, "in": "query", "schema": schema });
    let (text, time) = (json!({ "type": "string" }), json!({ "type": "string", "format": "date-time" }));
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 100_000 });
    let parameters = [
        query("from", time.clone()),
        query("to", time),
        query("pageCursor", json!({ "type": "string", "pattern": "^-?[0-9]+,[0-9]+$" })),
        query("limit", limit),
    ];
    let refused = json!({ "description": "", "content": { "application/json": { "schema": {} } } });
    let page = json!({ "description": "", "content": { "application/json": { "schema": page(&text) } } });
    json!({ "get": { "parameters": parameters, "responses": { "200": page, "400": refused } } })
}

fn page(text: &Value) -> Value {
    let list = |item: Value| json!({ "type": "array", "items": item });
    let object = |names: &[&str]| {
        let fields: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), text.clone())).collect();
        json!({ "type": "object", "properties": fields, "additionalProperties": false })
    };
    let entity = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["timestamp", "type"],
        "properties": {
            "timestamp": { "type": "string", "format": "date-time" },
            "author": object(&["name", "type", "id", "uri", "avatarUri"]),
            "type": object(&["categoryI18nKey", "category", "actionI18nKey", "action"]),
            "affectedObjects": list(object(&["name", "type", "uri", "id"])),
            "changedValues": list(object(&["key", "i18nKey", "from", "to"])),
            "source": text, "system": text, "node": text, "method": text,
            "extraAttributes": list(object(&["nameI18nKey", "name", "value"])),
        },
    });
    json!({
        "type": "object",
        "required": ["entities", "pagingInfo"],
        "properties": {
            "entities": list(entity),
            "pagingInfo": {
                "type": "object",
                "required": ["lastPage", "size"],
                "properties": {
                    "lastPage": { "type": "boolean" }, "nextPageOffset": { "type": "integer" },
                    "nextPageCursor": text, "nextPageLink": text, "size": { "type": "integer" },
                },
            },
        },
    })
}
