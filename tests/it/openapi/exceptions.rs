//! Where usher goes by something else than the document, and by what: the one table. A test sees to it that each is needed.

use serde_json::{Value, json};
use usher::domain::Product;

use super::audit_log;

/// A place where a document is wrong or silent.
pub struct Exception {
    pub product: Product,
    /// In the document (a JSON pointer); `-` at its end is a further item of a list.
    pub place: &'static str,
    /// What stands there instead.
    pub instead: Value,
    /// Who says so.
    pub source: &'static str,
}

/// An answer that any operation may give, in whatever document it is missing.
pub struct Status {
    pub product: Product,
    pub status: u16,
    /// Who says so.
    pub source: &'static str,
}

impl Exception {
    /// Puts it into `document`.
    pub fn amend(&self, document: &mut Value) {
        let (parent, last) = self.place.rsplit_once('/').expect("a pointer has a slash");
        let parent = document.pointer_mut(parent).expect(self.place);
        let name = last.replace("~1", "/").replace("~0", "~");
        match parent {
            Value::Array(items) if last == "-" => items.push(self.instead.clone()),
            fields => drop(fields.as_object_mut().expect(self.place).insert(name, self.instead.clone())),
        }
    }
}

/// Whether any operation of `product` may be answered with `status`.
pub fn is_known(statuses: &[Status], product: Product, status: u16) -> bool {
    statuses.iter().any(|known| known.product == product && known.status == status)
}

const LINE_END: &str = "the pattern was written as a block of text, and has got the end of its line";
const REFERENCE: &str = "the examples of Jira's REST reference, docs.atlassian.com/software/jira/docs/api/REST/9.17.0";
const EXPAND: &str = "JRASERVER-33225 on jira.atlassian.com";
const ANONYMOUS: &str = "an answer kept in github.com/jira-node/node-jira-client, issue 255";
const ANONYMOUS_TEXT: &str = "an answer kept in github.com/atlassian/gajira-login, issue 59: text, not JSON";
const DEACTIVATING: &str = "`user_deactivate` in github.com/atlassian-api/atlassian-python-api: asked so \
    where the boolean is not heeded";
const NO_RIGHTS: &str = "developer.atlassian.com/server/bitbucket/how-tos/example-basic-authentication";
const PERMITTED: &str = "the document has the groups' form for users too; `RestPermittedUser` in it is theirs";
const CONFLUENCE_EXAMPLES: &str = "developer.atlassian.com/server/confluence/confluence-rest-api-examples";
const CONFLUENCE_UNKNOWN: &str =
    "the reference has it for a user who is not there in most operations, and for groups in none";
const GENERATED: &str = "the document is made from Java, where a list is told by its items and anything by `object`; the \
    text beside it and the REST reference say what it is";

/// Every place, by product.
pub fn exceptions() -> Vec<Exception> {
    let dc = |place, source, instead| Exception { product: Product::JiraDc, place, instead, source };
    let confluence = |place, source, instead| Exception { product: Product::ConfluenceDc, place, instead, source };
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let list = |name: &str| json!({ "type": "array", "items": reference(name) });
    let places = vec![
        dc(
            "/paths/~1rest~1api~12~1user/get/parameters/-",
            EXPAND,
            json!({ "name": "expand", "in": "query", "schema": { "type": "string" } }),
        ),
        dc("/components/schemas/SimpleListWrapperGroupJsonBean/properties/items", EXPAND, group_names()),
        dc(
            "/components/schemas/SimpleListWrapperApplicationRoleBean/properties/items",
            EXPAND,
            list("ApplicationRoleBean"),
        ),
        dc(
            "/paths/~1rest~1api~12~1user~1search/get/responses/200/content/application~1json/schema",
            GENERATED,
            list("UserBean"),
        ),
        dc(
            "/paths/~1rest~1api~12~1applicationrole/get/responses/200/content/application~1json/schema",
            GENERATED,
            list("ApplicationRoleBean"),
        ),
        dc(
            "/paths/~1rest~1api~12~1group~1member/get/responses/200/content/application~1json/schema",
            GENERATED,
            page_of(&reference("UserJsonBean")),
        ),
        dc(
            "/paths/~1rest~1api~12~1group~1member/get/parameters/-",
            "said to be in the path, which has no place for it; a query parameter in Jira's REST reference",
            json!({ "name": "groupname", "in": "query", "required": true, "schema": { "type": "string" } }),
        ),
        dc("/components/schemas/StringList", GENERATED, json!({ "type": "string" })),
        dc("/components/schemas/IssueUpdateBean/properties/fields/additionalProperties", GENERATED, json!({})),
        dc("/components/schemas/PermissionJsonBean/properties/havePermission", REFERENCE, json!({ "type": "boolean" })),
        dc("/components/schemas/ErrorCollection/properties/message", ANONYMOUS, json!({ "type": "string" })),
        dc("/components/schemas/ErrorCollection/properties/status-code", ANONYMOUS, json!({ "type": "integer" })),
        dc(
            "/components/schemas/UserWriteBean/properties/active",
            DEACTIVATING,
            json!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "enum": ["true", "false"] }] }),
        ),
        dc("/components/schemas/GroupBean/properties/expand", REFERENCE, json!({ "type": "string" })),
        confluence("/components/schemas/Person/properties", CONFLUENCE_EXAMPLES, confluence_user()),
        confluence(
            "/paths/~1rest~1api~1user~1memberof/get/responses/200/content/application~1json/schema/properties/results/items",
            "the reference says of it \"a paginated collection of groups\"; the schema is that of a user",
            reference("Group"),
        ),
        Exception {
            product: Product::JiraCloud,
            place: "/paths/~1rest~1api~13~1issue/post/responses/401/content",
            instead: json!({}),
            source: ANONYMOUS_TEXT,
        },
        Exception {
            product: Product::BitbucketDc,
            place: "/paths/~1rest~1api~1latest~1admin~1permissions~1users/get/responses/200/content/application~1json\
                /schema/properties/values/items",
            instead: reference("RestPermittedUser"),
            source: PERMITTED,
        },
        Exception {
            product: Product::AtlassianOrg,
            place: "/components/schemas/2.AccountId/pattern",
            instead: json!("[a-zA-Z0-9_|:-]{1,128}"),
            source: LINE_END,
        },
        dc(
            "/components/schemas/PagedListWrapperUserJsonBeanApplicationUser/properties",
            REFERENCE,
            json!({
                "size": { "type": "integer" }, "items": list("UserJsonBean"), "max-results": { "type": "integer" },
                "start-index": { "type": "integer" }, "end-index": { "type": "integer" },
            }),
        ),
    ];
    places.into_iter().chain(audit_log::exceptions()).collect()
}

