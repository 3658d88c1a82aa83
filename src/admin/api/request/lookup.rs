//! Reading a path or a body, and the refusals that handlers share.

use actix_web::{error::PayloadError, web::Bytes};

use crate::{
    admin::{AdminState, MAX_BODY, Problem, identity::Principal},
    domain::{RunId, Scheme, SchemeId, SourceId},
    log,
    settings::{Contents, SchemeView, Wrong},
    views::Run,
};

/// The id of a scheme. A text that can't be an id is treated as an unknown id.
///
/// # Errors
/// [`Problem::NotFound`] if it can't be an id.
pub(in crate::admin::api) fn known(id: &str) -> Result<SchemeId, Problem> {
    id.parse().map_err(|_| no_such(id))
}

/// The scheme with this id, if `caller` sees it. One of another source is treated as one that is not there.
///
/// # Errors
/// [`Problem::NotFound`] if there is none for them.
pub(in crate::admin::api) fn scheme(state: &AdminState, caller: &Principal, id: &str) -> Result<SchemeView, Problem> {
    let found = state.settings.get(&known(id)?);
    found.filter(|listed| sees(caller, listed)).ok_or_else(|| no_such(id))
}

/// Whether `caller` sees a scheme. The source of one that can't be read is not known.
pub(crate) fn sees(caller: &Principal, listed: &SchemeView) -> bool {
    match &listed.contents {
        Contents::Readable(scheme) => caller.sees(&scheme.source),
        Contents::Broken { .. } => caller.sources.is_all(),
    }
}

/// A scheme that `caller` wrote is about a source of theirs.
///
/// # Errors
/// [`Problem::InvalidScheme`] if it is about another one, as if that were not there.
pub(in crate::admin::api) fn own(caller: &Principal, scheme: &Scheme) -> Result<(), Problem> {
    if caller.sees(&scheme.source) {
        return Ok(());
    }
    let message = format!("there is no source `{}`", scheme.source);
    Err(Problem::InvalidScheme(vec![Wrong { line: None, column: None, message }]))
}

/// The source with this id, if `caller` sees it.
///
/// # Errors
/// [`Problem::NotFound`] if there is none for them.
pub(in crate::admin::api) fn source(state: &AdminState, caller: &Principal, id: &str) -> Result<SourceId, Problem> {
    let known = |id: &SourceId| caller.sees(id) && state.sources().iter().any(|source| source.id() == id);
    id.parse().ok().filter(known).ok_or_else(|| Problem::NotFound { kind: "source", id: id.to_owned() })
}

/// The run with this id, if `caller` sees its source. It waits for the disk.
///
/// # Errors
/// [`Problem::NotFound`] if there is none for them; an internal [`Problem`] if the views can't be read.
pub(in crate::admin) fn run(state: &AdminState, caller: &Principal, id: &RunId) -> Result<Run, Problem> {
    let found = state.views.run(id).map_err(|error| Problem::internal(&error))?;
    let found = found.filter(|run| caller.sees(&run.source));
    found.ok_or_else(|| no_such_run(state, id))
}

/// No run has this id, as far as the views know.
pub(in crate::admin) fn no_such_run(state: &AdminState, id: &RunId) -> Problem {
    not_in_views(state, "run", id.as_str())
}

/// The views have nothing of this `kind` and `id`. As long as they read what was in the log when usher started, it may
/// still come.
pub(crate) fn not_in_views(state: &AdminState, kind: &'static str, id: &str) -> Problem {
    let catch_up = state.views.catch_up();
    if catch_up.is_going_on() {
        return Problem::Unavailable(format!(
            "there is no {kind} `{id}` yet, but usher has just started, and not all of its log is read: {catch_up}; ask again"
        ));
    }
    Problem::NotFound { kind, id: id.to_owned() }
}

/// No scheme has this id.
pub(in crate::admin::api) fn no_such(id: &str) -> Problem {
    Problem::NotFound { kind: "scheme", id: id.to_owned() }
}

/// The text of a body.
///
/// # Errors
/// [`Problem::TooLarge`] if it is too long, [`Problem::BadRequest`] if it is not UTF-8.
pub(in crate::admin::api) fn text(body: Result<Bytes, actix_web::Error>) -> Result<String, Problem> {
    text_up_to(body, MAX_BODY)
}

/// The text of a body at a path that takes up to `most` bytes.
///
/// # Errors
/// As [`text`].
pub(in crate::admin::api) fn text_up_to(body: Result<Bytes, actix_web::Error>, most: usize) -> Result<String, Problem> {
    let body = bytes(body, most)?;
    String::from_utf8(body.into()).map_err(|_| Problem::BadRequest("the body is not UTF-8; write it as UTF-8".into()))
}

/// The bytes of a body at a path that takes up to `most` of them.
///
/// # Errors
/// [`Problem::TooLarge`] if it is too long, [`Problem::BadRequest`] if it can't be read.
pub(in crate::admin::api) fn bytes(body: Result<Bytes, actix_web::Error>, most: usize) -> Result<Bytes, Problem> {
    body.map_err(|error| match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => Problem::TooLarge(most),
        _ => Problem::BadRequest("the body can't be read; send it again".into()),
    })
}

/// The log can't be written now.
pub(in crate::admin::api) fn unavailable(error: &log::Error) -> Problem {
    Problem::Unavailable(error.to_string())
}
