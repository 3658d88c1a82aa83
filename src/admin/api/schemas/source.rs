//! A source as it is sent.

use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// A source as it is sent: as one item of `sources` in the configuration.
pub(in crate::admin::api) struct SourceText;

impl PartialSchema for SourceText {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new().schema_type(Type::Object).description(Some(
            "A source: as one item of `sources` in the configuration, JSON or YAML. The JSON Schema of the configuration has its \
             keys. Each secret is `{ value: \"...\" }`: no variable and no file of usher's machine is read for it. One that usher keeps already, \
             and that stays, is `{ sealed: NAME }`.",
        ));
        let example = json!({
            "id": "acme", "product": "jira-dc", "base_url": "https://jira.acme.example",
            "auth": { "bearer": { "value": "the-token" } },
        });
        object.examples([example]).into()
    }
}

impl ToSchema for SourceText {}
