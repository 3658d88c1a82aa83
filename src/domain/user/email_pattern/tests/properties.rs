//! Patterns against a second reading of them, and what is said of texts that are none.

use proptest::{prelude::*, sample::select};

use super::super::{DomainPattern, InvalidDomain};
use crate::domain::EmailDomain;

/// Few labels, so that a pattern and a domain often have some in common.
fn labels(least: usize) -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(select(&["a", "ab", "b", "example", "com"][..]), least..4)
}

fn read(text: &str) -> Result<DomainPattern, InvalidDomain> {
    DomainPattern::try_from(text.to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_pattern_matches_label_by_label(own in labels(1), other in labels(1), below in any::<bool>()) {
        let text = if below { format!("*.{}", own.join(".")) } else { own.join(".") };
        let domain = EmailDomain::parse(&other.join(".")).expect("a domain");
        let expected = if below { other.len() > own.len() && other.ends_with(&own) } else { other == own };
        prop_assert_eq!(read(&text).expect("a pattern").matches(&domain), expected, "{} {}", text, domain);
    }

    #[test]
    fn a_pattern_is_written_as_it_is_read_again(text in "(\\*\\.)?[a-zA-Zäß0-9_-]{1,6}(\\.[a-zA-Zé]{1,5}){0,2}\\.?") {
        if let Ok(pattern) = read(&text) {
            prop_assert_eq!(read(&String::from(pattern.clone())), Ok(pattern), "{}", text);
        }
    }

    #[test]
    fn what_is_refused_repeats_no_address_and_what_is_suggested_is_accepted(
        before in select(&["", "<", "mailto:", "\"Doe, J\" <", "@", "*", " ", "a@b.example,", ".", "(", "x@y "][..]),
        local in "[a-z]{2}secret[a-z0-9.+_-]{0,4}",
        domain in select(&["acme.example", "acme..example", "192.0.2.1", "-acme.example", "acme-.example", "", "*", "*.acme.example", "x y"][..]),
        after in select(&["", ">", ";", ",b@c.example", " ", "/x", "@", "\u{200b}", ":25"][..]),
    ) {
        let text = format!("{before}{local}@{domain}{after}");
        let refused = read(&text).expect_err("an address is no domain");
        prop_assert!(!refused.to_string().contains("secret"), "{:?}: {}", text, refused);
        let suggested: Vec<String> = match refused {
            InvalidDomain::Several(domains) => domains,
            InvalidDomain::Address(domain) | InvalidDomain::Star { domain, .. } | InvalidDomain::Around { domain, .. } => vec![domain],
            InvalidDomain::Other(_) => Vec::new(),
        };
        for domain in suggested {
            prop_assert!(read(&domain).is_ok(), "{:?}: {}", text, domain);
        }
    }

    #[test]
    fn no_text_makes_it_panic_and_what_it_suggests_is_accepted(text in "[a-z@*. ,;:<>/\\\\\"'()\\[\\]{}ä\u{200b}-]{0,16}") {
        match read(&text) {
            Ok(pattern) => prop_assert_eq!(read(&pattern.to_string()), Ok(pattern)),
            Err(InvalidDomain::Several(domains)) => {
                prop_assert!(domains.len() > 1 && domains.iter().all(|domain| read(domain).is_ok()), "{text}: {domains:?}");
            }
            Err(InvalidDomain::Address(domain) | InvalidDomain::Star { domain, .. } | InvalidDomain::Around { domain, .. }) => {
                prop_assert!(read(&domain).is_ok(), "{text}: {domain}");
            }
            Err(InvalidDomain::Other(_)) => {}
        }
    }
}
