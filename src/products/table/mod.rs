//! The capabilities of each product for administrators: in `usher products`, the API and `docs/products.md`.

#[cfg(test)]
mod page;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{ActionKind, Capability, Detail, EventKind, Product};

/// What one product can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProductRow)]
pub struct Row {
    /// As in the configuration.
    pub product: Product,
    /// What people call it.
    pub name: &'static str,
    /// Each action of a scheme.
    pub actions: Vec<Ability>,
    /// What it tells of a user who is read.
    pub tells: Vec<Ability>,
    /// Whether all its users can be listed.
    pub lists_users: Ability,
    /// What it sends by itself.
    pub webhooks: Webhooks,
    /// Whether usher can follow an audit log of it that tells of logins.
    pub feeds_logins: Ability,
}

/// What a product sends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Webhooks {
    /// The keys of a source's `webhook` by which a delivery is proved.
    pub proofs: &'static [&'static str],
    /// Each kind of event.
    pub events: Vec<Ability>,
}

/// Whether a product can do one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Ability {
    /// The thing: an action, a fact, a kind of event.
    pub what: &'static str,
    /// Whether it can.
    pub can: Can,
    /// The caveat, or why not and what to do instead.
    pub why: Option<&'static str>,
}

/// Whether, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Can {
    /// It can.
    Yes,
    /// It can, with a caveat.
    Partly,
    /// It can't.
    No,
}

/// The kinds of events that a product might send.
const EVENTS: [EventKind; 4] = [EventKind::Created, EventKind::Updated, EventKind::Removed, EventKind::LoggedIn];

/// Every product, in the order of the documentation.
pub fn rows() -> Vec<Row> {
    Product::ALL.map(Row::of).into()
}

impl Row {
    fn of(product: Product) -> Self {
        let ability = Ability::new;
        Self {
            product,
            name: product.title(),
            actions: ActionKind::ALL.map(|kind| ability(kind.as_str(), product.capability(kind))).into(),
            tells: Detail::ALL.map(|detail| ability(detail.as_str(), product.tells(detail))).into(),
            lists_users: ability("lists_users", product.lists_users()),
            webhooks: Webhooks {
                proofs: product.webhook_proofs(),
                events: EVENTS.map(|kind| ability(kind.as_str(), product.sends(kind))).into(),
            },
            feeds_logins: ability("feed", product.feeds_logins()),
        }
    }

    /// All abilities, each with the area it belongs to.
    pub fn abilities(&self) -> impl Iterator<Item = (&'static str, Ability)> {
        let of =
            |area, abilities: &[Ability]| abilities.iter().map(move |ability| (area, *ability)).collect::<Vec<_>>();
        [
            of("action", &self.actions),
            of("tells", &self.tells),
            of("lists", &[self.lists_users]),
            of("webhook", &self.webhooks.events),
            of("feed", &[self.feeds_logins]),
        ]
        .into_iter()
        .flatten()
    }
}

impl Ability {
    const fn new(what: &'static str, capability: Capability) -> Self {
        match capability {
            Capability::Yes => Self { what, can: Can::Yes, why: None },
            Capability::Partly(why) => Self { what, can: Can::Partly, why: Some(why) },
            Capability::No(why) => Self { what, can: Can::No, why: Some(why) },
        }
    }
}

impl Can {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Partly => "partly",
            Self::No => "no",
        }
    }
}
