//! Picks as they are sent and shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    filter::{self, FilterText},
    make::Chosen,
};
use crate::{
    admin::Problem,
    domain::{Actor, Pick, SourceId, Timestamp, UserId},
    users::{RosterRow, UserRow},
    views::Cursor,
};

/// A pick, without its users.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PickRow {
    /// Names it.
    pub(crate) id: String,
    /// The person or the token that it belongs to.
    pub(crate) owner: Actor,
    /// The source of all its users.
    pub(crate) source: SourceId,
    /// The number of users in it.
    pub(crate) users: usize,
    /// The base of the pick, in words.
    pub(crate) from: String,
    /// The time of the list that the users were picked from; null if no list is kept.
    pub(crate) as_of: Option<Timestamp>,
    /// Whether that list was whole.
    pub(crate) whole: Option<bool>,
    /// Why users may be missing from that list.
    pub(crate) why: Option<String>,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// When it was changed last.
    pub(crate) changed: Timestamp,
    /// When it is dropped, unless it is changed before.
    pub(crate) expires: Timestamp,
    /// For `If-Match`: the `ETag` without its quotes.
    pub(crate) tag: String,
}

impl From<&Pick> for PickRow {
    fn from(pick: &Pick) -> Self {
        Self {
            id: pick.id.clone(),
            owner: pick.owner.clone(),
            source: pick.source.clone(),
            users: pick.users.len(),
            from: pick.from.clone(),
            as_of: pick.as_of,
            whole: pick.whole(),
            why: pick.incomplete.clone(),
            created: pick.created,
            changed: pick.at,
            expires: pick.expires(),
            tag: pick.tag(),
        }
    }
}

/// The most problems that are named.
const MAX_PROBLEMS: usize = 1_000;
/// The most characters of a value that are shown.
const MAX_SHOWN: usize = 100;

/// An id, or a line of a file, that stands for nobody who is picked by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PickProblem {
    /// The line of the file; null if ids were sent.
    pub(crate) line: Option<u64>,
    /// The text in question, cut to 100 characters.
    pub(crate) value: String,
    /// The reason.
    pub(crate) why: String,
}

impl PickProblem {
    pub(super) fn new(line: Option<u64>, value: &str, why: impl ToString) -> Self {
        Self { line, value: value.chars().take(MAX_SHOWN).collect(), why: why.to_string() }
    }
}

/// The problems of what was sent.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct PickProblems {
    /// The first 1,000 of them.
    pub(crate) problems: Vec<PickProblem>,
    /// The number of all of them.
    pub(crate) problem_count: usize,
}

impl PickProblems {
    pub(super) fn new(mut problems: Vec<PickProblem>) -> Self {
        problems.sort_by_key(|problem| problem.line);
        let problem_count = problems.len();
        problems.truncate(MAX_PROBLEMS);
        Self { problems, problem_count }
    }
}

/// The counts of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FileCounts {
    /// The users that were found.
    pub(crate) found: usize,
    /// The lines whose user is not there.
    pub(crate) not_there: usize,
    /// The lines with a user of an earlier line.
    pub(crate) twice: usize,
    /// The lines that fit several users.
    pub(crate) several: usize,
    /// The lines that can't be read.
    pub(crate) unreadable: usize,
    /// The columns that say nothing about who is meant; the first 100.
    pub(crate) ignored_columns: Vec<String>,
}

/// A pick as it was made or changed, with what was left out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PickMade {
    #[serde(flatten)]
    pub(crate) pick: PickRow,
    #[serde(flatten)]
    pub(crate) left_out: PickProblems,
    /// The counts of the file, if it was made from one.
    pub(crate) file: Option<FileCounts>,
}

/// A file that was read, and of which nothing was kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FileRead {
    /// Its counts.
    pub(crate) file: FileCounts,
    #[serde(flatten)]
    pub(crate) left_out: PickProblems,
}

/// A page of the users of a pick, in the order of picking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PickedPage {
    /// The last list of the source's users.
    pub(crate) roster: RosterRow,
    /// The users. One who is not in that list has nothing but the id.
    pub(crate) items: Vec<UserRow>,
    /// The cursor of the next page; none: this was the last.
    pub(crate) next: Option<Cursor>,
}

/// A new pick as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPick {
    pub(super) source: SourceId,
    users: Option<Vec<UserId>>,
    #[serde(default, deserialize_with = "filter::object_or_none")]
    filter: Option<FilterText>,
}

impl NewPick {
    /// # Errors
    /// [`Problem::BadRequest`] if it can't be understood.
    pub(super) fn read(text: &str) -> Result<(SourceId, Chosen), Problem> {
        let Self { source, users, filter } = serde_json::from_str(text).map_err(|error| hint(&error))?;
        Ok((source, chosen(users, filter)?))
    }
}

/// Users to be added or removed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SomeUsers {
    users: Option<Vec<UserId>>,
    #[serde(default, deserialize_with = "filter::object_or_none")]
    filter: Option<FilterText>,
}

impl SomeUsers {
    /// # Errors
    /// [`Problem::BadRequest`] if it can't be understood.
    pub(super) fn read(text: &str) -> Result<Chosen, Problem> {
        let Self { users, filter } = serde_json::from_str(text).map_err(|error| hint(&error))?;
        chosen(users, filter)
    }
}

fn chosen(users: Option<Vec<UserId>>, filter: Option<FilterText>) -> Result<Chosen, Problem> {
    match (users, filter) {
        (Some(users), None) => Ok(Chosen::Users(users)),
        (None, Some(filter)) => Ok(Chosen::Filter(filter)),
        (Some(_), Some(_)) => Err(hint(&"there are both `users` and `filter`")),
        (None, None) => Err(hint(&"`users` and `filter` are both missing")),
    }
}

fn hint(why: &dyn std::fmt::Display) -> Problem {
    Problem::BadRequest(format!(
        "these are no users to pick: {why}; write `\"users\": [\"id\", ...]` or `\"filter\": {{...}}`; the filter `{{}}` is for all"
    ))
}
