//! A scheme as a JSON schema: that of the configuration, from which the reader is made too. Combinations of keys are
//! checked separately.

use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema},
};

use crate::{
    config::{SchemeSchemas, scheme_schemas},
    domain::Scheme,
};

/// A scheme as it is sent.
pub(in crate::admin::api) struct SchemeText;

/// The place of the schemas in an OpenAPI document.
const COMPONENTS: &str = "#/components/schemas/";

/// Stands where [`describe`] puts the schema.
fn described_below() -> RefOr<Schema> {
    ObjectBuilder::new().into()
}

impl PartialSchema for SchemeText {
    fn schema() -> RefOr<Schema> {
        described_below()
    }
}

impl ToSchema for SchemeText {}

/// A trigger as it is sent: a map with the key `trigger` of a scheme.
pub(in crate::admin::api) struct TriggerText;

impl PartialSchema for TriggerText {
    fn schema() -> RefOr<Schema> {
        described_below()
    }
}

impl ToSchema for TriggerText {}

/// Actions as they are sent: the `actions` of a scheme.
pub(in crate::admin::api) struct ActionsText;

impl PartialSchema for ActionsText {
    fn schema() -> RefOr<Schema> {
        described_below()
    }
}

impl ToSchema for ActionsText {}

impl PartialSchema for Scheme {
    fn schema() -> RefOr<Schema> {
        described_below()
    }
}

impl ToSchema for Scheme {}

/// Puts the schemas of a scheme, as it is sent and as it is shown, among the components of a document.
pub(in crate::admin::api) fn describe(components: &mut Value) {
    let SchemeSchemas { mut written, shown, parts } = scheme_schemas(COMPONENTS);
    written["description"] = json!(
        "A scheme as it is sent: as one item of `schemes` in the configuration, JSON or YAML, at most 3 MiB long. One that can't be \
         used is refused with 422."
    );
    written["examples"] = json!([{
        "id": "newcomers", "source": "acme", "trigger": "on_create",
        "select": { "everyone": true }, "actions": [{ "add_groups": ["staff"] }],
    }]);
    for (name, part) in parts {
        debug_assert!(components.get(&name).is_none(), "`{name}` is another component");
        components[name] = part;
    }
    components[&*TriggerText::name()] = json!({
        "type": "object", "required": ["trigger"], "additionalProperties": false,
        "properties": { "trigger": written["properties"]["trigger"] },
        "description": "A scheme's `trigger`, JSON or YAML.",
        "examples": [{ "trigger": { "cron": "0 3 * * MON", "timezone": "Europe/Berlin" } }],
    });
    components[&*ActionsText::name()] = written["properties"]["actions"].clone();
    components[&*SchemeText::name()] = written;
    components[&*Scheme::name()] = shown;
}
