//! Users: their identity, the facts about them, and the forms of their names and addresses.

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
