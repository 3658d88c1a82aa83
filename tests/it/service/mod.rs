//! The whole service: signed webhooks in, memberships out.

mod decisions;
mod users;
