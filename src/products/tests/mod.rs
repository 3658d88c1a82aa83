//! Tests of all products: the behaviour that they share, and the requests to each, word by word.

#[cfg(test)]
pub(super) mod another_user;
#[cfg(test)]
pub(super) mod change;
#[cfg(test)]
pub(super) mod confluence;
#[cfg(test)]
pub(super) mod http;
#[cfg(test)]
pub(super) mod jira;
#[cfg(test)]
pub(super) mod list;
#[cfg(test)]
pub(super) mod list_end;
#[cfg(test)]
pub(super) mod members;
#[cfg(test)]
pub(super) mod odd_records;
#[cfg(test)]
pub(super) mod organization;
