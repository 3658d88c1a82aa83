//! How many calls a product gets.

use serde_json::Value;
use usher::sandbox::{Account, Population, webhook::Happening};

use super::sweeps::{post, run_now, when};
use crate::support::{
    app::TestApp,
    ground::{ACME, BOTH, CODE, GLOBEX, Ground, Source},
};

const WELCOME: &str = "{ id: welcome, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                         actions: [{ add_groups: [staff] }] }";

/// Users whom no scheme selects, and users whom the schemes select.
const STAFF: u64 = 300;
const PARTNERS: u64 = 40;

/// The calls to one site, by what they are for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Calls {
    reads: u64,
    changes: u64,
    /// Pages of the list of users and of the members of groups, and what is asked for once.
    others: u64,
}

impl Calls {
    fn of(app: &TestApp, source: Source) -> Self {
        let mut calls = Self::default();
        for request in app.ground.sandbox.requests().into_iter().filter(|request| request.site == source.product) {
            let kind = match (request.method.as_str(), request.path.as_str()) {
                ("GET", path) if path.ends_with("/user") => &mut calls.reads,
                ("GET", _) => &mut calls.others,
                _ => &mut calls.changes,
            };
            *kind += request.count;
        }
        calls
    }

    fn reads_and_changes(app: &TestApp) -> (u64, u64) {
        let calls = Self::of(app, ACME);
        (calls.reads, calls.changes)
    }
}

/// A scheme with `more`, for the partners in `source`.
fn found(source: Source, more: &str) -> String {
    let select = "email_domain: [partner.example]";
    format!("{{ id: found, source: {}, trigger: manual, select: {{ {select} }}, {more} }}", source.id)
}

fn peopled(schemes: &str) -> Ground {
    let ground = Ground::new(schemes).groups(&["found", "b", "c"]);
    for (name, count) in [("staff", STAFF), ("partner", PARTNERS)] {
        let account = Account::new(format!("{name}-id-{{n}}"), format!("{name}-{{n}}"));
        let account = account.email(format!("{{n}}@{name}.example"));
        for source in BOTH {
            ground.sandbox.put_crowd(source.product, &Population::new(count, account.clone()));
        }
    }
    ground
}

