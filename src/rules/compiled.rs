//! A scheme's selection: a tree of conditions for the reasons, and a [`Predicate`] for the answer alone.

use crate::domain::{Condition, Exempt, NamedUsers, Scheme, Truth};

use super::{
    Subject,
    leaf::{Leaf, Listed},
    predicate::Predicate,
};

/// The selection of a scheme, read once and asked often.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub(super) root: Node,
    pub(super) predicate: Predicate,
}

/// One condition, named as the scheme writes it.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// The kind of a condition: how it is evaluated.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// The condition uses facts.
    Leaf(Leaf),
    /// All of these hold.
    All(Vec<Node>),
    /// Any of these holds.
    Any(Vec<Node>),
    /// The inner condition does not hold.
    Not(Box<Node>),
}

impl Compiled {
    /// Compiles `scheme`. It selects a user if any condition of `select` holds, the user is in one of `only_groups`,
    /// and the user is not exempt.
    pub fn new(scheme: &Scheme) -> Self {
        let mut parts = vec![Node::new("select", Kind::Any(scheme.select.0.iter().map(Node::of).collect()))];
        if !scheme.only_groups.is_empty() {
            parts.push(Node::new("only_groups", Kind::Leaf(Leaf::member(&scheme.only_groups))));
        }
        if !scheme.exempt.is_empty() {
            parts.push(Node::new("not", Kind::Not(Box::new(Node::exempt(&scheme.exempt)))));
        }
        let root = Node::new("scheme", Kind::All(parts));
        Self { predicate: Predicate::of(&root), root }
    }

    /// Whether the scheme selects the user. Allocates nothing, except for expressions in CEL.
    pub fn select(&self, subject: &Subject<'_>) -> Truth {
        self.predicate.truth(subject, None)
    }
}

impl Node {
    fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind }
    }

    fn of(condition: &Condition) -> Self {
        let parts = || condition.parts().iter().map(Self::of).collect();
        let kind = match condition {
            Condition::All(_) => Kind::All(parts()),
            Condition::Any(_) => Kind::Any(parts()),
            Condition::Not(part) => Kind::Not(Box::new(Self::of(part))),
            leaf => Kind::Leaf(Leaf::of(leaf)),
        };
        Self::new(condition.name(), kind)
    }

    /// Holds when the user is exempt.
    fn exempt(exempt: &Exempt) -> Self {
        let mut parts = Vec::new();
        if !exempt.users.is_empty() {
            parts.push(Self::new(
                "exempt.users",
                Kind::Leaf(Leaf::Listed(Listed::new(NamedUsers::new(exempt.users.clone())))),
            ));
        }
        if !exempt.groups.is_empty() {
            parts.push(Self::new("exempt.groups", Kind::Leaf(Leaf::member(&exempt.groups))));
        }
        Self::new("exempt", Kind::Any(parts))
    }
}
