//! Everything that a client can be asked, of a product in fair weather and in each of the ways in which it refuses.

use std::collections::BTreeSet;

use usher::{
    domain::{ActionKind, Capability, GroupName, Issue, Product, Step, Timestamp, UserId, UserRef},
    products::{Right, audit::Span},
    sandbox::{Account, Application, AuditAction, AuditBehaviour, Effect, Fault, InOrg, Limit, Population, When},
};

use crate::products::{ALL, Bench, JANE, JIRAS, STAFF, add, jane_of, scene};

/// Asks everything of `product`; what was said is in the benches' records.
pub async fn everything(product: Product) -> Vec<Bench> {
    assert!(ALL.contains(&product));
    let mut benches = Vec::new();
    for step in scene::steps(product).into_iter().filter(|step| scene::possible(product, step)) {
        benches.push(made_so(product, &step).await);
        benches.push(refused(product, &step).await);
    }
    benches.extend([reads(product).await, odd_users(product).await, errors(product).await]);
    if !matches!(product.capability(ActionKind::CreateIssue), Capability::No(_)) {
        benches.push(issues(product).await);
    }
    benches.push(strangers(product).await);
    benches.push(limited(product).await);
    benches.extend(audit_log(product).await);
    match product {
        Product::JiraDc => benches.push(older_data_center().await),
        Product::ConfluenceDc => benches.push(access_by_name().await),
        _ => {}
    }
    if product == Product::AtlassianOrg {
        benches.push(other_peoples_accounts().await);
        benches.push(groups_from_elsewhere().await);
    }
    benches
}

/// The step, seen to before and after, and once more when it is so already.
async fn made_so(product: Product, step: &Step) -> Bench {
    let bench = scene::before(product, step);
    let jane = bench.jane().await;
    bench.client.is_so(&jane, step).await.expect("an answer");
    bench.client.make_so(&jane, step).await.expect("done");
    let _refused = bench.client.make_so(&jane, step).await;
    bench.is_so(step).await;
    bench
}

/// The step on somebody from a directory that can't be written to, on nobody, and in a group that is gone.
async fn refused(product: Product, step: &Step) -> Bench {
    let bench = scene::before(product, step);
    let jane = bench.jane().await;
    bench.sandbox.put_user(product, Account { read_only: true, undeletable: true, ..scene::jane() });
    let _refused = bench.client.make_so(&jane, step).await;
    bench.sandbox.put_user(product, Account { undeletable: true, ..scene::jane() });
    let _refused = bench.client.make_so(&jane, step).await;
    bench.sandbox.delete_group(product, STAFF);
    bench.sandbox.delete_group(product, "new");
    let _refused = bench.client.make_so(&jane, step).await;
    bench.sandbox.delete_user(product, JANE);
    let _refused = bench.client.make_so(&jane, step).await;
    bench
}

/// What changes nothing: one user, all users, usher itself, the administrators.
async fn reads(product: Product) -> Bench {
    let bench = Bench::new(product);
    bench
        .sandbox
        .put_crowd(product, &Population::new(1_050, Account::new("id:{n}", "user {n}").email("u{n}@acme.example")));
    bench.sandbox.put_group(product, "wheel");
    // A Jira without any application does not exist, and an empty list of them is not believed.
    bench.sandbox.put_application(product, Application::new("jira-software", &[STAFF]));
    bench.client.probe().await.expect("accepted");
    bench.client.myself().await.expect("an answer");
    bench.client.administrators().await.expect("a list");
    bench.client.group_exists(&GroupName::new(STAFF)).await.expect("an answer");
    bench.client.group_exists(&GroupName::new("nobody here")).await.expect("an answer");
    bench.client.groups_like("st").await.expect("a list");
    bench.client.members(&GroupName::new(STAFF), 0).await.expect("a list");
    for text in ["jane", "jane@acme.example"] {
        bench.client.find_users(text).await.expect("a list");
    }
    bench.client.applications().await.expect("an answer");
    bench.client.acting_as().await.expect("an answer");
    for right in [Right::ReadUsers, Right::ChangeUsers, Right::ReadGroups, Right::ReadAuditLog] {
        bench.client.may(right).await.expect("an answer");
    }
    bench.client.seats().await.expect("an answer");
    bench.client.user_directories().await.expect("an answer");
    bench.client.pick_groups("st").await.expect("a list");
    let _none = bench.client.user(&UserRef::Name("jane doe+x".to_owned())).await;
    list(&bench).await;
    bench
}

