//! The issues of a site: made through the API, closed by the controls.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An issue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// The key, like `OPS-1`.
    pub key: String,
    /// The issue type's name.
    pub issue_type: String,
    /// Its one line.
    pub summary: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// All other fields as they were given.
    pub fields: Map<String, Value>,
    /// Whether its status is of the category Done.
    pub done: bool,
}
