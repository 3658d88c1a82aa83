//! Users: who they are, what is known of them, and how their names and addresses are written.

pub(super) mod activity;
pub(super) mod creation;
pub(super) mod email;
pub(super) mod email_pattern;
pub(super) mod facts;
pub(super) mod given_up;
pub(super) mod group_in_path;
pub(super) mod group_name;
pub(super) mod spelling;
pub(super) mod user_key;
