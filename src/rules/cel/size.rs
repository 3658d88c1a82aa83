//! How large the value of an expression can be.

use super::types::Type;

/// A number, a truth value or a time takes this many bytes, and an item of a list as many besides its own.
const ONE: u64 = 32;

/// A text of a user's is not taken to be longer, in bytes.
const LONGEST_TEXT: u64 = 256;

/// A list of a user's is not taken to be longer.
const LONGEST_LIST: u64 = 1_000;

/// `string()` of anything but a text is not longer: the largest fraction has 309 digits.
const LONGEST_WRITTEN: u64 = 400;

/// An upper bound: no value is larger, whatever the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Size {
    /// Of so many bytes.
    Flat(u64),
    /// Of so many items, each at most so large.
    List { length: u64, item: Box<Size> },
}

impl Size {
    /// Of what has always the same.
    pub(super) const ONE: Self = Self::Flat(ONE);

    pub(super) fn of_text(text: &str) -> Self {
        Self::Flat(ONE + text.len() as u64)
    }

    /// Of a fact of the type `ty`.
    pub(super) fn of_fact(ty: &Type) -> Self {
        match ty {
            Type::String => Self::Flat(ONE + LONGEST_TEXT),
            Type::List(item) => Self::list(LONGEST_LIST, Self::of_fact(item)),
            _ => Self::ONE,
        }
    }

    pub(super) fn list(length: u64, item: Self) -> Self {
        Self::List { length, item: Box::new(item) }
    }

    /// Of what a call comes to that neither joins nor picks.
    pub(super) fn of_result(ty: &Type, arguments: &[Self]) -> Self {
        match ty {
            Type::String => Self::Flat(arguments.iter().map(Self::bytes).max().unwrap_or(0).max(LONGEST_WRITTEN)),
            _ => Self::ONE,
        }
    }

    /// All of it.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Flat(bytes) => *bytes,
            Self::List { length, item } => item.bytes().saturating_add(ONE).saturating_mul(*length).saturating_add(ONE),
        }
    }

    /// How many items there are; one where it is no list.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Flat(_) => 1,
            Self::List { length, .. } => *length,
        }
    }

    /// Of one of the items.
    pub(super) fn item(&self) -> Self {
        match self {
            Self::Flat(_) => self.clone(),
            Self::List { item, .. } => (**item).clone(),
        }
    }

    /// Of what is the one or the other. Only what is never there (an item of `[]`) is flat where the other is a list.
    pub(super) fn or(self, other: Self) -> Self {
        self.merged(other, u64::max)
    }

    /// Of both put together by `+`.
    pub(super) fn and(self, other: Self) -> Self {
        self.merged(other, u64::saturating_add)
    }

    /// Of what a macro gathers in so many steps, where this is the size after the first.
    pub(super) fn times(self, steps: u64) -> Self {
        match self {
            Self::Flat(_) => self,
            Self::List { length, item } => Self::List { length: length.saturating_mul(steps), item },
        }
    }

    fn merged(self, other: Self, merge: fn(u64, u64) -> u64) -> Self {
        match (self, other) {
            (Self::Flat(one), Self::Flat(other)) => Self::Flat(merge(one, other)),
            (Self::List { length: one, item: ones }, Self::List { length: other, item: others }) => {
                Self::list(merge(one, other), ones.or(*others))
            }
            (list @ Self::List { .. }, Self::Flat(_)) | (Self::Flat(_), list @ Self::List { .. }) => list,
        }
    }
}