/// Where a document says less than the text beside it: usher does not need it, and is held to it all the same.
pub fn stricter() -> Vec<Exception> {
    let text = json!({ "type": "string" });
    let links = json!({ "type": "object", "properties": { "self": text } });
    vec![
        Exception {
            product: Product::JiraDc,
            place: "/components/schemas/StreamPageBean/properties/values/items",
            instead: json!({ "$ref": "#/components/schemas/UserBean" }),
            source: GENERATED,
        },
        Exception {
            product: Product::BitbucketDc,
            place: "/paths/~1rest~1api~1latest~1admin~1users~1more-members/get/responses/200/content/application~1json\
                /schema/properties/values/items",
            instead: json!({ "$ref": "#/components/schemas/RestDetailedGroup" }),
            source: "the summary beside it: the groups of a user; the rest is that of another call",
        },
        Exception {
            product: Product::ConfluenceDc,
            place: "/components/schemas/Group",
            instead: json!({
                "type": "object", "required": ["name"], "properties": { "type": text, "name": text, "_links": links },
            }),
            source: CONFLUENCE_EXAMPLES,
        },
    ]
}

/// A user as Confluence shows it. `status` is what the reference's own examples ask for by `expand=status`.
fn confluence_user() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": text, "username": text, "userKey": text, "displayName": text, "status": text,
        "profilePicture": { "$ref": "#/components/schemas/Icon" },
        "_links": { "type": "object", "properties": { "self": text } },
        "_expandable": { "type": "object", "properties": { "status": text } },
    })
}

fn group_names() -> Value {
    let text = json!({ "type": "string" });
    json!({ "type": "array", "items": { "type": "object", "properties": { "name": text, "self": text } } })
}

fn page_of(item: &Value) -> Value {
    let (number, text) = (json!({ "type": "integer" }), json!({ "type": "string", "format": "uri" }));
    json!({
        "type": "object",
        "properties": {
            "self": text, "nextPage": text, "maxResults": number, "startAt": number, "total": number,
            "isLast": { "type": "boolean" }, "values": { "type": "array", "items": item },
        },
    })
}

/// Every status, by product.
pub fn statuses() -> Vec<Status> {
    let status = |product, status, source| Status { product, status, source };
    vec![
        status(Product::JiraDc, 401, "developer.atlassian.com/server/jira/platform/basic-authentication"),
        status(Product::JiraCloud, 401, "developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis"),
        status(Product::BitbucketDc, 401, NO_RIGHTS),
        status(
            Product::BitbucketDc,
            429,
            "confluence.atlassian.com/bitbucketserver, \"Improving instance stability with rate limiting\"",
        ),
        status(Product::ConfluenceCloud, 401, "developer.atlassian.com/cloud/confluence/basic-auth-for-rest-apis"),
        status(Product::ConfluenceCloud, 429, "developer.atlassian.com/cloud/confluence/rate-limiting"),
        status(Product::ConfluenceDc, 401, "confluence.atlassian.com, \"Using personal access tokens\""),
        status(Product::ConfluenceDc, 403, "the text beside the operation: \"You need admin permissions\""),
        status(Product::ConfluenceDc, 404, CONFLUENCE_UNKNOWN),
        status(Product::ConfluenceDc, 429, "confluence.atlassian.com, \"Adjusting your code for rate limiting\""),
        status(Product::JiraDc, 429, "confluence.atlassian.com, \"Adjusting your code for rate limiting\""),
        status(Product::JiraCloud, 429, "developer.atlassian.com/cloud/jira/platform/rate-limiting"),
    ]
}
