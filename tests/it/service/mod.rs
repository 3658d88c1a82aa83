//! The whole service: signed webhooks in, memberships out.

mod decisions;
mod faults;
mod halts;
mod idempotence;
mod order;
mod users;
