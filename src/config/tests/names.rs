//! Names that no product can have, or with invisible mistakes.

use super::{assert_refused, assert_scheme_refused, load, scheme};

#[test]
fn blanks_around_a_name_are_refused_wherever_it_stands() {
    for (before, after, name) in [
        ("exempt: { groups: [", "] }", "break-glass"),
        ("exempt: { users: [", "] }", "break-glass"),
        ("only_groups: [", "]", "staff"),
        ("actions: [{ add_groups: [", "] }]", "staff"),
        ("actions: [{ remove_groups: [", "] }]", "staff"),
        ("actions: [{ remove_application_access: { applications: [", "] } }]", "jira-software"),
    ] {
        for written in [format!("{name} "), format!(" {name}"), format!("\u{a0}{name}"), format!("{name}\u{3000}")] {
            let column = before.chars().count() + 5;
            let line = format!("{}: blanks stand around the name in `{written}`; write `{name}`", column);
            assert_scheme_refused(&[(&format!("{before}\"{written}\"{after}"), &line)]);
        }
    }
    let source = |keys: &str| {
        format!(
            "sources:\n- {{ id: a, product: jira-dc, base_url: \"https://h\", auth: {{ bearer: {{ env: TOKEN }} }}, {keys} }}"
        )
    };
    assert_refused(&[
        (
            &source("protect: { users: [\"root \"] }"),
            "usher.yaml:2:106: blanks stand around the name in `root `; write `root`",
        ),
        (
            &source("protect: { admin_groups: [\" wheel\"] }"),
            "usher.yaml:2:113: blanks stand around the name in ` wheel`; write `wheel`",
        ),
    ]);
}

#[test]
fn what_can_not_be_seen_is_refused_around_a_name_and_told_of_inside() {
    assert_scheme_refused(&[
        (
            "exempt: { groups: [\"glass\\u200b\"] }",
            "24: a character that can't be seen (U+200B) stands around the name in `glass\u{200b}`; write `glass`",
        ),
        (
            "exempt: { users: [\"\\ufeffglass\"] }",
            "23: a character that can't be seen (U+FEFF) stands around the name in `\u{feff}glass`; write `glass`",
        ),
        ("exempt: { groups: [\"\\u200b\"] }", "24: nothing can be seen of this name; write it, or leave it out"),
        ("only_groups: [\"a\\tb\"]", "19: a control character (U+0009) stands in `a\\tb`; write `ab`"),
    ]);
    let loaded = load(&scheme("exempt: { groups: [\"break\\u200bglass\", \"❤️\", \"👩\u{200d}💻\"] }")).expect("right");
    let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "usher.yaml:3:24: a character that can't be seen (U+200B) stands in `break\u{200b}glass`; write `breakglass`, unless \
          the product has it so"
        ]
    );
}

#[test]
fn names_that_a_product_can_not_take_in_a_path_are_refused_when_a_scheme_is_saved() {
    let confluence = |keys: &str| scheme(keys).replacen("product: jira-dc", "product: confluence-dc", 1);
    for (written, why) in [
        ("a/b", "where its server refuses slashes and backslashes"),
        ("a\\\\b", "where its server refuses slashes and backslashes"),
        ("..", "where `.` and `..` lead elsewhere"),
    ] {
        for action in ["add_groups", "remove_groups"] {
            let keys = format!("actions: [{{ {action}: [\"{written}\"] }}]");
            let refused = load(&confluence(&keys)).expect_err(written).to_string();
            assert!(
                refused.starts_with(&format!("usher.yaml:3:{}: confluence-dc can't take", action.len() + 20)),
                "{refused}"
            );
            assert!(refused.contains(why) && refused.ends_with("rename the group there"), "{refused}");
            load(&scheme(&keys)).expect("in jira-dc the name stands in no path");
        }
        let keys = format!("exempt: {{ groups: [\"{written}\"] }}, only_groups: [\"{written}\"]");
        load(&confluence(&keys)).expect("who is in it is told without a path");
    }
}
