//! A scheme's selection as a predicate: the tree of conditions, made small for those who need the answer alone.
//!
//! Whole and part have one name in the scheme and in the reasons, but a list of one condition is that condition, and what
//! holds for everyone decides nothing. Parts that look at single facts come first, lookups in lists next, expressions
//! last. The order does not change the answer: in three-valued logic `all` and `any` have none.

use super::{
    Subject,
    compiled::{Kind, Node},
    leaf::{Effort, Leaf},
    named_groups::{GroupNumber, OwnGroups},
    truth::{all, any, known, not},
};
use crate::domain::{GroupName, Truth};

/// See the module.
#[derive(Debug, Clone)]
pub(super) enum Predicate {
    /// The answer is the same for everyone.
    Always(bool),
    Leaf(Leaf),
    /// A leaf about groups, with their numbers.
    Member(Box<[GroupNumber]>, Leaf),
    All(Box<[Self]>),
    Any(Box<[Self]>),
    Not(Box<Self>),
}

impl Predicate {
    /// The predicate of the tree at `node`.
    pub(super) fn of(node: &Node) -> Self {
        match &node.kind {
            Kind::Leaf(Leaf::Everyone) => Self::Always(true),
            Kind::Leaf(leaf) => Self::Leaf(leaf.clone()),
            Kind::Not(part) => match Self::of(part) {
                Self::Always(holds) => Self::Always(!holds),
                Self::Not(inner) => *inner,
                other => Self::Not(Box::new(other)),
            },
            Kind::All(parts) => Self::joined(parts, true),
            Kind::Any(parts) => Self::joined(parts, false),
        }
    }

    /// All of `parts`, or any of them. A part that always holds adds nothing to all, and decides any; the other way round
    /// with one that never holds.
    fn joined(parts: &[Node], of_all: bool) -> Self {
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts.iter().map(Self::of) {
            match part {
                Self::Always(holds) if holds == of_all => {}
                Self::Always(holds) => return Self::Always(holds),
                Self::All(inner) if of_all => kept.extend(inner),
                Self::Any(inner) if !of_all => kept.extend(inner),
                other => kept.push(other),
            }
        }
        kept.sort_by_key(Self::effort);
        match (kept.len(), of_all) {
            (0, _) => Self::Always(of_all),
            (1, _) => kept.remove(0),
            (_, true) => Self::All(kept.into()),
            (_, false) => Self::Any(kept.into()),
        }
    }

    /// The greatest effort of its parts.
    fn effort(&self) -> Effort {
        match self {
            Self::Always(_) => Effort::Fact,
            Self::Leaf(leaf) | Self::Member(_, leaf) => leaf.effort(),
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::effort).max().unwrap_or(Effort::Fact),
            Self::Not(part) => part.effort(),
        }
    }

    /// The same predicate for schemes whose groups have numbers.
    pub(super) fn numbered(&self, number: &impl Fn(&GroupName) -> Option<GroupNumber>) -> Self {
        let each = |parts: &[Self]| parts.iter().map(|part| part.numbered(number)).collect();
        match self {
            Self::Leaf(leaf) => match leaf.groups().map(|groups| groups.iter().map(number).collect()) {
                Some(Some(numbers)) => Self::Member(numbers, leaf.clone()),
                Some(None) | None => Self::Leaf(leaf.clone()),
            },
            Self::All(parts) => Self::All(each(parts)),
            Self::Any(parts) => Self::Any(each(parts)),
            Self::Not(part) => Self::Not(Box::new(part.numbered(number))),
            Self::Always(_) | Self::Member(..) => self.clone(),
        }
    }

    /// The answer for the user, whose groups are `own`, as far as they have numbers. If that is none, they are looked up by
    /// name.
    pub(super) fn truth(&self, subject: &Subject<'_>, own: Option<&OwnGroups>) -> Truth {
        match (self, own) {
            (Self::Always(holds), _) => known(*holds),
            (Self::Member(groups, _), Some(own)) => known(own.has_any(groups)),
            (Self::Leaf(leaf) | Self::Member(_, leaf), _) => leaf.truth(subject),
            (Self::All(parts), _) => all(parts.iter().map(|part| part.truth(subject, own))),
            (Self::Any(parts), _) => any(parts.iter().map(|part| part.truth(subject, own))),
            (Self::Not(part), _) => not(part.truth(subject, own)),
        }
    }
}