async fn list(bench: &Bench) {
    let mut next = bench.client.users(None).await.expect("a page").next;
    while let Some(cursor) = next {
        next = bench.client.users(Some(&cursor)).await.expect("a page").next;
    }
}

/// Users with more, and with less, than others.
async fn odd_users(product: Product) -> Bench {
    let bench = Bench::new(product);
    let seen = "2026-03-01T10:00:00Z".parse().expect("a time");
    bench.sandbox.put_user(product, Account::new(JANE, "jane").hide_email().inactive().last_login(seen));
    bench.sandbox.put_application(product, Application::new("jira-software", &[STAFF]));
    bench.sandbox.add_member(product, JANE, STAFF).expect("both are there");
    bench.jane().await;
    if product == Product::AtlassianOrg {
        return bench; // people alone are in its directory, and its lists are never cut short
    }
    bench.sandbox.put_user(product, Account::new(JANE, "jane").account_type("app"));
    bench.jane().await;
    bench.sandbox.put_user(product, Account::new(JANE, "jane").permission("LICENSED_USER"));
    bench.client.administrators().await.expect("a list");
    if product.sends_reset_links() {
        let jane = bench.jane().await;
        let step = Step::InvalidatePassword { send_reset_link: true };
        bench.client.make_so(&jane, &step).await.expect_err("she has no address");
        bench.sandbox.put_user(product, scene::jane());
        bench.client.make_so(&bench.jane().await, &step).await.expect("done");
    }
    let keep_out = Step::RemoveApplicationAccess(Vec::new());
    if scene::possible(product, &keep_out) {
        let jane = bench.jane().await;
        bench.client.is_so(&jane, &keep_out).await.expect("an answer");
        bench.client.make_so(&jane, &keep_out).await.expect("done");
    }
    if !JIRAS.contains(&product) {
        return bench; // the groups of a user come by a call of their own
    }
    let cut_short = serde_json::json!({ "size": 60, "items": [] });
    bench.sandbox.put_user(product, Account::new(JANE, "jane").extra("groups", cut_short));
    bench.jane().await;
    bench
}

/// Refusals of what is asked for: nobody of that id, no such group, a name that is taken.
async fn errors(product: Product) -> Bench {
    let bench = Bench::new(product);
    let jane = bench.jane().await;
    bench.client.user(&UserRef::Id(UserId::new("joe"))).await.expect_err("nobody");
    bench.client.make_so(&jane, &add("nowhere")).await.expect_err("no such group");
    bench.sandbox.put_user(product, Account::new("id:joe", "jane doe+x-gone"));
    bench.client.make_so(&jane, &Step::Rename { suffix: "-gone".to_owned() }).await.expect_err("taken, or no names");
    bench
}

/// Issues that are refused, and one that is found behind one that is done.
async fn issues(product: Product) -> Bench {
    let bench = Bench::new(product);
    let jane = bench.jane().await;
    let found = scene::steps(product).into_iter().find_map(|step| match step {
        Step::CreateIssue(issue) => Some(*issue),
        _ => None,
    });
    let issue = found.expect("there is such a step");
    let asking_for = |issue: Issue| Step::CreateIssue(Box::new(issue));
    let elsewhere = asking_for(Issue { project: "NO".to_owned(), ..issue.clone() });
    bench.client.make_so(&jane, &elsewhere).await.expect_err("no such project");
    for key in ["OPS-1", "OPS-2"] {
        bench.client.make_so(&jane, &asking_for(issue.clone())).await.expect("made");
        assert_eq!(bench.client.is_so(&jane, &asking_for(issue.clone())).await, Ok(Some(true)));
        assert!(bench.sandbox.set_done(product, key, key == "OPS-1"));
    }
    bench
}

/// What stands in the audit log, on pages, and behind a cursor that is not valid any more. None where there is no log.
async fn audit_log(product: Product) -> Option<Bench> {
    let bench = Bench::new(product);
    let log = bench.client.audit_log()?;
    let from = log.newest().await.expect("an answer");
    for happened in [AuditAction::LoggedIn, AuditAction::Created] {
        bench.sandbox.audit(product, happened, JANE, None).expect("Jane is there");
    }
    assert!(log.newest().await.expect("an answer") > from);
    bench.sandbox.audit_manners(product, AuditBehaviour { page: Some(1), ..AuditBehaviour::default() });
    let span = Span { from: from.unwrap_or(Timestamp::from_millis(0)), to: None };
    let first = log.page(span, None).await.expect("a page");
    let cursor = first.next.expect("there is more");
    log.page(Span { to: first.entries[0].at, ..span }, None).await.expect("a page");
    log.page(span, Some(&cursor)).await.expect("a page");
    bench.sandbox.audit_manners(product, AuditBehaviour { expire: 1, ..AuditBehaviour::default() });
    log.page(span, Some(&cursor)).await.expect_err("not valid");
    drop(log);
    Some(bench)
}

