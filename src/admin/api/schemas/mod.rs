//! The schemas of requests for the [document](super::document): exactly what usher accepts.

mod scheme;
mod source;

use serde_json::json;
use utoipa::{
    ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat,
        schema::{AdditionalProperties, AnyOfBuilder, ArrayBuilder, OneOfBuilder, SchemaType, Type},
    },
};

use crate::{
    domain::{ActionKind, Pick, Stage},
    rules::conflicts::ConflictKind,
    views::{EntryResult, LetterState},
};

pub(super) use scheme::{ActionsText, SchemeText, TriggerText, describe};
pub(super) use source::SourceText;

/// The highest number of letters in one redrive.
pub(super) const MAX_LETTERS: usize = 1_000;

/// The one way to fold runs.
pub(super) const FOLDED: &str = "scheme,hour";
/// An id that an administrator chooses.
const ID: &str = "^[a-z0-9][a-z0-9_-]{0,62}$";
/// Bytes in hexadecimal; none: the first page.
const CURSOR: &str = "^([0-9a-fA-F]{2})*$";
/// Tags in quotes, or a star for any.
const TAGS: &str = r#"^(\*|(W/)?"[!#-~]*"( ?, ?(W/)?"[!#-~]*")*)$"#;
/// Printable, with neither end blank. Other than ASCII is understood as UTF-8, which HTTP does not promise to carry.
const ACTOR: &str = "^[!-~]([ -~]{0,98}[!-~])?$";

/// A domain, as e-mail addresses have it.
const DOMAIN: &str = r"^([A-Za-z0-9]{1,20}(-[A-Za-z0-9]{1,20})?\.){0,3}[A-Za-z]{2,20}$";
/// The orders of users: by each value, and turned round.
const USER_ORDERS: [&str; 8] = ["name", "-name", "display_name", "-display_name", "email", "-email", "id", "-id"];
/// Visible, and no blank at either end: a client would cut that.
const REQUEST_KEY: &str = "^[!-~]([ -~]{0,198}[!-~])?$";

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn one_of(names: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    text().enum_values(Some(names))
}

fn or_null(of: Type) -> SchemaType {
    SchemaType::from_iter([of, Type::Null])
}

/// Types that stand for what a request may hold, where the document names a type.
macro_rules! shown {
    ($($(#[$doc:meta])* $name:ident: $schema:expr,)*) => {$(
        $(#[$doc])*
        pub(super) struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

shown! {
    /// The id of a source or a scheme.
    Id: id(),
    /// The `next` of the page before; empty for the first page.
    CursorText: text().pattern(Some(CURSOR)),
    /// The name of an action.
    ActionWord: one_of(ActionKind::ALL.map(ActionKind::as_str)),
    /// How two schemes undo each other.
    ConflictWord: one_of(ConflictKind::ALL.map(ConflictKind::as_str)),
    /// How a step ended, or `unknown`.
    ResultWord: one_of(EntryResult::all().map(EntryResult::as_str)),
    /// Where something was given up.
    StageWord: stage(),
    /// A time with its offset.
    Time: time(),
    /// The order of users.
    UserOrder: one_of(USER_ORDERS),
    /// The domain of an e-mail address.
    DomainText: text().pattern(Some(DOMAIN)),
    /// What `If-Match` takes.
    Tags: text().pattern(Some(TAGS)),
    /// How runs are folded.
    Folded: one_of([FOLDED]),
    /// Who asks.
    Who: text().pattern(Some(ACTOR)),
    /// The key of a request.
    RequestKey: text().pattern(Some(REQUEST_KEY)),
    /// How many users to name.
    Count: ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).default(Some(json!(1_000))),
    /// The scheme of a draft: an object as far as it is written, or a text that is still typed.
    DraftScheme: ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Object, Type::String])),
    /// A time to wait.
    Seconds: text().pattern(Some("^0*([0-9]|[1-5][0-9]|60)s$")).default(Some(json!("5s"))),
    /// Which dead letters to take up again.
    Redrive: redrive(),
    /// Which dead letters to dismiss, and why.
    DismissMany: dismiss_many(),
    /// Why nothing is to be done about a dead letter.
    Dismissal: dismissal(),
    /// The runs to be removed from the run log, and the reason.
    DeleteRuns: delete_runs(),
    /// Why something is asked for.
    Reason: dismissal(),
    /// Users of a source: those with these ids, or all who match the filter now.
    NewPick: some_users(|object| object.property("source", id()).required("source")),
    /// A form with a file.
    FileInForm: closed([("file", file().into())]).required("file"),
    /// Users: those with these ids, or all who match the filter now.
    SomeUsers: some_users(|object| object),
}

fn id() -> ObjectBuilder {
    text().pattern(Some(ID))
}

fn file() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
}

