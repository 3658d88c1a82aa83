//! The engine: events become decisions, decisions become outcomes.
//!
//! Each source has a planner and an executor of its own, so that a slow product holds up no other. Both run on the
//! same [`stage`]: ordered per user, parallel across users, restored from the log when a partition is assigned.

mod absence;
mod activity;
mod appender;
mod asking;
mod backoff;
mod bells;
mod bugs;
mod connection;
mod consumer_groups;
pub mod controls;
mod dead_letters;
mod desk;
mod executor;
mod failures;
mod forecast;
mod guard;
mod input;
mod lasting_id;
mod letter_orders;
mod low_watermark;
mod mass_creation;
mod memory;
mod outcomes;
mod overview;
mod patience;
mod pending_steps;
mod planner;
mod probing;
mod progress;
mod pump;
mod rate_share;
mod reading;
mod reconciler;
mod references;
mod restore;
mod retry;
mod run_line;
mod scheduler;
mod sharing;
mod stage;
mod step;
mod sweeper;
mod tally;
#[cfg(test)]
pub(crate) mod testing;
mod told;
mod told_twice;
mod unconsumed;
mod warming;

pub use appender::Appender;
pub use backoff::Backoff;
pub use bells::{Bell, Struck};
pub use connection::{Calls, Connection, Health};
pub use consumer_groups::consumer_groups;
pub use controls::{Controls, NoControls};
pub use desk::Desk;
pub use executor::Executor;
pub use failures::Failures;
pub use input::Input;
pub use letter_orders::LetterOrders;
pub use memory::Memory;
pub use overview::{AskedStep, Count, Overview, RunEnd};
pub use pending_steps::PendingSteps;
pub use planner::Planner;
use reconciler::Reconciler;
pub use reconciler::{Known, Unmet};
pub use references::Finding as ReferenceFinding;
pub use references::{LookUps, References, Standing, Unresolved, WrittenSchemes};
pub use retry::Retry;
pub use scheduler::{Bells, Scheduler};
pub use sharing::share;
pub use stage::{Handler, Interrupted, Work, run};
pub use sweeper::{HELD_TOO_LONG, Sweeper};
