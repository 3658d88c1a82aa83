//! What may stand in a request, as the [document](super::document) says it: exactly what is understood.

use serde_json::json;
use utoipa::openapi::{
    KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat,
    schema::{AdditionalProperties, ArrayBuilder, OneOfBuilder, SchemaType, Type},
};

use crate::{
    domain::{ActionKind, Stage},
    views::{EntryResult, LetterState, RunState},
};

use super::dead_letters::MOST;

/// An id that an administrator chooses.
const ID: &str = "^[a-z0-9][a-z0-9_-]{0,62}$";
/// Bytes in hexadecimal; none: the first page.
const CURSOR: &str = "^([0-9a-fA-F]{2})*$";
/// Tags in quotes, or a star for any.
const TAGS: &str = r#"^(\*|(W/)?"[!#-~]*"( ?, ?(W/)?"[!#-~]*")*)$"#;
/// Printable, with neither end blank. Other than ASCII is understood as UTF-8, which HTTP does not promise to carry.
const ACTOR: &str = "^[!-~]([ -~]{0,98}[!-~])?$";

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn one_of(names: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    text().enum_values(Some(names))
}

fn or_null(of: Type) -> SchemaType {
    SchemaType::from_iter([of, Type::Null])
}

/// The id of a source or a scheme.
pub(super) fn id() -> ObjectBuilder {
    text().pattern(Some(ID))
}

/// The `next` of the page before; empty for the first page.
pub(super) fn cursor() -> ObjectBuilder {
    text().pattern(Some(CURSOR))
}

/// The name of an action.
pub(super) fn action() -> ObjectBuilder {
    one_of(ActionKind::ALL.map(ActionKind::as_str))
}

/// How a step ended, or `unknown`.
pub(super) fn result() -> ObjectBuilder {
    one_of(EntryResult::all().map(EntryResult::as_str))
}

/// The state of a run.
pub(super) fn run_state() -> ObjectBuilder {
    one_of(RunState::ALL.map(RunState::as_str))
}

/// The state of a dead letter.
pub(super) fn letter_state() -> ObjectBuilder {
    one_of(LetterState::ALL.map(LetterState::as_str))
}

/// Where something was given up.
pub(super) fn stage() -> ObjectBuilder {
    one_of(Stage::ALL.map(Stage::as_str))
}

/// A time with its offset.
pub(super) fn time() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
}

/// What `If-Match` takes.
pub(super) fn tags() -> ObjectBuilder {
    text().pattern(Some(TAGS))
}

/// Who asks.
pub(super) fn actor() -> ObjectBuilder {
    text().pattern(Some(ACTOR))
}

/// Letters to take up again: by their ids, or by a filter.
pub(super) fn redrive() -> RefOr<Schema> {
    let null = || ObjectBuilder::new().schema_type(Type::Null);
    let ids = ArrayBuilder::new().items(text()).min_items(Some(1)).max_items(Some(MOST));
    let ids = ObjectBuilder::new()
        .property("ids", ids)
        .required("ids")
        .property("filter", null())
        .property("limit", null())
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .description(Some("These letters, at most 1,000."));
    let limit = ObjectBuilder::new().schema_type(or_null(Type::Integer)).minimum(Some(1)).maximum(Some(MOST));
    let by_filter = ObjectBuilder::new()
        .property("filter", filter())
        .required("filter")
        .property("limit", limit)
        .property("ids", null())
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .description(Some("Those that the filter lets through, the newest first; at most `limit`, up to 1,000."));
    OneOfBuilder::new().item(ids).item(by_filter).into()
}

fn filter() -> ObjectBuilder {
    let or_null =
        |schema: ObjectBuilder| OneOfBuilder::new().item(schema).item(ObjectBuilder::new().schema_type(Type::Null));
    let boolean = ObjectBuilder::new().schema_type(Type::Boolean);
    ObjectBuilder::new()
        .property("source", or_null(id()))
        .property("stage", or_null(stage()))
        .property("reason", or_null(text().description(Some("With these words in their reason."))))
        .property("since", or_null(time()))
        .property("user", or_null(text().description(Some("The lasting id or the login name."))))
        .property("state", or_null(letter_state().description(Some("`open` where nothing is said."))))
        .property("held", or_null(boolean.description(Some("Kept back (true), or given up (false)."))))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

/// Why nothing is to be done about a letter; or nothing.
pub(super) fn dismissal() -> RefOr<Schema> {
    let reason = ObjectBuilder::new()
        .schema_type(or_null(Type::String))
        .max_length(Some(1_000))
        .description(Some("Shown with the letter."));
    ObjectBuilder::new()
        .schema_type(or_null(Type::Object))
        .property("reason", reason)
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .into()
}

/// A scheme: its keys, and of what kind their values are. What goes with what is checked besides.
pub(super) fn scheme() -> RefOr<Schema> {
    let object = || ObjectBuilder::new().schema_type(Type::Object);
    let (one, name) = (|| object().min_properties(Some(1)), || text().min_length(Some(1)).max_length(Some(255)));
    let names = || ArrayBuilder::new().items(name());
    let trigger = OneOfBuilder::new()
        .item(one_of(["on_create", "on_login", "manual"]))
        .item(object().property("cron", text()).required("cron").property("timezone", text()));
    let actions = ArrayBuilder::new().items(one().max_properties(Some(1))).min_items(Some(1)).max_items(Some(100));
    let boolean = || ObjectBuilder::new().schema_type(Type::Boolean);
    let mut scheme = object()
        .property("id", id())
        .property("name", name())
        .property("source", id())
        .property("trigger", trigger)
        .property("enabled", boolean())
        .property("test_mode", boolean())
        .property("select", one())
        .property("only_groups", names().min_items(Some(1)))
        .property("exempt", object().property("users", names()).property("groups", names()))
        .property("actions", actions)
        .property("limits", one())
        .property("audit", object())
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .description(Some(
            "A scheme as it is sent: as one item of `schemes` in the configuration, JSON or YAML, at most 3 MiB long. \
             One that can't be used is refused with 422.",
        ))
        .examples([json!({
            "id": "newcomers", "source": "acme", "trigger": "on_create",
            "select": { "everyone": true }, "actions": [{ "add_groups": ["staff"] }],
        })]);
    for key in ["id", "source", "trigger", "select", "actions"] {
        scheme = scheme.required(key);
    }
    scheme.into()
}
