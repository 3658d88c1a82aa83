//! Names and ids: for each combination of lists of users, a user who is on exactly these.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::domain::composed;

use super::{MAX_LISTS, Mask, literals::Literals};
use crate::rules::conflicts::person::Trait;

/// The number of users that differ in their lists. More are not tried: the evaluations for a pair would not suffice.
pub(super) const MAX_IDENTITIES: usize = 20_000;

/// The name of somebody who is on no list.
const NOBODY: &str = "somebody";

/// Ids are compared as they are, names without regard to case. A user is on a list by either. Of more than
/// [`MAX_IDENTITIES`] some are left out.
pub(super) fn traits(lists: &[&[String]], literals: &Literals<'_>) -> Vec<Trait> {
    if lists.is_empty() && literals.is_empty() {
        return Vec::new();
    }
    let mut by_id: HashMap<&str, Mask> = HashMap::new();
    let mut by_name: HashMap<String, (&str, Mask)> = HashMap::new();
    for (place, list) in lists.iter().take(MAX_LISTS).enumerate() {
        for text in *list {
            *by_id.entry(text).or_default() |= 1 << place;
            by_name.entry(composed(&text.to_lowercase()).into_owned()).or_insert((text.as_str(), 0)).1 |= 1 << place;
        }
    }
    // The least text of each combination, so that the same schemes always have the same witness.
    let (mut ids, mut names): (BTreeMap<Mask, &str>, BTreeMap<Mask, &str>) = Default::default();
    for (text, mask) in &by_id {
        let kept = ids.entry(*mask).or_insert(text);
        *kept = (*kept).min(text);
    }
    for (text, mask) in by_name.values() {
        let kept = names.entry(*mask).or_insert(text);
        *kept = (*kept).min(text);
    }
    let taken: HashSet<_> = by_name.keys().map(String::as_str).collect();
    let mut free = (0..).map(|n| if n == 0 { NOBODY.to_owned() } else { format!("{NOBODY}-{n}") });
    let nobody = free.find(|name| !taken.contains(name.as_str())).unwrap_or_default();
    let identity = |id: &str, name: &str| Trait::Identity { id: Some(id.to_owned()), name: Some(name.to_owned()) };

    let mut found: BTreeMap<Mask, Trait> = BTreeMap::from([(0, identity(&nobody, &nobody))]);
    for (mask, name) in &names {
        found.entry(*mask).or_insert_with(|| identity(&nobody, name));
    }
    for (mask, id) in &ids {
        found.entry(*mask).or_insert_with(|| identity(id, &nobody));
        for (also, name) in &names {
            if found.len() >= MAX_IDENTITIES {
                break;
            }
            found.entry(mask | also).or_insert_with(|| identity(id, name));
        }
    }
    let named = literals.texts().map(|text| identity(&nobody, text));
    found.into_values().chain(named).collect()
}

/// With users of whom the id or the name alone is known.
pub(super) fn with_unknown(traits: Vec<Trait>) -> Vec<Trait> {
    let in_part = |given: &Trait| match given {
        Trait::Identity { id, name } => {
            vec![Trait::Identity { id: id.clone(), name: None }, Trait::Identity { id: None, name: name.clone() }]
        }
        _ => Vec::new(),
    };
    let parts: Vec<_> = traits.iter().flat_map(in_part).collect();
    traits.into_iter().chain(parts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_combinations_of_lists_some_are_left_out() {
        let lists = |number: usize, mask: fn(u64) -> u64| -> Vec<Vec<String>> {
            let on = |list: usize| (0..2_000).filter(move |user| mask(*user) >> list & 1 == 1);
            (0..number).map(|list| on(list).map(|user| format!("user-{user}")).collect()).collect()
        };
        let count = |lists: &[Vec<String>]| {
            let lists: Vec<_> = lists.iter().map(Vec::as_slice).collect();
            traits(&lists, &Literals::default()).len()
        };
        assert_eq!(count(&lists(11, |user| user)), 2_048, "each combination of eleven lists");
        assert_eq!(count(&lists(16, |user| user * 7_919 % 65_536)), MAX_IDENTITIES);
    }
}
