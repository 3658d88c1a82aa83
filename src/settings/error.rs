//! Why a setting was not changed.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    config::{Place, Problem, Problems},
    domain::{SchemeId, SourceId},
    log, sealed,
};

/// One thing that is wrong with a scheme or a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Wrong {
    /// The line, from 1; none if it is about the whole.
    pub line: Option<usize>,
    /// The column, from 1, in characters.
    pub column: Option<usize>,
    /// The problem, and what to write instead.
    pub message: String,
}

impl Wrong {
    /// About the whole text.
    pub fn whole(message: String) -> Self {
        Self { line: None, column: None, message }
    }

    /// A problem at `place`.
    pub fn at(place: &Place, message: String) -> Self {
        let (line, column) = match place {
            Place::Character { line, column, .. } => (Some(*line), Some(*column)),
            Place::File(_) | Place::Variable(_) => (None, None),
        };
        Self { line, column, message }
    }
}

impl From<&Problem> for Wrong {
    fn from(problem: &Problem) -> Self {
        Self::at(problem.place(), problem.message().to_owned())
    }
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The scheme can't be used as it is written.
    #[error("the scheme has {}; nothing was stored", count(.0))]
    Invalid(Vec<Wrong>),
    /// There is one of this id already.
    #[error("there is a scheme `{0}` already; choose another id, or change that one with PUT")]
    Exists(SchemeId),
    /// There is no scheme with this id.
    #[error("there is no scheme `{0}`")]
    NoScheme(SchemeId),
    /// The scheme is in the configuration file.
    #[error("the scheme `{0}` stands in the configuration file; change it there")]
    Provisioned(SchemeId),
    /// It is not, or not any more, as the caller thinks it is.
    #[error("the scheme is not as it was when you read it; read it again, and repeat your change on what it says now")]
    Stale,
    /// The owner has no such draft.
    #[error("there is no draft `{0}`; it may be another's, or a week has gone by since its last change")]
    NoDraft(String),
    /// A draft is not, or not any more, as the caller thinks it is.
    #[error("the draft is not as it was when you read it; read it again, and repeat your change on what it says now")]
    StaleDraft,
    /// There are as many drafts as are kept.
    #[error(
        "there are as many drafts as are kept, 20 of one owner and 100 in all; delete one, or store it as a scheme"
    )]
    TooManyDrafts,
    /// A draft has more than this number of bytes.
    #[error("the draft is longer than {0} bytes, which is the most")]
    DraftTooLong(usize),
    /// The actions of a bulk action can't be carried out.
    #[error("the actions have {}; nothing was done", count(.0))]
    InvalidActions(Vec<Wrong>),
    /// There are as many bulk actions as are kept.
    #[error(
        "50 bulk actions, or those of a million users, are not over yet; wait for their runs, or cancel the held ones"
    )]
    TooManyBulks,
    /// The owner has no such pick.
    #[error("there is no pick `{0}`; it may be another's, or a day has gone by since its last change")]
    NoPick(String),
    /// A pick is not, or not any more, as the caller thinks it is.
    #[error("the pick is not as it was when you read it; read it again, and repeat your change on what it says now")]
    StalePick,
    /// There are as many picks as are kept.
    #[error("there are as many picks as are kept, 20 of one owner and 100 in all; delete one")]
    TooManyPicks,
    /// A pick has more than this number of users.
    #[error("the pick would have more than {0} users, which is the most; pick fewer at a time")]
    PickTooLong(usize),
    /// The ids of a pick are too long together.
    #[error("the ids of the users are too long to be kept in one pick; pick fewer at a time")]
    PickIdsTooLong,
    /// All picks together have more than this number of users.
    #[error("all picks would have more than {0} users together, which is the most; delete a pick, or pick fewer users")]
    PicksFull(usize),
    /// The owner has no such filter.
    #[error("there is no saved filter `{0}`; it may be another's")]
    NoFilter(String),
    /// The owner has a filter of this name.
    #[error("you have a filter called `{0}` already; choose another name, or delete that one")]
    FilterExists(String),
    /// There are as many filters as are kept.
    #[error("there are as many saved filters as are kept, 50 of one owner and 200 in all; delete one")]
    TooManyFilters,
    /// The source can't be used as it is written.
    #[error("the source has {}; nothing was stored", count(.0))]
    InvalidSource(Vec<Wrong>),
    /// There is one of this id already.
    #[error("there is a source `{0}` already; choose another id")]
    SourceExists(SourceId),
    /// A source of this id was deleted, and its events may be in the log still.
    #[error(
        "there was a source `{0}`, and its events are in the log for 30 days after it was deleted; choose another id: another \
         product must not get them"
    )]
    SourceGone(SourceId),
    /// There is no source with this id.
    #[error("there is no source `{0}`")]
    NoSource(SourceId),
    /// The source is in the configuration file.
    #[error("the source `{0}` stands in the configuration file; change it there")]
    ProvisionedSource(SourceId),
    /// A source is not, or not any more, as the caller thinks it is.
    #[error("the source is not as it was when you read it; read it again, and repeat your change on what it says now")]
    StaleSource,
    /// A source is needed still.
    #[error("it is needed still: {}", .0.join(", "))]
    SourceNeeded(Vec<String>),
    /// There is no key for the secrets of a source.
    #[error(
        "no source can be stored, because replicas need one key for its secrets: set `secrets_key` to the output of \
         `openssl rand -hex 32`, and restart usher"
    )]
    NoSecretsKey,
    /// A secret can't be sealed.
    #[error("a secret can't be sealed: {0}")]
    Sealing(#[from] sealed::Error),
    /// Another change is taking long.
    #[error("another change of the settings is taking long; try again")]
    Busy,
    /// The log refused the record, or it is unknown whether the log has it.
    #[error("the change could not be written, or it is not known whether it was: {0}; look, and try again")]
    Log(#[from] log::Error),
    /// It is in the log, and has not come back from there.
    #[error("the change is written and will be seen later; look before you try again")]
    Unseen,
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::Invalid(problems.iter().map(Wrong::from).collect())
    }
}

fn count(wrong: &[Wrong]) -> impl fmt::Display {
    match wrong.len() {
        1 => "a problem".to_owned(),
        more => format!("{more} problems"),
    }
}
