//! `/dead-letters`: events and steps that were given up, by their reason and one by one; and what is decided about them.

pub(in crate::console) mod again;
mod chosen;
pub(in crate::console) mod dismiss;
mod groups;
pub(in crate::console) mod list;
