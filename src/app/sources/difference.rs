//! The difference between two states of a source, by what has to be done.

use crate::config::Source;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Difference {
    /// Nothing.
    None,
    /// Values that the running parts take at once.
    Values,
    /// The stages have to be made anew.
    Stages,
    /// It is another source, which has the same id.
    Another,
}

impl Difference {
    /// Compares `before` with `after`. A new key of sources does not compile until it is classified here.
    pub(in crate::app) fn of(before: &Source, after: &Source) -> Self {
        let Source {
            id: _,
            product,
            base_url,
            organization,
            reconcile,
            feed,
            actions,
            name: _,
            auth: _,
            credentials_expire: _,
            webhook: _,
            mass_creation: _,
            rate: _,
            transport: _,
            protect: _,
        } = after;
        if (&before.product, &before.base_url, &before.organization) != (product, base_url, organization) {
            return Self::Another;
        }
        let has_same_stages = (&before.reconcile, &before.feed, &before.actions) == (reconcile, feed, actions);
        // By this the ids of logins are made, by webhooks and by a feed.
        if !has_same_stages || before.tells_logins_twice() != after.tells_logins_twice() {
            return Self::Stages;
        }
        if before == after { Self::None } else { Self::Values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Auth, Reconcile},
        domain::Product,
        secret::Secret,
    };

    #[test]
    fn a_change_is_as_large_as_its_largest_part() {
        let address = |text: &str| text.parse().expect("an address");
        let auth = |token: &str| Auth::Bearer(Secret::new(token));
        let here = address("https://jira.example");
        let source = Source::new("acme".parse().expect("an id"), Product::JiraDc, here, auth("a"));
        let values = Source { name: "Another".into(), auth: auth("b"), ..source.clone() };
        let stages = Source { reconcile: None::<Reconcile>, ..values.clone() };
        let another = Source { base_url: address("https://elsewhere.example"), ..stages.clone() };
        let all = [&source, &values, &stages, &another].map(|after| Difference::of(&source, after));
        assert_eq!(all, [Difference::None, Difference::Values, Difference::Stages, Difference::Another]);
    }
}
