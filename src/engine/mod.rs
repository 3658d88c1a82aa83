//! The engine: it turns events into decisions, and decisions into outcomes.
//!
//! Each source has its own planner and executor, so that a slow product delays no other. Both run on the same
//! [`stage`]: ordered per user, parallel across users, restored from the log when a partition is assigned.

mod consumer_groups;
mod dead_letters;
mod executor;
mod letter_orders;
mod memory;
mod planner;
mod references;
mod register;
mod run_queries;
mod sweeps;
#[cfg(test)]
pub(crate) mod testing;

pub use consumer_groups::consumer_groups;
pub use sweeps::schedule::{LastFired, SchemeSchedule};

pub use executor::Executor;
pub use letter_orders::LetterOrders;
pub use memory::Memory;
pub use planner::Planner;
pub use planner::pending_steps::PendingSteps;
pub use references::Finding as ReferenceFinding;
pub use references::{LookUps, ReferenceReport, References, Unresolved, WrittenSchemes};
pub use register::{LiveSource, Register, RunningSource};
pub use run_queries::{AskedStep, Count, RunEnd, RunQueries, UndoPage};
pub(crate) use sweeps::forecast::Forecaster;
use sweeps::reconciler::Reconciler;
pub use sweeps::reconciler::{KnownUsers, UnknownUser};
pub use sweeps::requests::{AdminCommands, UndoRequest};
pub use sweeps::scheduler::{Scheduler, Schedules};

pub use sweeps::sweeper::{HELD_TOO_LONG, Sweeper};
pub use sweeps::upcoming::{ClockChange, Upcoming, in_zone, upcoming};
