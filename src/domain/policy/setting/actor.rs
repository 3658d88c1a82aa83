//! The author of a setting.

use std::{fmt, str::FromStr};

use serde::Serialize;
use utoipa::ToSchema;

/// The highest number of characters. Earlier versions read no longer names.
const MAX_LENGTH: usize = 100;

/// The author of a setting: the name of a token or a person, perhaps with the person for whom a program says it acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Actor(String);

/// The text is not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this names nobody; write 1 to 100 printable characters")]
pub struct InvalidActor;

impl Actor {
    /// This one, who says that they act for `person`: `ci (for jdoe)`. A name that would be too long is cut.
    #[must_use]
    pub fn acting_for(&self, person: &Self) -> Self {
        let (name, person) = (&self.0, &person.0);
        let whole = format!("{name} (for {person})");
        let Some(over) = whole.chars().count().checked_sub(MAX_LENGTH).filter(|over| *over > 0) else {
            return Self(whole);
        };
        let kept = person.chars().count().saturating_sub(over + 1);
        if kept == 0 {
            return self.clone();
        }
        let begin: String = person.chars().take(kept).collect();
        Self(format!("{name} (for {begin}…)"))
    }
}

impl Default for Actor {
    /// An unnamed caller.
    fn default() -> Self {
        Self("admin".to_owned())
    }
}

impl FromStr for Actor {
    type Err = InvalidActor;

    fn from_str(text: &str) -> Result<Self, InvalidActor> {
        let text = text.trim();
        let good = (1..=MAX_LENGTH).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if good { Ok(Self(text.to_owned())) } else { Err(InvalidActor) }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_named_is_named_in_printable_characters() {
        for good in ["ann", " Ann-Kathrin Ü. ", &"x".repeat(100)] {
            assert_eq!(good.parse::<Actor>().expect("a name").to_string(), good.trim());
        }
        for bad in ["", "  ", "a\u{7}b", "a\nb", &"x".repeat(101)] {
            assert_eq!(bad.parse::<Actor>(), Err(InvalidActor), "{bad:?}");
        }
        assert_eq!(Actor::default().to_string(), "admin");
    }

    #[test]
    fn whoever_acts_for_somebody_is_named_first_and_the_whole_can_be_read_back() {
        let actor = |name: &str| name.parse::<Actor>().expect("a name");
        assert_eq!(actor("ci").acting_for(&actor("jdoe")).to_string(), "ci (for jdoe)");
        for (name, person) in
            [("ci".to_owned(), "é".repeat(100)), ("n".repeat(63), "x".repeat(30)), ("n".repeat(100), "x".into())]
        {
            let by = actor(&name).acting_for(&actor(&person)).to_string();
            assert!(by.starts_with(&name) && by.chars().count() <= 100, "{by}");
            assert_eq!(actor(&by).to_string(), by);
        }
        assert!(actor("ci").acting_for(&actor(&"é".repeat(100))).to_string().ends_with("é…)"));
    }
}
