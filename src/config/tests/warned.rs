//! Warnings about schemes and sources that work.

use super::{load, scheme};

/// Checks a table of keys of a scheme and the lines that warn of each.
fn assert_warned(table: &[(&str, &[&str])]) {
    for (keys, lines) in table {
        let warnings: Vec<String> = load(&scheme(keys)).expect(keys).warnings.iter().map(ToString::to_string).collect();
        let lines: Vec<String> = lines.iter().map(|line| format!("usher.yaml:3:{line}")).collect();
        assert_eq!(warnings, lines, "{keys}");
    }
}

#[test]
fn what_a_product_does_in_part_is_warned_about() {
    assert_warned(&[
        (
            "trigger: manual, actions: [{ invalidate_password: {} }]",
            &["34: `invalidate_password` in jira-dc: the password is replaced; Jira's REST API sends no reset link"],
        ),
        (
            "source: cloud, trigger: manual, actions: [{ delete: {} }]",
            &["49: `delete` in jira-cloud: the user is removed from the site; the Atlassian account stays"],
        ),
    ]);
}

#[test]
fn what_can_not_be_meant_is_warned_about() {
    assert_warned(&[
        (
            "select: { email_domain: [a.example], everyone: true }",
            &["13: everyone is selected, whatever the other conditions say: any of them selects; write them under \
               `all`, or take `everyone` out"],
        ),
        (
            "actions: [{ add_groups: [a, A] }, { add_groups: [a] }]",
            &[
                "33: `A` stands at usher.yaml:3:30 too; keep one of them",
                "54: `a` stands at usher.yaml:3:30 too; keep one of them",
            ],
        ),
        (
            "select: { email_domain: [a.example, acme] }",
            &["41: `acme` is a domain without a dot; write all of it, unless addresses end in `@acme`"],
        ),
        (
            "limits: { users: 5 }, trigger: on_create",
            &["13: a run of `on_create` is about one user, so limits mean nothing to it; leave them out"],
        ),
    ]);
}

#[test]
fn what_is_meant_is_not_warned_about() {
    assert_warned(&[
        ("trigger: manual, limits: { users: 0, percent: 100 }", &[]),
        ("actions: [{ add_groups: [a] }, { remove_groups: [b] }, { add_groups: [c] }]", &[]),
        ("trigger: manual, actions: [{ delete: {} }, { deactivate: {} }, { rename: { suffix: \"-x\" } }]", &[]),
        ("source: cloud, actions: [{ remove_application_access: {} }, { remove_all_groups: {} }]", &[]),
    ]);
}

#[test]
fn an_admin_listener_that_other_machines_reach_is_warned_about() {
    let warnings =
        |text: &str| -> Vec<String> { load(text).expect(text).warnings.iter().map(ToString::to_string).collect() };
    for listen in ["0.0.0.0:8081", "[::]:8081", "10.0.0.7:8081", "203.0.113.9:8081", "[2001:db8::1]:8081"] {
        let warned = warnings(&format!("admin: {{ listen: \"{listen}\" }}"));
        assert!(
            warned.len() == 1 && warned[0].starts_with("usher.yaml:1:18: other machines can reach this"),
            "{warned:?}"
        );
        let by_variable = super::load_with("", &[("USHER_ADMIN__LISTEN", &format!("\"{listen}\""))]).expect("right");
        assert!(by_variable.warnings[0].to_string().starts_with("USHER_ADMIN__LISTEN: other machines"), "{listen}");
    }
    for listen in ["127.0.0.1:8081", "127.9.9.9:1", "[::1]:8081", "[::ffff:127.0.0.1]:8081"] {
        assert_eq!(warnings(&format!("admin: {{ listen: \"{listen}\" }}")), Vec::<String>::new(), "{listen}");
    }
}