/// Everything again with credentials that are none.
async fn strangers(product: Product) -> Bench {
    let bench = scene::before(product, &Step::Delete);
    let jane = bench.jane().await;
    let stranger = bench.stranger(product);
    stranger.user(&jane_of(product)).await.expect_err("not accepted");
    stranger.users(None).await.expect_err("not accepted");
    assert!(!matches!(stranger.myself().await, Ok(Some(_))), "not accepted, or nobody's anyway");
    stranger.administrators().await.expect_err("not accepted");
    stranger.probe().await.expect_err("not accepted");
    for step in scene::steps(product) {
        let _not_accepted = stranger.is_so(&jane, &step).await;
        stranger.make_so(&jane, &step).await.expect_err("not accepted");
    }
    bench
}

/// An account without any calls left.
async fn limited(product: Product) -> Bench {
    let bench = Bench::new(product);
    bench.sandbox.limit(product, Some(Limit { capacity: 0, fill: 0, interval_seconds: 1 }));
    bench.client.probe().await.expect_err("no calls left");
    bench
}

/// A Confluence that lets somebody in by name.
async fn access_by_name() -> Bench {
    let bench = Bench::new(Product::ConfluenceDc);
    bench.sandbox.put_application(Product::ConfluenceDc, Application::new("confluence", &[]).users(&[JANE]));
    let step = Step::RemoveApplicationAccess(Vec::new());
    bench.client.make_so(&bench.jane().await, &step).await.expect("done");
    bench
}

/// A Data Center without `user/list`, which takes neither `.` for everybody nor a boolean for a state.
async fn older_data_center() -> Bench {
    let bench = Bench::new(Product::JiraDc);
    let fail = |status| Effect::Fail { status, retry_after: None, after_work: false };
    bench.sandbox.inject(Fault::new(Effect::BeforeTen));
    list(&bench).await;
    bench.sandbox.inject(Fault::new(fail(400)).path("user/search").when(When::Next(1)));
    list(&bench).await;
    bench.sandbox.inject(Fault::new(fail(400)).method("PUT").when(When::Next(1)));
    bench.client.make_so(&bench.jane().await, &Step::Deactivate).await.expect("done");
    bench
}

/// Users of an organisation that does not own their accounts, with roles of their own; and what is refused about them.
async fn other_peoples_accounts() -> Bench {
    let product = Product::AtlassianOrg;
    let bench = scene::before(product, &Step::RemoveAllGroups);
    let direct = BTreeSet::from(["jira-software".to_owned(), "jira-servicedesk".to_owned()]);
    let roles = BTreeSet::from(["atlassian/org-admin".to_owned()]);
    let added = Some("2026-03-01T10:00:00Z".parse().expect("a time"));
    let standing = InOrg { unmanaged: true, direct_access: direct, platform_roles: roles, added, ..InOrg::default() };
    bench.sandbox.put_user(product, scene::jane().in_org(standing.clone()));
    for step in [Step::Deactivate, Step::Reactivate, Step::RemoveApplicationAccess(Vec::new())] {
        bench.client.make_so(&bench.jane().await, &step).await.expect("done");
        assert_eq!(bench.is_so(&step).await, Some(true), "{step:?}");
    }
    bench.client.administrators().await.expect("a list");
    let misspelt = Step::RemoveApplicationAccess(vec!["jira-sofware".to_owned()]);
    bench.client.is_so(&bench.jane().await, &misspelt).await.expect_err("no such application");
    bench.client.make_so(&bench.jane().await, &Step::Delete).await.expect("done");
    bench.sandbox.put_user(product, scene::jane().in_org(InOrg { not_invited: true, ..InOrg::default() }));
    bench.client.make_so(&bench.jane().await, &add("new")).await.expect_err("never invited");
    bench
}

/// Groups and accounts that an identity provider keeps.
async fn groups_from_elsewhere() -> Bench {
    let product = Product::AtlassianOrg;
    let bench = scene::before(product, &Step::RemoveAllGroups);
    let jane = bench.jane().await;
    bench.sandbox.sync_group(product, STAFF);
    bench.client.make_so(&jane, &Step::RemoveGroup(GroupName::new(STAFF))).await.expect_err("not to be changed here");
    bench
}
