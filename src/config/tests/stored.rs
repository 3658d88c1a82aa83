//! Single schemes: from the API, and from the log.

use crate::{
    config::{Sources, check_scheme, read_scheme},
    domain::Product,
};

const SCHEME: &str =
    "id: s\nsource: acme\ntrigger: manual\nselect: { everyone: true }\nactions:\n- rename: { suffix: \"-x\" }\n";

fn sources() -> Sources {
    [("acme", Product::JiraDc), ("cloud", Product::JiraCloud)]
        .into_iter()
        .map(|(id, product)| (id.parse().expect("an id"), product))
        .collect()
}

fn refusal(text: &str) -> String {
    check_scheme(text, "", &sources()).expect_err(text).to_string()
}

#[test]
fn a_scheme_that_comes_alone_is_checked_as_in_the_file_with_line_and_column_of_its_own() {
    assert_eq!(check_scheme(SCHEME, "", &sources()).expect("right").scheme.id.as_str(), "s");
    assert_eq!(refusal(&SCHEME.replace("acme", "acmee")), "2:9: there is no source `acmee`; did you mean `acme`?");
    assert_eq!(
        refusal(&SCHEME.replace("acme", "cloud")),
        "6:3: jira-cloud can't do `rename`: accounts have no login names; leave it out"
    );
    assert_eq!(
        refusal(&format!("{SCHEME}- rename: {{ suffix: \"-y\" }}\n")),
        "7:3: `rename` already stands at 6:3; keep one of them"
    );
    assert_eq!(refusal(""), "1:1: found nothing; write keys and values, `key: value`");
    assert_eq!(refusal("id: s\u{0}"), "1:6: a control character stands here; take it out of the file");
}

#[test]
fn a_scheme_that_comes_alone_is_warned_about() {
    let text = SCHEME.replace("rename: { suffix: \"-x\" }", "invalidate_password: {}");
    let checked = check_scheme(&text, "body", &sources()).expect("right");
    let warnings: Vec<String> = checked.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["body:6:3: `invalidate_password` in jira-dc: the password is replaced; Jira's REST API sends no reset link"]
    );
}

#[test]
fn a_scheme_whose_source_is_not_known_here_may_be_for_any() {
    assert_eq!(read_scheme(&SCHEME.replace("acme", "gone"), "stored").expect("right").source.as_str(), "gone");
    let none: Sources = std::iter::empty::<(_, Product)>().collect();
    let refused = check_scheme(SCHEME, "", &none).expect_err("no source").to_string();
    assert_eq!(refused, "2:9: there is no source `acme`; write one under `sources`");
}

#[test]
fn a_scheme_that_comes_alone_tells_what_it_names_and_where() {
    let text = "
id: s
source: acme
trigger: on_create
select: { not: { email_domain: [x.example] } }
only_groups: [one]
exempt:
  users: [nobody]
  groups:
    - two
actions:
  - add_groups: [three, four]
  - remove_groups: [five]
";
    let checked = check_scheme(text, "", &sources()).expect("right");
    let named: Vec<_> =
        checked.names.iter().map(|one| format!("{} {} {}", one.place, one.mention.at, one.mention.name)).collect();
    let expected = [
        "6:15 only_groups one",
        "8:11 exempt.users nobody",
        "10:7 exempt.groups two",
        "12:18 add_groups three",
        "12:25 add_groups four",
        "13:21 remove_groups five",
    ];
    assert_eq!(named, expected);
}
