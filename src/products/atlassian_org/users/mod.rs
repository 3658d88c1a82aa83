//! The users of an organisation: searched for, listed page by page, and read.

pub(super) mod list;
pub(super) mod pages;
pub(super) mod search;
pub(super) mod user;
