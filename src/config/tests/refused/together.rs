//! Refusals of schemes whose parts don't fit together, each with the exact line.

use crate::config::tests::assert_scheme_refused;

#[test]
fn conditions_go_with_their_triggers() {
    assert_scheme_refused(&[
        (
            "trigger: on_create, select: { never_logged_in: {} }",
            "35: `never_logged_in` does not go with `on_create`: whoever is just created has no logins; \
             write `trigger: on_login`, `manual` or a schedule, or take it out",
        ),
        (
            "trigger: on_create, select: { last_login_before: 90d, logged_in_once: {} }",
            "35: `last_login_before` does not go with `on_create`: whoever is just created has no logins; \
             write `trigger: on_login`, `manual` or a schedule, or take it out\n\
             usher.yaml:3:59: `logged_in_once` does not go with `on_create`: whoever is just created has no \
             logins; write `trigger: on_login`, `manual` or a schedule, or take it out",
        ),
        (
            "trigger: on_create, select: { deactivated: true }",
            "35: `deactivated` does not go with `on_create`: whoever is just created or logs in is active; \
             write `trigger: manual` or `trigger: { cron: \"0 3 * * MON\" }`, or take it out",
        ),
        (
            "trigger: on_login, select: { deactivated: true }",
            "34: `deactivated` does not go with `on_login`: whoever is just created or logs in is active; \
             write `trigger: manual` or `trigger: { cron: \"0 3 * * MON\" }`, or take it out",
        ),
        (
            "trigger: on_create, select: { any: [{ not: { all: [{ last_login_before: 90d }, { where: \"true\" }] } }] }",
            "58: `last_login_before` does not go with `on_create`: whoever is just created has no logins; \
             write `trigger: on_login`, `manual` or a schedule, or take it out",
        ),
        (
            "trigger: on_login, select: { not: { deactivated: true } }",
            "41: `deactivated` does not go with `on_login`: whoever is just created or logs in is active; \
             write `trigger: manual` or `trigger: { cron: \"0 3 * * MON\" }`, or take it out",
        ),
    ]);
}

#[test]
fn actions_go_with_their_triggers() {
    assert_scheme_refused(&[
        (
            "trigger: on_create, actions: [{ delete: {} }]",
            "37: `delete` does not go with `on_create`: it needs a schedule or a person; write `trigger: \
             manual` or `trigger: { cron: \"0 3 * * MON\" }`, or take it out",
        ),
        (
            "trigger: on_login, actions: [{ add_groups: [g] }, { deactivate: {} }]",
            "57: `deactivate` does not go with `on_login`: it needs a schedule or a person; write `trigger: \
             manual` or `trigger: { cron: \"0 3 * * MON\" }`, or take it out",
        ),
        (
            "trigger: on_login, actions: [{ reactivate: {} }]",
            "36: `reactivate` does not go with `on_login`: it needs a schedule or a person; write `trigger: \
             manual` or `trigger: { cron: \"0 3 * * MON\" }`, or take it out",
        ),
        (
            "trigger: on_create, actions: [{ rename: { suffix: \"-x\" } }]",
            "37: `rename` does not go with `on_create`: it needs a schedule or a person; write `trigger: \
             manual` or `trigger: { cron: \"0 3 * * MON\" }`, or take it out",
        ),
        (
            "trigger: on_login, actions: [{ invalidate_password: {} }]",
            "36: `invalidate_password` does not go with `on_login`: it needs a schedule or a person; write \
             `trigger: manual` or `trigger: { cron: \"0 3 * * MON\" }`, or take it out",
        ),
    ]);
}

#[test]
fn actions_that_contradict_each_other_are_refused() {
    assert_scheme_refused(&[
        (
            "actions: [{ add_groups: [Staff, vpn] }, { remove_groups: [staff] }]",
            "63: `staff` also stands in add_groups at usher.yaml:3:30; keep one of them",
        ),
        (
            "actions: [{ add_groups: [a] }, { remove_all_groups: {} }]",
            "38: `remove_all_groups` contradicts `add_groups` at usher.yaml:3:17; keep one of them, or name \
             the groups to take away under `remove_groups`",
        ),
        (
            "actions: [{ remove_all_groups: {} }, { add_groups: [a] }]",
            "44: `add_groups` contradicts `remove_all_groups` at usher.yaml:3:17; keep one of them, or name \
             the groups to take away under `remove_groups`",
        ),
        (
            "trigger: manual, actions: [{ reactivate: {} }, { deactivate: {} }]",
            "54: `deactivate` contradicts `reactivate` at usher.yaml:3:34; keep one of them",
        ),
    ]);
}

