//! The protection of a source.

use crate::{
    config::{
        Protect,
        tests::{assert_refused, load},
    },
    domain::GroupName,
};

fn source(product: &str, host: &str, protect: &str) -> String {
    format!(
        "sources:\n- {{ id: a, product: {product}, base_url: \"https://{host}\", auth: {{ bearer: {{ env: TOKEN }} }}{protect} }}"
    )
}

fn protect(product: &str, host: &str, keys: &str) -> (Protect, Vec<String>) {
    let loaded = load(&source(product, host, keys)).expect("right");
    (loaded.config.sources[0].protect.clone(), loaded.warnings.iter().map(ToString::to_string).collect())
}

fn groups(names: &[&str]) -> Vec<GroupName> {
    names.iter().copied().map(GroupName::new).collect()
}

#[test]
fn administrators_and_the_acting_account_are_protected_where_nothing_is_said() {
    let data_center = Protect {
        users: Vec::new(),
        admin_groups: groups(&["jira-administrators"]),
        assumed_admin_groups: true,
        last_administrators: 2,
        acting_account: true,
    };
    assert_eq!(protect("jira-dc", "jira.example", ""), (data_center, Vec::new()));
    let site = [
        "jira-administrators",
        "confluence-administrators",
        "site-admins",
        "org-admins",
        "administrators",
        "system-administrators",
    ];
    let (cloud, _) = protect("jira-cloud", "jira.example", "");
    assert_eq!((cloud.admin_groups, cloud.last_administrators, cloud.acting_account), (groups(&site), 2, true));
    let named = ["jira-admins-acme", "jira-administrators-acme", "confluence-admins-acme", "org-admins-acme"];
    let (cloud, _) = protect("jira-cloud", "acme.atlassian.net", "");
    assert_eq!(cloud.admin_groups, groups(&[&site[..], &named].concat()));
}

#[test]
fn what_is_said_replaces_what_holds_otherwise_key_by_key() {
    let keys = ", protect: { users: [root, JIRAUSER1], admin_groups: [wheel] }";
    let said = Protect {
        users: vec!["root".to_owned(), "JIRAUSER1".to_owned()],
        admin_groups: groups(&["wheel"]),
        assumed_admin_groups: false,
        last_administrators: 2,
        acting_account: true,
    };
    assert_eq!(protect("jira-dc", "jira.example", keys), (said, Vec::new()));
}

#[test]
fn what_is_no_longer_protected_is_warned_about() {
    let keys = ", protect: { last_administrators: 0, acting_account: false }";
    let (protect, warnings) = protect("jira-dc", "j.example", keys);
    assert_eq!((protect.last_administrators, protect.acting_account), (0, false));
    assert_eq!(
        warnings,
        [
            "usher.yaml:2:127: schemes may leave the source without any administrator; write 2, or leave it out",
            "usher.yaml:2:146: schemes may take usher's own rights away; write `true`, or leave it out",
        ]
    );
}

#[test]
fn what_is_protected_is_checked() {
    let at = "usher.yaml:2:";
    let refused = |keys: &str| source("jira-dc", "j.example", &format!(", protect: {keys}"));
    assert_refused(&[
        (&refused("true"), &format!("{at}104: found a single value; write `{{ users: [break-glass] }}`, say")),
        (&refused("{ user: [a] }"), &format!("{at}106: `user` is not a key here; did you mean `users`?")),
        (
            &refused("{ admin_groups: [] }"),
            &format!("{at}120: no group stands here; write `[a-group]`, say, or leave the key out"),
        ),
        (
            &refused("{ last_administrators: -1 }"),
            &format!("{at}127: `-1` does not fit here; write a whole number from 0 to 1000"),
        ),
        (
            &refused("{ acting_account: no }"),
            &format!("{at}122: `no` is neither true nor false; write `true` or `false`"),
        ),
    ]);
}
