//! What Jira Cloud and Jira Data Center have in common, and each of them.

pub(super) mod access;
pub(super) mod bean;
pub(super) mod cloud;
pub(super) mod data_center;
pub(super) mod document;
pub(super) mod issue;
pub(super) mod members;
pub(super) mod picker;
