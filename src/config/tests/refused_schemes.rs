#[test]
fn what_a_scheme_says_is_checked() {
    let everyone = "everyone must be asked for by name: write `everyone: true`";
    assert_scheme_refused(&[
        ("trigger: on_crate", "14: `on_crate` is not known here; did you mean `on_create`?"),
        (
            "trigger: manual",
            "14: `manual` is not supported by this version of usher yet; write one of: on_create, on_login",
        ),
        (
            "trigger: { cron: \"0 3 * * *\", timezone: UTC }",
            "16: `cron` is not supported by this version of usher yet; write `on_create` or `on_login`",
        ),
        ("select: {}", &format!("13: no condition stands here; {everyone}")),
        ("select: { everyone: false, email_domain: [] }", &format!("13: no condition stands here; {everyone}")),
        ("select: ", &format!("5: `select` has no value; {everyone}")),
        ("select: { everyone: yes }", "25: `yes` is neither true nor false; write `true` or `false`"),
        ("select: { where: x }", "15: `where` is not supported by this version of usher yet; leave it out"),
        (
            "select: { email_domain: [\"*x\"] }",
            "30: `*x` is not an e-mail domain; write `example.com`, or `*.example.com` for all domains below it",
        ),
        ("only_groups: ", "5: `only_groups` has no value; write one or leave the key out"),
        ("only_groups: []", "18: no group stands here; write `[a-group]`, say, or leave the key out"),
        ("only_groups: [\" \"]", "19: a group without a name; write its name"),
        ("exempt: { user: [a] }", "15: `user` is not a key here; did you mean `users`?"),
        ("exempt: { users: [\"\"] }", "23: this is empty; write a value or leave the key out"),
        ("limits: {}", "5: `limits` is not supported by this version of usher yet; leave it out"),
        (
            "audit: { application_log: false }",
            "31: `application_log: false` is not supported by this version of usher yet; write `true`",
        ),
        ("audit: { report: [csv] }", "14: `report` is not supported by this version of usher yet; leave it out"),
    ]);
}

#[test]
fn what_a_scheme_does_is_checked() {
    let one = "one action is needed; write `- add_groups: [a-group]`, each action in an item of its own";
    assert_scheme_refused(&[
        ("actions: []", "14: no action stands here; write `- add_groups: [a-group]`, say"),
        ("actions: [{}]", &format!("15: {one}")),
        ("actions: [{ add_groups: [a], remove_groups: [b] }]", &format!("15: {one}")),
        ("actions: [{ delete: {} }]", "17: `delete` is not supported by this version of usher yet; leave it out"),
        ("actions: [{ add_group: [a] }]", "17: `add_group` is not a key here; did you mean `add_groups`?"),
        ("actions: [{ add_groups: [] }]", "29: no group stands here; write `[a-group]`, say, or leave the key out"),
        (
            "actions: [{ add_groups: [Staff, \"\"] }, { remove_groups: [\"\"] }]",
            "37: a group without a name; write its name\nusher.yaml:3:62: a group without a name; write its name",
        ),
        (
            "actions: [{ add_groups: [Staff, vpn] }, { remove_groups: [staff] }]",
            "63: `staff` also stands in add_groups at usher.yaml:3:30; keep one of them",
        ),
    ]);
}
