//! Texts of products of any form: short, and without the user.

use proptest::{prelude::*, sample::select};

use super::super::*;

/// Characters before and behind a name in a sentence.
fn edge() -> impl Strategy<Value = &'static str> {
    select(
        &["", " ", "'", "\"", "(", ")", "<", ">", ",", ".", ":", ";", "/", "=", "\n", "@", "-", "…", "[", "]", "`"][..],
    )
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-zäß]{1,9}", 1 => "[A-Z]{2,5}-[0-9]{1,3}", 1 => "[a-z.]{1,6}@[a-z]{1,5}\\.example"]
}

/// A login name or an id, which is no part of the words above.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9]{6}:[0-9]{4}", "JIRAUSER[0-9]{3}", "[0-9]{3}[a-z]{2}[0-9]{2}", "9[0-9]{2} [0-9]{3}"]
}

fn is_alone(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_name_of_the_user_and_no_address_is_shown_wherever_it_stands(
        words in prop::collection::vec((word(), edge(), any::<bool>(), edge()), 1..8),
        (one, other) in (name(), name()),
    ) {
        let part = |(nth, (word, before, is_name, after)): (usize, &(String, &str, bool, &str))| {
            let inside = if *is_name { if nth % 2 == 0 { &one } else { &other } } else { word };
            format!("{before}{inside}{after}")
        };
        let said = words.iter().enumerate().map(part).collect::<Vec<_>>().join(" ");
        let shown = fit_to_show(&said, &[&one, &other, ""]);
        for name in [&one, &other] {
            prop_assert!(!is_alone(&shown, name), "{:?}: {:?}", said, shown);
        }
        prop_assert!(!shown.contains('@'), "{:?}: {:?}", said, shown);
    }

    #[test]
    fn a_text_is_one_line_of_at_most_200_characters_and_the_same_when_it_is_shown_again(said in "(\\PC|[ \n\t]){0,260}") {
        let shown = fit_to_show(&said, &[]);
        prop_assert!(shown.chars().count() <= 200 && !shown.contains('\n'), "{:?}", shown);
        prop_assert_eq!(fit_to_show(&shown, &[]), shown.clone());
        let short = said.chars().count() <= 200 && !said.contains('@');
        let plain = said.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert!(!short || shown == plain, "{:?}: {:?}", said, shown);
    }
}

#[test]
fn a_name_within_a_word_stays_and_one_name_within_another_is_left_out_whole() {
    for (said, names, shown) in [
        ("the managers manage", &["manage"][..], "the managers …"),
        ("ann and joann", &["ann"], "… and joann"),
        ("ann-marie is no ann", &["ann", "ann-marie"], "… is no …"),
        ("annann ann", &["ann"], "annann …"),
        ("user=ann&x=1", &["ann"], "user=…&x=1"),
        ("Müller, müller", &["müller"], "Müller, …"),
        ("a\u{301}nn ann", &["ann"], "a\u{301}nn …"),
        ("nobody", &["", " "], "nobody"),
    ] {
        assert_eq!(fit_to_show(said, names), shown, "{said}");
    }
}
