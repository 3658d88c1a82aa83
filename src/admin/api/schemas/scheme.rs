//! A scheme as a JSON schema: its keys, and of what kind their values are. What goes with what is checked besides.

use serde_json::json;
use utoipa::openapi::{
    ObjectBuilder, Ref, RefOr, Schema,
    schema::{ArrayBuilder, OneOfBuilder, SchemaType, Type},
};

use super::{closed, id, one_of, text};

/// What [`condition`] is called in the document.
pub(in crate::admin::api) const CONDITION: &str = "Condition";

/// A scheme.
pub(in crate::admin::api) fn scheme() -> RefOr<Schema> {
    let schedule = closed([("cron", text().into()), ("timezone", text().into())]).required("cron");
    let trigger = OneOfBuilder::new().item(one_of(["on_create", "on_login", "manual"])).item(schedule);
    let actions = ArrayBuilder::new().items(action()).min_items(Some(1)).max_items(Some(100));
    let limits = closed([("users", number(0, 1_000_000_000, "^[0-9]{1,9}$")), ("percent", percent())]);
    let mut scheme = closed([
        ("id", id().schema_type(single()).into()),
        ("name", name().into()),
        ("source", id().schema_type(single()).into()),
        ("trigger", trigger.into()),
        ("enabled", boolean().into()),
        ("test_mode", boolean().into()),
        ("select", conditions().into()),
        ("only_groups", some_names().into()),
        ("exempt", closed([("users", names().into()), ("groups", names().into())]).into()),
        ("actions", actions.into()),
        ("limits", limits.min_properties(Some(1)).into()),
        ("audit", closed([("application_log", yes())]).into()),
    ]);
    for key in ["id", "source", "trigger", "select", "actions"] {
        scheme = scheme.required(key);
    }
    let described = scheme.description(Some(
        "A scheme as it is sent: as one item of `schemes` in the configuration, JSON or YAML, at most 3 MiB long. One that \
         can't be used is refused with 422.",
    ));
    let example = json!({
        "id": "newcomers", "source": "acme", "trigger": "on_create",
        "select": { "everyone": true }, "actions": [{ "add_groups": ["staff"] }],
    });
    described.examples([example]).into()
}

/// One condition, as it stands under `all`, `any` and `not`.
pub(in crate::admin::api) fn condition() -> RefOr<Schema> {
    conditions().max_properties(Some(1)).into()
}

fn conditions() -> ObjectBuilder {
    let age = || RefOr::from(text().pattern(Some("^[1-9][0-9]{0,3}[wdhms]$")));
    let one = || RefOr::from(Ref::from_schema_name(CONDITION));
    let parts = || RefOr::from(ArrayBuilder::new().items(one()).min_items(Some(1)));
    let expression = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Boolean]));
    closed([
        ("everyone", yes()),
        ("never_logged_in", closed([("created_before", age())]).into()),
        ("last_login_before", age()),
        ("logged_in_once", closed([("not_within", age())]).into()),
        ("deactivated", yes()),
        ("email_domain", some_names().into()),
        ("email_domain_not", some_names().into()),
        ("users", some_names().max_items(Some(100_000)).into()),
        ("where", expression.min_length(Some(1)).max_length(Some(4_096)).into()),
        ("all", parts()),
        ("any", parts()),
        ("not", one()),
    ])
    .min_properties(Some(1))
}

fn action() -> ObjectBuilder {
    let bare = || RefOr::from(closed([]));
    let suffix = name().max_length(Some(64));
    let project = text().pattern(Some("^[A-Z][A-Z0-9_]{1,254}$"));
    let fields = ObjectBuilder::new().schema_type(Type::Object);
    let issue = closed([
        ("project", project.into()),
        ("type", name().into()),
        ("summary", name().max_length(Some(4_096)).into()),
        ("fields", fields.into()),
    ]);
    let issue = ["project", "type", "summary"].into_iter().fold(issue, ObjectBuilder::required);
    closed([
        ("add_groups", some_names().into()),
        ("remove_groups", some_names().into()),
        ("remove_all_groups", bare()),
        ("remove_application_access", closed([("applications", some_names().into())]).into()),
        ("deactivate", bare()),
        ("reactivate", bare()),
        ("delete", bare()),
        ("rename", closed([("suffix", suffix.into())]).required("suffix").into()),
        ("invalidate_password", closed([("send_reset_link", boolean().into())]).into()),
        ("create_issue", issue.into()),
    ])
    .min_properties(Some(1))
    .max_properties(Some(1))
}

/// A text, which needs no quotes in YAML: what looks like a number is one.
fn single() -> SchemaType {
    SchemaType::from_iter([Type::String, Type::Number, Type::Boolean])
}

fn name() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(single()).min_length(Some(1)).max_length(Some(255))
}

fn names() -> ArrayBuilder {
    ArrayBuilder::new().items(name())
}

fn some_names() -> ArrayBuilder {
    names().min_items(Some(1))
}

fn boolean() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Boolean)
}

fn yes() -> RefOr<Schema> {
    boolean().enum_values(Some([true])).into()
}

fn percent() -> RefOr<Schema> {
    number(1, 100, "^([1-9][0-9]?|100)$")
}

/// A whole number, with or without quotes.
fn number(least: usize, most: usize, pattern: &str) -> RefOr<Schema> {
    let number = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Integer, Type::String]));
    number.minimum(Some(least)).maximum(Some(most)).pattern(Some(pattern)).into()
}
