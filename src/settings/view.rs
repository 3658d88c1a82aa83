//! A scheme as administrators see it, wherever it stands.

use crate::domain::{Actor, Pause, Scheme, SchemeId, Timestamp};

/// What a scheme says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// It can be asked, where it is enabled.
    Readable(Box<Scheme>),
    /// This version of usher can't use it; it is not asked.
    Broken {
        /// What stands there, as JSON.
        text: String,
        /// Why it can't be used, one problem a line.
        why: String,
    },
}

/// A scheme of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemeView {
    /// Its id.
    pub id: SchemeId,
    /// What it says.
    pub contents: Contents,
    /// Digest of what it says.
    pub version: String,
    /// Names exactly this state of it, to be told when it is changed.
    pub tag: String,
    /// Whether it stands in the configuration file, and can't be changed here.
    pub provisioned: bool,
    /// By whom and since when it is paused, if it is.
    pub paused: Option<Pause>,
    /// Who changed it last and when; none for one of the file.
    pub changed: Option<(Actor, Timestamp)>,
    /// What should be otherwise in a stored one; those of the file are told when usher starts.
    pub warnings: Vec<String>,
}
