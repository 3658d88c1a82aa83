//! What every product must do alike, and what each is asked, word by word.

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
pub(super) mod organization;
