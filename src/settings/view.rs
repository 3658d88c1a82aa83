//! A scheme as administrators see it, from the file or stored.

use crate::domain::{Actor, Pause, Scheme, SchemeId, Timestamp};

/// The content of a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// The scheme can be read. It is evaluated if it is enabled.
    Readable(Box<Scheme>),
    /// This version of usher can't use it; it is not asked.
    Broken {
        /// The stored text, as JSON.
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
    /// The content.
    pub contents: Contents,
    /// The digest of the content.
    pub version: String,
    /// The tag of exactly this state, for `If-Match`.
    pub tag: String,
    /// Whether it is in the configuration file, and can't be changed here.
    pub provisioned: bool,
    /// The author and the time of the pause, if it is paused.
    pub paused: Option<Pause>,
    /// The author and the time of the last change; none for a scheme of the file.
    pub changed: Option<(Actor, Timestamp)>,
    /// The warnings about a stored scheme. Those of the file are logged when usher starts.
    pub warnings: Vec<String>,
}
