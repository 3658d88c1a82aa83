//! Addresses and domains of any form, against a second reading of them.

use proptest::{prelude::*, sample::select};

use super::super::{EmailAddress, EmailDomain};

/// A label of letters, digits, hyphens and underscores, as DNS takes it.
fn label() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,8}[a-zA-Z0-9_])?".prop_filter("no label of IDNA", |label| {
        let is_marked = label.len() > 3 && &label[2..4] == "--";
        !is_marked
    })
}

fn domain() -> impl Strategy<Value = String> {
    let top = "[a-zA-Z][a-zA-Z0-9]{1,6}";
    (prop::collection::vec(label(), 0..4), top).prop_map(|(mut labels, top)| {
        labels.push(top);
        labels.join(".")
    })
}

fn local() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,12}", "\"[a-z @,;<>()]{1,10}\"", "[äöüßéλж中]{1,6}"]
}

/// Characters that no address has outside of quotes.
const FOREIGN: [char; 18] = [
    ' ', '\t', '\n', ',', ';', ':', '<', '>', '(', ')', '[', ']', '\\', '\u{a0}', '\u{200b}', '\u{feff}', '\u{ad}',
    '＠',
];

fn domain_of(text: &str) -> Option<String> {
    EmailAddress::parse(text)?.domain().map(ToString::to_string)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn one_address_has_its_domain_in_small_letters_whatever_stands_before_the_sign(
        local in local(), domain in domain(), dot in any::<bool>(), blanks in "[ \t\r\n]{0,2}",
    ) {
        let dot = if dot { "." } else { "" };
        let text = format!("{blanks}{local}@{domain}{dot}{blanks}");
        prop_assert_eq!(domain_of(&text), Some(domain.to_lowercase()), "{}", text);
        let address = EmailAddress::parse(&text).expect("an address");
        prop_assert_eq!(address.as_str(), text.trim());
        let is_short = local.len() < 3;
        prop_assert!(is_short || !format!("{address:?}").contains(&local), "{address:?}");
    }

    #[test]
    fn what_has_anything_foreign_in_it_is_not_one_address(
        local in "[a-z.]{1,8}", domain in domain(), foreign in select(&FOREIGN[..]), place in 0_usize..20,
    ) {
        let whole = format!("{local}@{domain}");
        let places: Vec<_> = whole.char_indices().map(|(at, _)| at).skip(1).collect();
        let mut text = whole.clone();
        text.insert(places[place % places.len()], foreign);
        prop_assert_eq!(domain_of(&text), None, "{:?}", text);
    }

    #[test]
    fn two_addresses_in_one_text_have_no_domain(
        one in "[a-z]{1,5}", other in "[a-z]{1,5}", domains in (domain(), domain()), between in select(&["", ",", ";", " ", "|", "/", "\n"][..]),
    ) {
        let text = format!("{one}@{}{between}{other}@{}", domains.0, domains.1);
        prop_assert_eq!(domain_of(&text), None, "{:?}", text);
    }

    #[test]
    fn a_domain_that_was_read_reads_as_itself(text in "[a-zA-ZäßéλЖ中0-9.。_ǅﬀ-]{1,14}") {
        if let Some(domain) = EmailDomain::parse(&text) {
            let ascii = domain.as_str();
            prop_assert!(ascii.is_ascii() && !ascii.bytes().any(|byte| byte.is_ascii_uppercase()), "{}", ascii);
            prop_assert_eq!(EmailDomain::parse(ascii), Some(domain.clone()), "{}", text);
            prop_assert_eq!(EmailDomain::parse(&ascii.to_uppercase()), Some(domain), "{}", text);
        }
    }

    #[test]
    fn no_text_at_all_makes_it_panic_or_print_what_stands_before_the_sign(text in "\\PC{0,40}") {
        if let Some(address) = EmailAddress::parse(&text) {
            let printed = format!("{address:?}");
            let local = address.as_str().rsplit_once('@').map_or(address.as_str(), |(local, _)| local);
            prop_assert!(local.chars().count() < 4 || !printed.contains(local), "{}", printed);
        }
    }
}

#[test]
fn an_address_is_the_same_in_any_case_and_what_is_no_address_is_the_same_as_nothing() {
    let parse = |text: &str| EmailAddress::parse(text).expect(text);
    for (one, other, same) in [
        ("jane@acme.example", "JANE@Acme.Example", true),
        ("Jürgen@acme.example", "jÜRGEN@acme.example", true),
        (" jane@acme.example ", "jane@acme.example", true),
        ("jane@acme.example", "jane@acme.example.evil.example", false),
        ("jane@acme.example", "jane.@acme.example", false),
        ("jane", "jane", false),
        ("Jane <jane@acme.example>", "Jane <jane@acme.example>", false),
    ] {
        assert_eq!(parse(one).is_same(&parse(other)), same, "{one}, {other}");
        assert_eq!(parse(other).is_same(&parse(one)), same, "{other}, {one}");
    }
}

#[test]
fn a_domain_is_as_long_as_dns_takes_it_and_no_longer() {
    let of = |length: usize| {
        let labels = vec!["a".repeat(63); length / 64];
        let rest = "b".repeat(length - labels.len() * 64);
        [labels, vec![rest]].concat().join(".")
    };
    assert_eq!(EmailDomain::parse(&of(253)).map(|domain| domain.as_str().len()), Some(253));
    assert_eq!(EmailDomain::parse(&format!("{}.", of(253))).map(|domain| domain.as_str().len()), Some(253));
    assert_eq!(EmailDomain::parse(&of(254)), None);
}
