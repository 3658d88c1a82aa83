//! Refusals in one place of a scheme, each with the exact line.

use crate::config::tests::{assert_scheme_refused, refusal, scheme};

#[test]
fn a_trigger_is_checked() {
    assert_scheme_refused(&[
        ("trigger: on_crate", "14: `on_crate` is not known here; did you mean `on_create`?"),
        (
            "trigger: schedule",
            "14: `schedule` is not known here; write `on_create`, `on_login`, `manual` or `{ cron: \"0 3 * * \
             MON\", timezone: Europe/Berlin }`",
        ),
        ("trigger: [on_login]", "14: found a list; write `{ cron: \"0 3 * * MON\", timezone: Europe/Berlin }`, say"),
        (
            "trigger: {}",
            "14: `cron` is missing here; write five fields, `cron: \"0 3 * * MON\"` for Mondays at three, say",
        ),
        (
            "trigger: { cron: }",
            "16: `cron` has no value; write five fields, `cron: \"0 3 * * MON\"` for Mondays at three, say",
        ),
        (
            "trigger: { cron: \"0 3 * *\" }",
            "22: `0 3 * *` is not a schedule: it has 4 fields, not five: minute, hour, day of month, month, day of week",
        ),
        (
            "trigger: { cron: \"0 0 3 * * MON\" }",
            "22: `0 0 3 * * MON` is not a schedule: it has 6 fields, as Quartz has them: leave out the seconds, which \
             come first, and the year: `0 3 * * MON` (in Quartz 1 is Sunday, here 1 is Monday; names are the same)",
        ),
        (
            "trigger: { cron: \"61 3 * * *\", timezone: UTC }",
            "22: `61 3 * * *` is not a schedule: `61` is no minute; write 0 to 59",
        ),
        (
            "trigger: { cron: \"*/90 * * * *\" }",
            "22: `*/90 * * * *` is not a schedule: the step of `*/90` is longer than its range, so that it would come at 0 \
             only; write the minute, and a step of hours: `0 */2 * * *` for every two hours",
        ),
        (
            "trigger: { cron: \"0 3 ? * 2#1\" }",
            "22: `0 3 ? * 2#1` is not a schedule: `?` in the day of month is Quartz's; write `*`",
        ),
        ("trigger: { cron: \"0 3 30 2 *\" }", "22: `0 3 30 2 *` never comes; write a date that there is"),
        (
            "trigger: { cron: \"0 3 * * *\", timezone: Berlin }",
            "45: `Berlin` is not a time zone; write one of the IANA database, `Europe/Berlin` or `UTC`, say",
        ),
        ("trigger: { cron: \"0 3 * * *\", timezone: \"\" }", "45: this is empty; write a value or leave the key out"),
        ("trigger: { cron: \"0 3 * * *\", timezon: UTC }", "35: `timezon` is not a key here; did you mean `timezone`?"),
        (
            "trigger: { timezone: UTC }",
            "14: `cron` is missing here; write five fields, `cron: \"0 3 * * MON\"` for Mondays at three, say",
        ),
    ]);
}

#[test]
fn a_selection_is_checked() {
    assert_scheme_refused(&[
        ("select: {}", "13: no condition stands here; everyone must be asked for by name: write `everyone: true`"),
        ("select: ", "5: `select` has no value; everyone must be asked for by name: write `everyone: true`"),
        ("select: everyone", "13: found a single value; write `everyone: true`, say"),
        ("select: [{ everyone: true }]", "13: found a list; write `everyone: true`, say"),
        ("select: { everyone: false }", "25: `everyone: false` is no condition; write `true`, or leave `everyone` out"),
        ("select: { everyone: yes }", "25: `yes` is neither true nor false; write `true` or `false`"),
        ("select: { everybody: true }", "15: `everybody` is not a key here; did you mean `everyone`?"),
        ("select: { where: \" \" }", "22: this is empty; write a value or leave the key out"),
        ("select: { where: }", "15: `where` has no value; write `where: 'user.groups.size() == 0'`, say"),
        ("select: { where: [a] }", "22: found a list; write a single value"),
        ("select: { email_domain: [] }", "29: no domain stands here; write `[example.com]`, say, or leave the key out"),
        ("select: { email_domain: a.example }", "29: found a single value; write a list, like `[example.com]`"),
        (
            "select: { email_domain: [\"*x\"] }",
            "30: `*x` is not an e-mail domain; write `x`, or `*.x` for all domains below it",
        ),
        (
            "select: { email_domain_not: [\"jane@a.example\"] }",
            "34: this is an e-mail address, and not a domain; write `a.example`",
        ),
        (
            "select: { email_domain: [a.example, \"b.example,c.example\"] }",
            "41: several domains stand in one text; give each an item of its own, `[b.example, c.example]`",
        ),
        (
            "select: { email_domain_not: [\"acme..example\"] }",
            "34: `acme..example` is not an e-mail domain; did you mean `acme.example`?",
        ),
        (
            "select: { not: { email_domain: [\"<acme.example>\"] } }",
            "37: `<acme.example>` is not an e-mail domain; did you mean `acme.example`?",
        ),
        (
            "select: { email_domain: [\"*acme.example\"] }",
            "30: `*acme.example` is not an e-mail domain; write `acme.example`, or `*.acme.example` for all domains below it",
        ),
        (
            "select: { email_domain: [\"*.\"] }",
            "30: `*.` is not an e-mail domain; write `example.com`, or `*.example.com` for all domains below it",
        ),
        ("select: { never_logged_in: true }", "32: found a single value; write `{ created_before: 14d }`, say"),
        (
            "select: { never_logged_in: }",
            "15: `never_logged_in` has no value; write `never_logged_in: { created_before: 14d }`, say",
        ),
        (
            "select: { never_logged_in: { created_befor: 14d } }",
            "34: `created_befor` is not a key here; did you mean `created_before`?",
        ),
        (
            "select: { never_logged_in: { created_before: 14 } }",
            "50: `14` is not a length of time; write `90d`, `12h`, `30m` or `2w`, up to 100 years",
        ),
        ("select: { last_login_before: { days: 90 } }", "34: found keys and values; write a single value"),
        (
            "select: { last_login_before: 90 days }",
            "34: `90 days` is not a length of time; write `90d`, `12h`, `30m` or `2w`, up to 100 years",
        ),
        (
            "select: { last_login_before: 0d }",
            "34: `0d` is not a length of time; write `90d`, `12h`, `30m` or `2w`, up to 100 years",
        ),
        ("select: { logged_in_once: 3d }", "31: found a single value; write `{ not_within: 3d }`, say"),
        (
            "select: { logged_in_once: { not_within: soon } }",
            "45: `soon` is not a length of time; write `90d`, `12h`, `30m` or `2w`, up to 100 years",
        ),
        (
            "trigger: manual, select: { deactivated: false }",
            "45: `deactivated: false` is no condition; write `true`, or leave `deactivated` out",
        ),
        ("trigger: manual, select: { deactivated: {} }", "45: found keys and values; write a single value"),
    ]);
}

