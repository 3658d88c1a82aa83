//! The conditions and actions that are allowed with each trigger: all cells of the documentation's table.

use super::{load, scheme};

const TRIGGERS: [&str; 4] = ["on_create", "on_login", "manual", "{ cron: \"0 3 * * MON\" }"];

const ALL: [bool; 4] = [true, true, true, true];
const BUT_CREATION: [bool; 4] = [false, true, true, true];
const SWEEPS: [bool; 4] = [false, false, true, true];
const BY_HAND: [bool; 4] = [false, false, true, false];

const CONDITIONS: [(&str, [bool; 4]); 9] = [
    ("everyone: true", ALL),
    ("email_domain: [a.example]", ALL),
    ("email_domain_not: [a.example]", ALL),
    ("where: 'user.groups.size() == 0'", ALL),
    ("never_logged_in: {}", BUT_CREATION),
    ("last_login_before: 90d", BUT_CREATION),
    ("logged_in_once: {}", BUT_CREATION),
    ("deactivated: true", SWEEPS),
    ("users: [jdoe]", BY_HAND),
];

const ACTIONS: [(&str, [bool; 4]); 10] = [
    ("add_groups: [g]", ALL),
    ("remove_groups: [g]", ALL),
    ("remove_all_groups: {}", ALL),
    ("remove_application_access: {}", ALL),
    ("create_issue: { project: OPS, type: Task, summary: s }", ALL),
    ("delete: {}", SWEEPS),
    ("deactivate: {}", SWEEPS),
    ("reactivate: {}", SWEEPS),
    ("rename: { suffix: \"-x\" }", SWEEPS),
    ("invalidate_password: {}", SWEEPS),
];

/// Checks that a scheme with `trigger` and `keys` is taken, or refused because of the trigger alone.
fn assert_goes(trigger: &str, keys: &str, goes: bool) {
    let refused = load(&scheme(&format!("trigger: {trigger}, {keys}"))).err().map(|problems| problems.to_string());
    match refused {
        None => assert!(goes, "{trigger} takes {keys}"),
        Some(line) => {
            assert!(!goes && line.lines().count() == 1, "{trigger} refuses {keys}: {line}");
            let word = if trigger.starts_with('{') { "schedule" } else { trigger };
            assert!(line.contains(&format!("does not go with `{word}`: ")), "{line}");
        }
    }
}

#[test]
fn conditions_go_with_the_triggers_of_the_table_at_any_depth() {
    for (condition, goes) in CONDITIONS {
        for (trigger, goes) in TRIGGERS.iter().zip(goes) {
            assert_goes(trigger, &format!("select: {{ {condition} }}"), goes);
            assert_goes(trigger, &format!("select: {{ not: {{ {condition} }} }}"), goes);
            assert_goes(trigger, &format!("select: {{ any: [{{ all: [{{ not: {{ {condition} }} }}] }}] }}"), goes);
        }
    }
}

#[test]
fn actions_go_with_the_triggers_of_the_table() {
    for (action, goes) in ACTIONS {
        for (trigger, goes) in TRIGGERS.iter().zip(goes) {
            assert_goes(trigger, &format!("actions: [{{ {action} }}]"), goes);
        }
    }
}

#[test]
fn a_schedule_is_in_utc_where_no_time_zone_is_named() {
    let trigger = |text: &str| {
        let config = load(&scheme(&format!("trigger: {text}"))).expect(text).config;
        serde_json::to_value(&config.schemes[0].scheme.trigger).expect("JSON")
    };
    let utc = serde_json::json!({ "cron": "0 3 * * MON", "timezone": "UTC" });
    assert_eq!(trigger("{ cron: \"0 3 * * MON\" }"), utc);
    assert_eq!(trigger("{ cron: 0 3 * * MON, timezone: UTC }"), utc);
    assert_eq!(trigger("{ cron: \"@daily\", timezone: Pacific/Auckland }")["timezone"], "Pacific/Auckland");
}
