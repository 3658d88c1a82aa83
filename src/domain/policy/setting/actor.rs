//! The author of a setting.

use std::{fmt, str::FromStr};

use serde::Serialize;
use utoipa::ToSchema;

/// The author of a setting, by their own statement. All holders of the admin token are trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Actor(String);

/// The text is not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this names nobody; write 1 to 100 printable characters")]
pub struct InvalidActor;

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
        let good = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
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
}