#[test]
fn an_action_that_says_all_at_once_stands_once() {
    assert_scheme_refused(&[
        (
            "trigger: manual, actions: [{ rename: { suffix: \"-a\" } }, { rename: { suffix: \"-b\" } }]",
            "64: `rename` already stands at usher.yaml:3:34; keep one of them",
        ),
        (
            "trigger: manual, actions: [{ deactivate: {} }, { delete: {} }, { deactivate: {} }]",
            "70: `deactivate` already stands at usher.yaml:3:34; keep one of them",
        ),
        (
            "actions: [{ remove_application_access: {} }, { remove_application_access: { applications: [a] } }]",
            "52: `remove_application_access` already stands at usher.yaml:3:17; keep one of them",
        ),
        (
            "actions: [{ create_issue: { project: OPS, type: Task, summary: a } }, { create_issue: { project: OPS, type: Task, summary: b } }]",
            "77: `create_issue` already stands at usher.yaml:3:17; keep one of them",
        ),
    ]);
}

#[test]
fn a_product_does_what_it_can() {
    assert_scheme_refused(&[
        (
            "trigger: manual, actions: [{ invalidate_password: { send_reset_link: true } }]",
            "34: jira-dc can't send a link to set a new password; write `send_reset_link: false`",
        ),
        (
            "source: cloud, trigger: manual, actions: [{ deactivate: {} }]",
            "49: jira-cloud can't do `deactivate`: accounts belong to Atlassian and not to the site; use \
             `remove_application_access` to keep somebody out",
        ),
        (
            "source: cloud, trigger: manual, actions: [{ reactivate: {} }]",
            "49: jira-cloud can't do `reactivate`: accounts belong to Atlassian and not to the site; use \
             `add_groups` with a group that gives access",
        ),
        (
            "source: cloud, trigger: manual, actions: [{ rename: { suffix: \"-x\" } }]",
            "49: jira-cloud can't do `rename`: accounts have no login names; leave it out",
        ),
        (
            "source: cloud, trigger: manual, actions: [{ invalidate_password: {} }]",
            "49: jira-cloud can't do `invalidate_password`: passwords belong to the Atlassian account and \
             there is no call to reset them; use `remove_application_access` to keep somebody out",
        ),
    ]);
}

#[test]
fn what_is_wrong_in_one_place_does_not_hide_what_is_wrong_in_another() {
    assert_scheme_refused(&[(
        "id: S!, trigger: on_create, select: { deactivated: true, everyon: true }, actions: [{ delete: {} }, { rename: { sufix: x } }]",
        "9: `S!` is not an id; write 1 to 63 of a-z, 0-9, `-`, `_`, beginning with a letter or digit\n\
             usher.yaml:3:43: `deactivated` does not go with `on_create`: whoever is just created or logs \
             in is active; write `trigger: manual` or `trigger: { cron: \"0 3 * * MON\" }`, or take it out\n\
             usher.yaml:3:62: `everyon` is not a key here; did you mean `everyone`?\n\
             usher.yaml:3:91: `delete` does not go with `on_create`: it needs a schedule or a person; write \
             `trigger: manual` or `trigger: { cron: \"0 3 * * MON\" }`, or take it out\n\
             usher.yaml:3:107: `rename` does not go with `on_create`: it needs a schedule or a person; \
             write `trigger: manual` or `trigger: { cron: \"0 3 * * MON\" }`, or take it out\n\
             usher.yaml:3:115: `suffix` is missing here; write `suffix: \"-inactive\"`, say\n\
             usher.yaml:3:117: `sufix` is not a key here; did you mean `suffix`?",
    )]);
}
