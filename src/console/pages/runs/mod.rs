//! `/runs`: all that a trigger set off, one of them, and the decision about a held one.

pub(in crate::console) mod decide;
mod entries;
pub(in crate::console) mod list;
pub(in crate::console) mod one;
mod progress;
