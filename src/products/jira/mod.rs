//! Jira Cloud and Jira Data Center, and the parts that both share.

pub(super) mod access;
pub(super) mod cloud;
pub(super) mod data_center;
pub(super) mod document;
pub(super) mod issue;
pub(super) mod members;
pub(super) mod picker;
pub(super) mod user_json;