#[test]
fn conditions_that_nest_are_checked() {
    assert_scheme_refused(&[
        ("select: { all: [] }", "20: no condition stands here; write `[{ deactivated: true }]`, say"),
        (
            "select: { any: { everyone: true } }",
            "20: found keys and values; write a list, like `[{ deactivated: true }]`",
        ),
        ("select: { all: [everyone] }", "21: found a single value; write `{ deactivated: true }`, say"),
        ("select: { all: [{}] }", "21: no condition stands here; write `{ deactivated: true }`, say"),
        ("select: { any: [{ everyon: true }] }", "23: `everyon` is not a key here; did you mean `everyone`?"),
        (
            "select: { all: [{ where: user.active, email_domain: [a.example] }] }",
            "21: several conditions stand in one item; give each an item of its own, `[{ deactivated: true \
             }, { email_domain: [example.com] }]`, say",
        ),
        ("select: { not: {} }", "20: no condition stands here; write `{ deactivated: true }`, say"),
        ("select: { not: [{ everyone: true }] }", "20: found a list; write `{ deactivated: true }`, say"),
        (
            "select: { not: { where: user.active, email_domain: [a.example] } }",
            "20: several conditions stand under one `not`; write `not: { any: [{ ... }, { ... }] }`, or \
             `all`",
        ),
        (
            "select: { any: [{ not: { all: [{ last_login_before: 3 }, { everyone: false }] } }] }",
            "57: `3` is not a length of time; write `90d`, `12h`, `30m` or `2w`, up to 100 years\n\
             usher.yaml:3:74: `everyone: false` is no condition; write `true`, or leave `everyone` out",
        ),
    ]);
}

#[test]
fn who_is_meant_and_who_never_is_checked() {
    assert_scheme_refused(&[
        ("only_groups: ", "5: `only_groups` has no value; write one or leave the key out"),
        ("only_groups: []", "18: no group stands here; write `[a-group]`, say, or leave the key out"),
        ("only_groups: [\" \"]", "19: a group without a name; write its name"),
        ("exempt: { user: [a] }", "15: `user` is not a key here; did you mean `users`?"),
        ("exempt: { users: [\"\"] }", "23: this is empty; write a value or leave the key out"),
        ("exempt: [a]", "13: found a list; write `{ users: [a-user], groups: [a-group] }`, say"),
    ]);
}

#[test]
fn limits_and_audit_are_checked() {
    assert_scheme_refused(&[
        ("limits: {}", "13: no limit stands here; write `{ users: 50, percent: 5 }`, or one of them"),
        ("limits: { users: }", "15: `users` has no value; write one or leave the key out"),
        ("limits: 50", "13: found a single value; write `{ users: 50, percent: 5 }`, say"),
        ("limits: { users: -1 }", "22: `-1` does not fit here; write a whole number from 0 to 1000000000"),
        ("limits: { percent: 0 }", "24: `0` does not fit here; write a whole number from 1 to 100"),
        ("limits: { percent: 101 }", "24: `101` does not fit here; write a whole number from 1 to 100"),
        ("limits: { percents: 5 }", "15: `percents` is not a key here; did you mean `percent`?"),
        (
            "audit: { application_log: false }",
            "31: `application_log: false` is not supported by this version of usher yet; write `true`",
        ),
        ("audit: { report: [csv] }", "14: `report` is not supported by this version of usher yet; leave it out"),
    ]);
}

#[test]
fn an_expression_is_checked_and_the_place_in_it_is_said() {
    for (written, place, about) in [
        ("user.emial", "at character 1 of the expression: ", "`user.emial` is not known"),
        ("\"user.name ==\"", "at character 13 of the expression: ", ""),
        ("\"user.active\\n && nobody\"", "at 2:5 of the expression: ", "`nobody` is not known"),
        ("user.name", "", "string"),
    ] {
        let refused = refusal(&scheme(&format!("select: {{ any: [{{ where: {written} }}] }}")));
        assert!(refused.starts_with(&format!("usher.yaml:3:30: {place}")) && refused.contains(about), "{refused}");
        assert_eq!(refused.lines().count(), 1, "{refused}");
    }
}
