//! Steps of every kind, and Jane as none of them wants her.

use usher::{
    domain::{Capability, Issue, Product, Step},
    sandbox::{Account, Application},
};

use super::{ALL, Bench, JANE, STAFF, add, remove};

/// A step of every kind.
pub fn steps() -> [Step; 10] {
    let issue = Issue {
        project: "OPS".to_owned(),
        issue_type: "Task".to_owned(),
        summary: "Review jane doe+x".to_owned(),
        fields: serde_json::json!({ "description": "One\n\ntwo", "labels": ["audit"] })
            .as_object()
            .expect("one")
            .clone(),
        marker: "usher-7f-\"1\"".to_owned(),
    };
    [
        add("new"),
        remove(STAFF),
        Step::RemoveAllGroups,
        Step::RemoveApplicationAccess(vec!["jira-software".to_owned()]),
        Step::Deactivate,
        Step::Reactivate,
        Step::Delete,
        Step::Rename { suffix: "-Inactive".to_owned() },
        Step::InvalidatePassword { send_reset_link: false },
        Step::CreateIssue(Box::new(issue)),
    ]
}

pub fn possible(product: Product, step: &Step) -> bool {
    !matches!(product.capability(step.kind()), Capability::No(_))
}

/// Every product with every step that it can do.
pub fn pairs() -> impl Iterator<Item = (Product, Step)> {
    ALL.iter()
        .copied()
        .flat_map(|product| steps().map(|step| (product, step)))
        .filter(|(product, step)| possible(*product, step))
}

/// Jane in three groups, two of which give access to applications, and everything as `step` does not want it.
pub fn before(product: Product, step: &Step) -> Bench {
    let bench = Bench::new(product);
    if *step == Step::Reactivate {
        bench.sandbox.put_user(product, jane().inactive());
    }
    for application in [
        Application::new("jira-software", &["developers"]).default_groups(&["everybody"]),
        Application::new("jira-servicedesk", &["agents"]),
    ] {
        bench.sandbox.put_application(product, application);
    }
    bench.sandbox.put_group(product, "new");
    for group in [STAFF, "developers", "everybody"] {
        bench.sandbox.add_member(product, JANE, group).expect("both are there");
    }
    bench
}

pub fn jane() -> Account {
    Account::new(JANE, "jane doe+x").email("jane@acme.example")
}

/// What usher has changed.
pub fn changes(bench: &Bench) -> Vec<String> {
    let entries = bench.sandbox.journal();
    entries.iter().filter(|entry| entry.by == "usher").map(ToString::to_string).collect()
}

/// How a finished `step` looks to somebody who reads: gone, no telling, or so.
pub fn done(step: &Step) -> Option<bool> {
    match step {
        Step::Delete => None,
        Step::InvalidatePassword { .. } => Some(false),
        _ => Some(true),
    }
}
