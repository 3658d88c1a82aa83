//! Words of which only some are known.

use serde::Deserialize;

use crate::{
    domain::{ActionKind, Stage},
    views::EntryResult,
};

/// The word of an action.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ActionName(pub(super) String);

impl TryFrom<String> for ActionName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let names = ActionKind::ALL.map(ActionKind::as_str);
        if names.contains(&text.as_str()) {
            return Ok(Self(text));
        }
        Err(format!("`{text}` is no action; write one of {}", names.join(", ")))
    }
}

/// The stage that gave something up.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::admin::api) struct StageName(pub(in crate::admin::api) Stage);

impl TryFrom<String> for StageName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let known = Stage::ALL.into_iter().find(|stage| stage.as_str() == text);
        known.map(Self).ok_or_else(|| {
            let names = Stage::ALL.map(Stage::as_str).join(", ");
            format!("`{text}` is no stage; write one of {names}")
        })
    }
}

/// The word of a result.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ResultName(pub(super) EntryResult);

impl TryFrom<String> for ResultName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let known = EntryResult::all().find(|result| result.as_str() == text);
        known.map(Self).ok_or_else(|| {
            let names = EntryResult::all().map(EntryResult::as_str).collect::<Vec<_>>().join(", ");
            format!("`{text}` is no result; write one of {names}")
        })
    }
}
