//! The highest size of an expression's value.

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
    /// A number of bytes.
    Flat(u64),
    /// A list of items, each with a highest size.
    List { length: u64, item: Box<Size> },
}

impl Size {
    /// The size of a value with a constant size.
    pub(super) const ONE: Self = Self::Flat(ONE);

    pub(super) fn of_text(text: &str) -> Self {
        Self::Flat(ONE + text.len() as u64)
    }

    /// The size of a fact of the type `ty`.
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

    /// The size of the result of a call that neither joins nor selects.
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

    /// The number of items; one if it is no list.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Flat(_) => 1,
            Self::List { length, .. } => *length,
        }
    }

    /// The size of one of the items.
    pub(super) fn item(&self) -> Self {
        match self {
            Self::Flat(_) => self.clone(),
            Self::List { item, .. } => (**item).clone(),
        }
    }

    /// The size of either of two values. Only a value that never exists (an item of `[]`) is flat while the other is a
    /// list.
    pub(super) fn or(self, other: Self) -> Self {
        self.merged(other, u64::max)
    }

    /// The size of both joined by `+`.
    pub(super) fn and(self, other: Self) -> Self {
        self.merged(other, u64::saturating_add)
    }

    /// The size of a macro's result after the given number of steps; this is the size after the first.
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
