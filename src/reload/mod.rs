//! Taking a changed configuration into use without a restart.
//!
//! The configuration is read again on SIGHUP and when one of its files has changed ([`reloader`]). It is checked as
//! `usher check` does; one that is wrong changes nothing. Of a right one the [`plan`] tells what takes effect at once
//! and what needs a restart. The parts that take it into use are the [`Target`], which the app knows
//! (docs/decisions/0026-a-configuration-is-reloaded-whole-or-not-at-all.md).

mod origin;
mod plan;
mod reloader;

pub use origin::{Origin, Start};
pub use plan::{Plan, plan};
pub use reloader::{NotApplied, Reloader, Target};
