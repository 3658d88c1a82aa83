//! Refusals in the actions of a scheme, each with the exact line.

use crate::config::tests::{assert_scheme_refused, refusal, scheme};

#[test]
fn actions_are_checked() {
    assert_scheme_refused(&[
        ("actions: []", "14: no action stands here; write `- add_groups: [a-group]`, say"),
        ("actions: [{}]", "15: no action stands here; write `- add_groups: [a-group]`, say"),
        ("actions: { add_groups: [g] }", "14: found keys and values; write a list, like `[{ add_groups: [a-group] }]`"),
        ("actions: [delete]", "15: found a single value; write `- delete: {}`, say"),
        ("actions: [lock]", "15: found a single value; write `- add_groups: [a-group]`, say"),
        (
            "actions: [{ add_groups: [a], remove_groups: [b] }]",
            "15: several actions stand in one item; give each an item of its own, in their order",
        ),
        ("actions: [{ add_group: [a] }]", "17: `add_group` is not a key here; did you mean `add_groups`?"),
        ("actions: [{ add_groups: [] }]", "29: no group stands here; write `[a-group]`, say, or leave the key out"),
        ("actions: [{ add_groups: g }]", "29: found a single value; write a list, like `[a, b]`"),
        (
            "actions: [{ add_groups: [Staff, \"\"] }, { remove_groups: [\"\"] }]",
            "37: a group without a name; write its name\n\
             usher.yaml:3:62: a group without a name; write its name",
        ),
        ("trigger: manual, actions: [{ delete: }]", "34: `delete` has no value; write `delete: {}`, say"),
        ("trigger: manual, actions: [{ delete: true }]", "42: found a single value; write `{}`"),
        ("trigger: manual, actions: [{ deactivate: { when: now } }]", "46: this action takes no keys; write `{}`"),
        (
            "actions: [{ remove_application_access: [jira-software] }]",
            "44: found a list; write `{ applications: [jira-software] }`, say",
        ),
        (
            "actions: [{ remove_application_access: { applications: [] } }]",
            "60: no application stands here; write `[jira-software]`, say, or `{}` for all of them",
        ),
        (
            "actions: [{ remove_application_access: { application: [a] } }]",
            "46: `application` is not a key here; did you mean `applications`?",
        ),
        (
            "actions: [{ remove_application_access: { applications: [\"\"] } }]",
            "61: this is empty; write a value or leave the key out",
        ),
        (
            "trigger: manual, actions: [{ rename: \"-x\" }]",
            "42: found a single value; write `{ suffix: \"-inactive\" }`, say",
        ),
        (
            "trigger: manual, actions: [{ rename: {} }]",
            "42: `suffix` is missing here; write `suffix: \"-inactive\"`, say",
        ),
        (
            "trigger: manual, actions: [{ rename: { suffix: \"\" } }]",
            "52: `` can't end a login name; write 1 to 64 characters without blanks, quotes and `<>&\\,+/`, \
             `-inactive`, say",
        ),
        (
            "trigger: manual, actions: [{ rename: { suffix: \"a b\" } }]",
            "52: `a b` can't end a login name; write 1 to 64 characters without blanks, quotes and \
             `<>&\\,+/`, `-inactive`, say",
        ),
        (
            "trigger: manual, actions: [{ rename: { suffix: \"<x>\" } }]",
            "52: `<x>` can't end a login name; write 1 to 64 characters without blanks, quotes and \
             `<>&\\,+/`, `-inactive`, say",
        ),
        (
            "trigger: manual, actions: [{ rename: { suffix: \"-Inactive\" } }]",
            "52: login names are in lower case; write `-inactive`",
        ),
        (
            "trigger: manual, actions: [{ invalidate_password: { send_link: true } }]",
            "57: `send_link` is not a key here; write one of: send_reset_link",
        ),
        (
            "trigger: manual, actions: [{ invalidate_password: { send_reset_link: maybe } }]",
            "74: `maybe` is neither true nor false; write `true` or `false`",
        ),
    ]);
}

#[test]
fn an_issue_is_checked() {
    assert_scheme_refused(&[
        (
            "actions: [{ create_issue: {} }]",
            "31: `project` is missing here; write the project's key, `project: OPS`, say\n\
             usher.yaml:3:31: `summary` is missing here; write `summary: \"Review {{ user.name }}\"`, say\n\
             usher.yaml:3:31: `type` is missing here; write the name of an issue type, `type: Task`, say",
        ),
        (
            "actions: [{ create_issue: OPS }]",
            "31: found a single value; write `{ project: OPS, type: Task, summary: \"Review {{ user.name }}\" \
             }`, say",
        ),
        (
            "actions: [{ create_issue: { project: ops, type: Task, summary: s } }]",
            "42: `ops` is not a project's key; write at least two of A-Z, 0-9, `_`, `OPS`, say",
        ),
        (
            "actions: [{ create_issue: { project: O, type: \"\", summary: \"\" } }]",
            "42: `O` is not a project's key; write at least two of A-Z, 0-9, `_`, `OPS`, say\n\
             usher.yaml:3:51: this is empty; write a value or leave the key out\n\
             usher.yaml:3:64: this is empty; write a value or leave the key out",
        ),
        (
            "actions: [{ create_issue: { project: OPS, type: Task, summary: \"a\\nb\" } }]",
            "68: a summary is one line; take the line breaks out",
        ),
        (
            "actions: [{ create_issue: { project: OPS, type: Task, summary: {{ user.name }} } }]",
            "69: a key must be a single value; write `key: value`, with quotes around a text that begins \
             with `{`",
        ),
        (
            "actions: [{ create_issue: { project: OPS, issuetype: Task, type: Task, summary: s } }]",
            "47: `issuetype` is not a key here; write one of: project, type, summary, fields",
        ),
        (
            "actions: [{ create_issue: { project: OPS, type: Task, summary: s, fields: [a] } }]",
            "79: found a list; write `{ priority: { name: Low } }`, say",
        ),
        (
            "actions: [{ create_issue: { project: OPS, type: Task, summary: s, fields: { issuetype: Bug } } }]",
            "81: `issuetype` does not go here; write it as `type` of `create_issue`",
        ),
        (
            "actions: [{ create_issue: { project: OPS, type: Task, summary: s, fields: { labels: x } } }]",
            "89: labels are a list, to which usher adds one to find the issue by; write `[a-label]`, say",
        ),
        (
            "actions: [{ create_issue: { project: OPS, type: Task, summary: s, fields: { priority: { name: } } } }]",
            "97: no value stands here; write one, `null` or `\"\"`",
        ),
    ]);
}

#[test]
fn the_templates_of_an_issue_are_checked_where_they_stand() {
    for (keys, place) in [
        ("summary: \"{{ user.nmae }}\"", "3:68"),
        ("summary: s, fields: { a: [x, { b: \"{{ user.nmae }}\" }] }", "3:93"),
    ] {
        let keys = format!("actions: [{{ create_issue: {{ project: OPS, type: Task, {keys} }} }}]");
        let refused = refusal(&scheme(&keys));
        assert!(refused.starts_with(&format!("usher.yaml:{place}: ")) && refused.contains("user.nmae"), "{refused}");
        assert_eq!(refused.lines().count(), 1, "{refused}");
    }
}
