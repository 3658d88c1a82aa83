//! Whether a list of users is known to have been the whole one.

/// What the answers of a product prove about a list that was read to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Completeness {
    /// Everybody stood in it.
    #[default]
    Proved,
    /// It was read to its proved end, and so many of its records can't be read.
    Unreadable(u64),
    /// There may be users who did not stand in it.
    NotProved(String),
}

impl Completeness {
    /// Why somebody may be missing; none if nobody is.
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
