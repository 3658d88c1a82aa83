//! Properties of all schemes and users.

use proptest::prelude::*;

use super::{
    super::{Compiled, Schemes, Subject, evaluate},
    NOW, oracle,
    plain::{Name, PlainLogins, PlainScheme, User, scheme, user},
};
use crate::domain::{EventKind, Truth};

const SCHEMES: u32 = 4_000;
const USERS: usize = 26;
const _: () = assert!(SCHEMES as usize * USERS >= 100_000, "so many cases are promised");

fn sign(truth: Truth) -> oracle::Sign {
    match truth {
        Truth::True => 1,
        Truth::False => -1,
        Truth::Unknown => 0,
    }
}

fn selects(compiled: &Compiled, user: &User) -> Truth {
    compiled.select(&Subject { user: user.id().as_ref(), facts: &user.facts(), now: NOW })
}

/// `user` with what is not known as it is with `other`; what is known stays true.
fn completed(user: &User, other: &User) -> User {
    let name = match (user.name, other.name) {
        (Name::Missing, Name::Known(name)) => Name::Known(name),
        (Name::Missing, _) => Name::None,
        (name, _) => name,
    };
    let logins = match (user.logins, other.logins) {
        (None, other) => other,
        (Some(known), Some(other)) => Some(with_others(known, other)),
        (known, None) => known,
    };
    let since = user.first_seen.unwrap_or(0);
    User {
        id: user.id.or(other.id),
        name,
        email: user.email.or(other.email),
        active: user.active.or(other.active),
        groups: user.groups.clone().or(other.groups.clone()),
        applications: user.applications.clone().or(other.applications.clone()),
        created: user.created.or(other.created.map(|days| days.max(since))),
        first_seen: user.first_seen.or(other.first_seen),
        logins,
        directory: user.directory.or(other.directory),
    }
}

/// Incomplete logins: this number before them, and one after a gap.
fn with_others(known: PlainLogins, other: PlainLogins) -> PlainLogins {
    let missed = u64::from(known.last.is_some() && known.count == 0);
    if known.complete && missed == 0 {
        return known;
    }
    let later = match (known.last, known.watched, other.last) {
        (Some(last), Some(watched), Some(other)) if !known.complete && watched < last => {
            Some(other.clamp(watched + 1, last))
        }
        _ => None,
    };
    let count = known.count + other.count + missed + u64::from(later.is_some());
    let last = if count == 0 { None } else { later.or(known.last).or(other.last).or(Some(1)) };
    PlainLogins { last, count, complete: true, watched: None }
}

fn arranged(schemes: &[PlainScheme]) -> Schemes {
    Schemes::new(schemes.iter().enumerate().map(|(number, scheme)| scheme.versioned(&format!("s{number}"))))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: SCHEMES, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_answer_as_the_oracle_does_and_the_reasons_say_the_same(
        scheme in scheme(2),
        users in prop::collection::vec(user(80), USERS),
    ) {
        let versioned = scheme.versioned("s");
        let compiled = Compiled::new(&versioned.scheme);
        for user in &users {
            let answer = selects(&compiled, user);
            prop_assert_eq!(sign(answer), oracle::selects(&scheme, user), "{:?}", user);
            let (id, facts) = (user.id(), user.facts());
            let subject = Subject { user: id.as_ref(), facts: &facts, now: NOW };
            prop_assert_eq!(compiled.explain(&subject).truth, answer);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_stays_whatever_the_missing_facts_turn_out_to_be(
        scheme in scheme(2),
        users in prop::collection::vec((user(60), user(100)), 4),
    ) {
        let compiled = Compiled::new(&scheme.versioned("s").scheme);
        for (user, other) in &users {
            let (before, after) = (selects(&compiled, user), selects(&compiled, &completed(user, other)));
            prop_assert!(before == Truth::Unknown || before == after, "{before:?} {after:?} {user:?} {other:?}");
        }
    }

    #[test]
    fn the_index_finds_what_a_scan_over_all_schemes_finds(
        schemes in prop::collection::vec(scheme(0), 1..12),
        users in prop::collection::vec(user(80), 4),
    ) {
        let arranged = arranged(&schemes);
        for user in &users {
            let (id, facts) = (user.id(), user.facts());
            let subject = Subject { user: id.as_ref(), facts: &facts, now: NOW };
            let mut found = Vec::new();
            let source = "acme".parse().expect("an id");
            arranged.matching(&source, EventKind::Created, &subject, |scheme, truth| {
                found.push((scheme.reference.id.to_string(), truth));
            });
            let scanned: Vec<_> = schemes.iter().enumerate().map(|(number, plain)| {
                (format!("s{number}"), evaluate(&plain.versioned("s").scheme, &subject).truth)
            }).filter(|(_, truth)| *truth != Truth::False).collect();
            prop_assert_eq!(found, scanned);
        }
    }
}
