//! `/runs`: all that a trigger set off, one of them, and what can be decided about it.

pub(in crate::console) mod decide;
pub(in crate::console) mod delete;
pub(in crate::console) mod diff;
mod entries;
pub(in crate::console) mod entry;
pub(in crate::console) mod folded;
pub(in crate::console) mod list;
pub(in crate::console) mod one;
mod progress;
pub(in crate::console) mod undo;
