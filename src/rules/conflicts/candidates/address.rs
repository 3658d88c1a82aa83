//! Addresses: for each combination of lists of domains, one that is in exactly these.

use std::collections::{BTreeMap, HashMap};

use crate::domain::{DomainPattern, EmailAddress};

use super::{MAX_LISTS, Mask, literals::Literals};
use crate::rules::conflicts::person::Trait;

/// The lists in which a domain is, found by the domain itself and by those above it.
#[derive(Default)]
struct Lists<'a> {
    exactly: HashMap<&'a str, Mask>,
    below: HashMap<&'a str, Mask>,
}

impl Lists<'_> {
    fn mask(&self, domain: &str) -> Mask {
        let above = std::iter::successors(domain.split_once('.'), |(_, parent)| parent.split_once('.'));
        let below = above.filter_map(|(_, parent)| self.below.get(parent)).fold(0_u64, |all, mask| all | mask);
        below | self.exactly.get(domain).copied().unwrap_or(0)
    }

    /// Whether a pattern names the domain.
    fn names(&self, domain: &str) -> bool {
        self.exactly.contains_key(domain)
    }
}

/// A domain matches exactly the patterns that one of these matches: a domain that is named; or one below the nearest
/// named parent, which is not named itself; or one that no pattern matches.
pub(super) fn traits(lists: &[&[DomainPattern]], literals: &Literals<'_>) -> Vec<Trait> {
    if lists.is_empty() && literals.is_empty() {
        return Vec::new();
    }
    let mut known = Lists::default();
    for (place, list) in lists.iter().take(MAX_LISTS).enumerate() {
        for pattern in *list {
            let (places, domain) = match pattern {
                DomainPattern::Exactly(domain) => (&mut known.exactly, domain),
                DomainPattern::Below(domain) => (&mut known.below, domain),
            };
            *places.entry(domain.as_str()).or_default() |= 1 << place;
        }
    }
    let elsewhere = (0..).map(|n| format!("elsewhere.zone{n}")).find(|domain| known.mask(domain) == 0);
    let below = |parent: &str| (0..).map(|n| format!("sub{n}.{parent}")).find(|domain| !known.names(domain));
    let named = known.exactly.keys().map(|domain| (*domain).to_owned());
    let mut domains: Vec<_> = elsewhere.into_iter().chain(named).collect();
    domains.extend(known.below.keys().filter_map(|parent| below(parent)));
    // The least of each combination, so that the same schemes always have the same witness.
    let mut found: BTreeMap<Mask, String> = BTreeMap::new();
    for domain in domains {
        let mask = known.mask(&domain);
        let kept = found.entry(mask).or_insert_with(|| domain.clone());
        if domain < *kept {
            *kept = domain;
        }
    }
    let addresses = found.into_values().map(|domain| format!("somebody@{domain}"));
    addresses.chain(literals.addresses()).filter_map(|text| EmailAddress::parse(&text)).map(Trait::Email).collect()
}
