//! Whether a list of users is known to have been the whole one.

/// The completeness of a list that was read to its end, as proved by the product's answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Completeness {
    /// All users are in it.
    #[default]
    Proved,
    /// It was read to its proved end, and this number of its records can't be read.
    Unreadable(u64),
    /// Users may be missing. The text is the reason.
    NotProved(String),
}

impl Completeness {
    /// The reason why users may be missing; none if none is.
    pub fn why(&self) -> Option<String> {
        match self {
            Self::Proved => None,
            Self::Unreadable(1) => Some("1 record of the list can't be read".to_owned()),
            Self::Unreadable(records) => Some(format!("{records} records of the list can't be read")),
            Self::NotProved(why) => Some(why.clone()),
        }
    }
}

#[test]
fn a_list_that_is_not_known_to_be_whole_says_why() {
    assert_eq!(Completeness::Proved.why(), None);
    assert_eq!(Completeness::Unreadable(2).why().as_deref(), Some("2 records of the list can't be read"));
    assert_eq!(Completeness::NotProved("it ends early".to_owned()).why().as_deref(), Some("it ends early"));
}