fn stage() -> ObjectBuilder {
    one_of(Stage::ALL.map(Stage::as_str))
}

fn time() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
}

fn letter_state() -> ObjectBuilder {
    one_of(LetterState::ALL.map(LetterState::as_str))
}

/// Letters to take up again: by their ids, or by a filter.
fn redrive() -> RefOr<Schema> {
    chosen_letters(|object| object)
}

/// Letters to dismiss: the same, with a reason.
fn dismiss_many() -> RefOr<Schema> {
    chosen_letters(|object| object.property("reason", reason()))
}

fn chosen_letters(and: fn(ObjectBuilder) -> ObjectBuilder) -> RefOr<Schema> {
    let null = || RefOr::from(ObjectBuilder::new().schema_type(Type::Null));
    let ids = ArrayBuilder::new().items(text()).min_items(Some(1)).max_items(Some(MAX_LETTERS));
    let ids = closed([("ids", ids.into()), ("filter", null()), ("limit", null()), ("at_most", null())])
        .required("ids")
        .description(Some("These letters, at most 1,000."));
    let limit = || ObjectBuilder::new().schema_type(or_null(Type::Integer)).minimum(Some(1)).maximum(Some(MAX_LETTERS));
    let by_filter = |name, other, description| {
        closed([("filter", filter().into()), (name, limit().into()), (other, null()), ("ids", null())])
            .required("filter")
            .description(Some(description))
    };
    let newest = "Those that the filter lets through, the newest first; at most `limit`, up to 1,000.";
    let limited = by_filter("limit", "at_most", newest);
    let otherwise = by_filter("at_most", "limit", "The same with another name of `limit`.").required("at_most");
    AnyOfBuilder::new().item(and(ids)).item(and(limited)).item(and(otherwise)).into()
}

/// Users by their ids, or by a filter.
fn some_users(and: fn(ObjectBuilder) -> ObjectBuilder) -> RefOr<Schema> {
    let null = || RefOr::from(ObjectBuilder::new().schema_type(Type::Null));
    let ids = ArrayBuilder::new().items(text()).max_items(Some(Pick::MAX_USERS));
    let by_ids = closed([("users", ids.into()), ("filter", null())]).required("users");
    let filter = RefOr::Ref(Ref::from_schema_name("FilterText"));
    let by_filter = closed([("filter", filter), ("users", null())]).required("filter");
    AnyOfBuilder::new().item(and(by_ids)).item(and(by_filter)).into()
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
        .property("group", or_null(text().description(Some("The id of a group."))))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

/// Why nothing is to be done about a letter.
fn dismissal() -> RefOr<Schema> {
    closed([("reason", reason().into())]).into()
}

fn reason() -> ObjectBuilder {
    let reason = ObjectBuilder::new().schema_type(or_null(Type::String)).max_length(Some(1_000));
    reason.description(Some("Shown with what is done."))
}

/// Runs to be removed: by their ids, or by the query.
fn delete_runs() -> RefOr<Schema> {
    let ids = ArrayBuilder::new().items(text()).min_items(Some(1)).max_items(Some(500));
    let ids = OneOfBuilder::new().item(ids).item(ObjectBuilder::new().schema_type(Type::Null));
    let ids = ids.description(Some("These runs, at most 500; without them the query selects the runs."));
    let reason = text().min_length(Some(1)).max_length(Some(1_000)).pattern(Some("\\S"));
    closed([("ids", ids.into()), ("reason", reason.into())]).required("reason").into()
}

/// An object with these keys and no others.
fn closed<'k>(keys: impl IntoIterator<Item = (&'k str, RefOr<Schema>)>) -> ObjectBuilder {
    let object = ObjectBuilder::new().schema_type(Type::Object);
    let object = object.additional_properties(Some(AdditionalProperties::FreeForm(false)));
    keys.into_iter().fold(object, |object, (key, schema)| object.property(key, schema))
}
