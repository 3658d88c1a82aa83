//! Facts that a product does not tell, or tells late, beside the fields that need them: the same words as in `/products`.

use crate::{
    admin::SourceRow,
    console::asked::sentence,
    domain::{Capability, Detail, EventKind, Product, TriggerKind},
};

/// The caveats of conditions, by the fact that they need.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Caveats {
    pub(super) last_login: Option<String>,
    pub(super) created: Option<String>,
    pub(super) active: Option<String>,
    pub(super) email: Option<String>,
    /// The facts that an expression can't go by.
    pub(super) expression: Option<String>,
}

impl Caveats {
    /// Those of `product`; none if no source is chosen.
    pub(super) fn of(product: Option<Product>) -> Self {
        let Some(product) = product else { return Self::default() };
        let of = |detail| told(product, detail);
        let untold = Detail::ALL.into_iter().filter(|detail| matches!(product.tells(*detail), Capability::No(_)));
        let untold: Vec<_> = untold.map(Detail::as_str).collect();
        let expression = (!untold.is_empty()).then(|| {
            format!(
                "{} does not tell: {}. An expression that needs one of them selects nobody of whom usher does not know it.",
                product.title(),
                untold.join(", ")
            )
        });
        Self {
            last_login: of(Detail::LastLogin),
            created: of(Detail::Created),
            active: of(Detail::Active),
            email: of(Detail::Email),
            expression,
        }
    }
}

fn told(product: Product, detail: Detail) -> Option<String> {
    let name = product.title();
    match product.tells(detail) {
        Capability::Yes => None,
        Capability::Partly(caveat) => Some(format!("In {name}: {caveat}.")),
        Capability::No(why) => Some(format!("{name} does not tell it: {why}.")),
    }
}

/// The meaning of a trigger for `source`, if there is something to say.
pub(super) fn of_trigger(kind: TriggerKind, source: &SourceRow) -> Option<String> {
    let (name, product) = (source.name(), source.product());
    match kind {
        TriggerKind::OnCreate => match product.sends(EventKind::Created) {
            Capability::Yes => None,
            Capability::Partly(why) | Capability::No(why) => Some(format!("{name}: {why}.")),
        },
        TriggerKind::OnLogin => logins(name, product, source.has_feed()),
        TriggerKind::Schedule | TriggerKind::Manual => match product.lists_users() {
            Capability::Yes => None,
            Capability::Partly(why) => Some(format!("{name}, the list of its users: {why}.")),
            Capability::No(why) => Some(format!("{name} does not list its users: {why}.")),
        },
    }
}

fn logins(name: &str, product: Product, has_feed: bool) -> Option<String> {
    match (has_feed, product.feeds_logins(), product.sends(EventKind::LoggedIn)) {
        (true, Capability::Yes | Capability::No(_), _) => None,
        (true, Capability::Partly(caveat), _) => Some(format!("{name}: {caveat}.")),
        (false, Capability::No(why), _) => Some(format!("{name} tells of no logins by itself: {}", sentence(why))),
        (false, _, Capability::Partly(caveat)) => Some(format!("{name}: {caveat}; or write `feed` under the source.")),
        (false, _, _) => Some(format!("{name} tells of no logins as it is configured: write `feed` under the source.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_product_does_not_tell_stands_beside_the_field_in_the_words_of_the_table() {
        let of = |product| Caveats::of(Some(product));
        let why = of(Product::JiraCloud).last_login.expect("a caveat");
        assert_eq!(why, "Jira Cloud does not tell it: a site does not report it; usher knows the reported logins.");
        let why = of(Product::JiraDc).last_login.expect("a caveat");
        assert_eq!(why, "In Jira Data Center: older versions of Jira leave it out.");
        assert_eq!(of(Product::BitbucketDc).last_login, None);
        assert_eq!(of(Product::JiraDc).email, None);
        assert!(of(Product::JiraDc).expression.expect("some").contains("does not tell: created, directory."));
        assert_eq!(Caveats::of(None), Caveats::default());
    }

    #[test]
    fn a_source_without_logins_says_so_with_what_to_do() {
        assert_eq!(logins("Acme", Product::JiraDc, true), None);
        let why = logins("Acme", Product::JiraDc, false).expect("a caveat");
        assert_eq!(why, "Acme tells of no logins as it is configured: write `feed` under the source.");
        let why = logins("Acme", Product::JiraCloud, false).expect("a caveat");
        assert!(
            why.starts_with("Acme tells of no logins by itself: Logins to a site are in its organisation's"),
            "{why}"
        );
        for product in Product::ALL {
            assert!(logins("Acme", product, false).is_some_and(|why| why.ends_with('.')), "{product:?}");
        }
    }
}
