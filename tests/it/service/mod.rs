//! The whole service: signed webhooks in, memberships out.

mod activity;
mod decisions;
mod faults;
mod halts;
mod hostile;
mod idempotence;
mod metrics;
mod order;
mod schemes;
mod starting;
mod users;
