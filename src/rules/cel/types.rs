//! The types of expressions.

use std::fmt;

/// The type of an expression's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Int,
    Double,
    String,
    Timestamp,
    Duration,
    List(Box<Type>),
    /// The type of an item of an empty list; it fits any type.
    Nothing,
}

impl Type {
    pub(super) fn list_of(item: Self) -> Self {
        Self::List(Box::new(item))
    }

    /// The common type of both; none if they differ.
    pub(super) fn with(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Nothing, any) | (any, Self::Nothing) => Some(any.clone()),
            (Self::List(one), Self::List(other)) => one.with(other).map(Self::list_of),
            _ => (self == other).then(|| self.clone()),
        }
    }

    /// Whether one can be before another.
    pub(super) fn has_order(&self) -> bool {
        !matches!(self, Self::List(_))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Double => "double",
            Self::String => "string",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
            Self::List(item) => return write!(f, "list of {item}"),
            Self::Nothing => "nothing",
        })
    }
}
