//! The allowed parameters of queries about picks. Anything else is refused, with what to write.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{admin::api::schemas, domain::SourceId, user_list::Encoding};

/// The query of a file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct FileQuery {
    /// The source of the users.
    #[param(value_type = schemas::Id, inline, required = true)]
    pub(super) source: SourceId,
    /// The encoding, where the file can't tell it by itself; UTF-8, and UTF-16 with a byte order mark, need none.
    #[param(value_type = EncodingWord, inline, required = false)]
    pub(super) encoding: Option<EncodingWord>,
    /// Which users are taken: those that were `found` (by default), or `all`: nobody where a line stands for nobody.
    #[serde(default)]
    #[param(value_type = Take, inline, required = false)]
    pub(super) take: Take,
    /// Only reads and counts, and keeps nothing; `false` by default.
    #[serde(default)]
    #[param(value_type = bool, required = false)]
    pub(super) dry_run: bool,
}

/// An encoding that a file can't tell by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum EncodingWord {
    /// The one of spreadsheets in Western Europe and America.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl From<EncodingWord> for Encoding {
    fn from(EncodingWord::Windows1252: EncodingWord) -> Self {
        Self::Windows1252
    }
}

/// The users of a file who are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Take {
    /// Those that were found.
    #[default]
    Found,
    /// All, or nobody.
    All,
}

/// The query of the export.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Export {
    /// Whether cells that a spreadsheet would take for formulas are left as they are; `false` by default.
    #[serde(default)]
    #[param(value_type = bool, required = false)]
    pub(super) raw: bool,
}