fn count(run: &Value, of: &str) -> u64 {
    run["counts"][of].as_u64().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_with_one_change_costs_one_reading_and_the_change() {
    let app = TestApp::start(Ground::new(WELCOME).groups(&["staff"])).await;
    let welcome = async |number: u32| {
        let user = Account::new(format!("JIRAUSER{number}"), format!("name-{number}"));
        app.ground.sandbox.put_user(ACME.product, user.clone());
        let event = app.tell(ACME, Happening::Created, &user).await;
        assert_eq!(app.ended(&event).await, ["welcome: add_groups staff changed"]);
    };
    welcome(10_000).await; // what is asked for once is asked for now
    let before = Calls::of(&app, ACME);
    for number in 10_001..=10_010 {
        welcome(number).await;
    }
    let expected = Calls { reads: before.reads + 10, changes: before.changes + 10, ..before };
    assert_eq!(Calls::of(&app, ACME), expected, "{:?}", app.ground.sandbox.requests());
}

/// Runs the scheme `found` with `more`, twice. Gives the calls of each run.
async fn runs(more: &str) -> [(u64, u64); 2] {
    let app = TestApp::start(peopled(&found(ACME, more))).await;
    let mut of_runs = [(0, 0); 2];
    let mut before = Calls::reads_and_changes(&app);
    for of_run in &mut of_runs {
        let run = when(&app, &run_now(&app, "found").await, "done").await;
        assert_eq!((count(&run, "seen"), count(&run, "selected")), (STAFF + PARTNERS + 1, PARTNERS), "{run}");
        let after = Calls::reads_and_changes(&app);
        *of_run = (after.0 - before.0, after.1 - before.1);
        before = after;
    }
    of_runs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_reads_each_user_whom_it_changes_once_and_nobody_else() {
    const ADD: &str = "test_mode: false, actions: [{ add_groups: [found] }]";
    let nobody = (0, 0);
    assert_eq!(runs(ADD).await, [(PARTNERS, PARTNERS), nobody]);
    assert_eq!(runs(&format!("{ADD}, limits: {{ users: {PARTNERS} }}")).await, [(PARTNERS, PARTNERS), nobody]);
    let deactivate = format!("test_mode: false, actions: [{{ deactivate: {{}} }}], limits: {{ users: {PARTNERS} }}");
    assert_eq!(runs(&deactivate).await, [(PARTNERS, PARTNERS), nobody]);
    let three = "test_mode: false, actions: [{ add_groups: [found, b, c] }]";
    assert_eq!(runs(three).await, [(PARTNERS, 3 * PARTNERS), nobody]);
    let test_mode = "actions: [{ add_groups: [found] }]";
    assert_eq!(runs(test_mode).await, [(PARTNERS, 0); 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_reads_nobody_until_it_is_released_and_then_acts_on_a_fresh_reading() {
    let ground = peopled(&found(ACME, "test_mode: false, actions: [{ add_groups: [found] }], limits: { users: 1 }"));
    let app = TestApp::start(ground).await;
    let id = run_now(&app, "found").await;
    let run = when(&app, &id, "held").await;
    assert_eq!((count(&run, "would_change"), count(&run, "held")), (PARTNERS, PARTNERS), "{run}");
    assert_eq!(Calls::reads_and_changes(&app), (0, 0));

    // Since they were listed, one has left the domain, and somebody has put another one into the group.
    let left = Account::new("partner-id-0", "partner-0").email("0@left.example");
    app.ground.sandbox.put_user(ACME.product, left);
    app.ground.sandbox.add_member(ACME.product, "partner-id-1", "found").expect("both are there");
    post(&app, &format!("runs/{id}/release")).await;
    let run = when(&app, &id, "done").await;
    let ended = ["changed", "unchanged", "held"].map(|of| count(&run, of));
    assert_eq!(ended, [PARTNERS - 2, 1, 1], "{run}");
    assert_eq!(Calls::reads_and_changes(&app), (PARTNERS, PARTNERS - 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_protected_is_read_before_they_are_counted() {
    let limit = PARTNERS - 1; // it is kept only if they are not counted
    let more = format!("test_mode: false, actions: [{{ deactivate: {{}} }}], limits: {{ users: {limit} }}");
    let ground = peopled(&found(ACME, &more)).tweak("USHER_SOURCES__0__PROTECT__USERS", "[partner-3]");
    let app = TestApp::start(ground).await;
    let run = when(&app, &run_now(&app, "found").await, "done").await;
    assert_eq!(["would_change", "protected"].map(|of| count(&run, of)), [limit, 1], "{run}");
    let (reads, changes) = Calls::reads_and_changes(&app);
    assert_eq!(changes, limit);
    // They are read once more when the run goes on, and the name under `protect` is looked up.
    assert!((limit + 2..=limit + 4).contains(&reads), "{reads} reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_exempt_by_their_address_is_read_before_they_are_counted() {
    let limit = PARTNERS - 1;
    let more = format!(
        "test_mode: false, actions: [{{ add_groups: [found] }}], exempt: {{ users: [7@partner.example] }},
         limits: {{ users: {limit} }}"
    );
    let app = TestApp::start(peopled(&found(GLOBEX, &more))).await;
    let run = when(&app, &run_now(&app, "found").await, "done").await;
    assert_eq!(["selected", "would_change", "changed"].map(|of| count(&run, of)), [limit; 3], "{run}");
    let Calls { reads, changes, .. } = Calls::of(&app, GLOBEX);
    assert_eq!(changes, limit);
    assert!(reads >= PARTNERS + limit, "{reads} reads: the list does not tell who has a listed address");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_groups_are_given_by_one_call_where_bitbucket_has_one() {
    const GROUPS: [&str; 3] = ["found", "b", "c"];
    let scheme = "{ id: welcome, source: code, trigger: on_login, test_mode: false, select: { everyone: true },
                    actions: [{ add_groups: [found, b, c] }] }";
    let ground = Ground::with_code_and_crowd(scheme);
    for group in GROUPS {
        ground.sandbox.put_group(CODE.product, group);
    }
    let app = TestApp::start(ground).await;
    let user = Account::new("77", "jane");
    app.ground.sandbox.put_user(CODE.product, user.clone());
    let event = app.tell(CODE, Happening::LoggedIn, &user).await;
    let ended = GROUPS.map(|group| format!("welcome: add_groups {group} changed"));
    assert_eq!(app.ended(&event).await, ended);
    assert_eq!(Calls::of(&app, CODE).changes, 1, "{:?}", app.ground.sandbox.requests());
    assert_eq!(app.ground.effects().len(), GROUPS.len());
}
