//! The texts in expressions in CEL: users are tried who have them as a group, a name, an address or a directory.

use std::collections::BTreeSet;

use crate::{
    domain::{Age, GroupName},
    rules::conflicts::person::Trait,
};

/// The number of texts that are tried.
const MAX_TEXTS: usize = 8;

/// The texts of some expressions.
#[derive(Debug, Default)]
pub(super) struct Literals<'a> {
    texts: BTreeSet<&'a str>,
    /// Whether there are expressions, with or without texts.
    is_any: bool,
}

impl<'a> Literals<'a> {
    /// The first texts in quotes. An escape in a text is not read: nobody is found by such a text.
    pub(super) fn of(expressions: &[&'a str]) -> Self {
        let mut texts = BTreeSet::new();
        for expression in expressions {
            let mut rest = *expression;
            while let Some(start) = rest.find(['\'', '"']) {
                let (quote, inside) = (&rest[start..=start], &rest[start + 1..]);
                let Some(end) = inside.find(quote) else { break };
                if end > 0 && texts.len() < MAX_TEXTS {
                    texts.insert(&inside[..end]);
                }
                rest = &inside[end + 1..];
            }
        }
        Self { texts, is_any: !expressions.is_empty() }
    }

    /// Whether there is no expression.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_any
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &'a str> {
        self.texts.iter().copied()
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = GroupName> {
        self.texts().map(GroupName::new)
    }

    /// `@acme.com`, `acme.com` and `jane@acme.com` are all parts of addresses.
    pub(super) fn addresses(&self) -> impl Iterator<Item = String> {
        let address = |text: &str| match text.split_once('@') {
            Some(("", domain)) => format!("somebody@{domain}"),
            Some(_) => text.to_owned(),
            None => format!("somebody@{}", text.trim_start_matches('.')),
        };
        self.texts().map(address)
    }

    /// The lengths of time, and one that is longer than most.
    pub(super) fn ages(&self) -> BTreeSet<Age> {
        let long = (!self.is_empty()).then_some(Age::days(400));
        self.texts().filter_map(|text| text.parse().ok()).chain(long).collect()
    }

    /// Directories and applications.
    pub(super) fn places(&self) -> Vec<Trait> {
        if self.is_empty() {
            return Vec::new();
        }
        let applications = self.texts().map(str::to_owned).collect::<BTreeSet<_>>();
        let place = |directory: Option<&str>, applications: &BTreeSet<String>| Trait::Places {
            directory: Some(directory.unwrap_or("internal").to_owned()),
            applications: applications.clone(),
        };
        let none = place(None, &BTreeSet::new());
        let all = place(None, &applications);
        let each = self.texts().map(|text| place(Some(text), &applications));
        [none, all].into_iter().chain(each).collect()
    }
}
