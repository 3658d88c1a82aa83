//! The whole service: signed webhooks in, memberships out.

mod actions;
mod activity;
mod arrivals;
mod code_and_crowd;
mod confluence;
mod dead_letters;
mod decisions;
mod delivery;
mod faults;
mod guards;
mod halts;
mod held;
mod hostile;
mod idempotence;
mod metrics;
mod named;
mod order;
mod organization;
mod reconciliation;
mod references;
mod schemes;
mod secrecy;
mod starting;
mod sweeps;
mod times;
mod users;
