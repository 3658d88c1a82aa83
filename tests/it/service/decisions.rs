//! Which schemes act on whom, over both flavours of Jira.

use serde_json::Value;
use usher::sandbox::{Account, webhook::Happening};

use crate::support::{
    app::TestApp,
    face::{Accepted, Face},
    ground::{BOTH, GLOBEX, Ground, Source},
};

/// `schemes` once for each source, with its id in place of `SOURCE`.
fn for_both(schemes: &str) -> String {
    BOTH.map(|source| schemes.replace("SOURCE", source.id)).join(",")
}

/// A person called `name` in both sites.
fn person(ground: &Ground, name: &str, email: &str) -> Account {
    let account = Account::new(format!("id-of-{name}"), name).email(email);
    for source in BOTH {
        ground.sandbox.put_user(source.product, account.clone());
    }
    account
}

/// How each scheme answered an event: `scheme: true`.
async fn answers(face: &Face, event: &Accepted) -> Vec<String> {
    let decision = face.settled(event).await;
    let schemes = decision["schemes"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    schemes.iter().map(|scheme| format!("{}: {}", text(&scheme["scheme"]), text(&scheme["selected"]))).collect()
}

/// What usher did in the site of `source`: `+staff`.
fn effects(ground: &Ground, source: Source) -> Vec<String> {
    let of_site =
        |line: String| Some(line.strip_prefix(&format!("{} ", source.product))?.split_once(' ')?.1.to_owned());
    ground.effects().into_iter().filter_map(of_site).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scheme_that_selects_a_new_user_acts_in_file_order() {
    let schemes = for_both(
        "{ id: SOURCE-all, source: SOURCE, trigger: on_create, test_mode: false, select: { everyone: true },
           actions: [{ add_groups: [a, b] }] },
         { id: SOURCE-own, source: SOURCE, trigger: on_create, test_mode: false, select: { email_domain: [acme.example] },
           actions: [{ add_groups: [own] }] },
         { id: SOURCE-off, source: SOURCE, trigger: on_create, test_mode: false, enabled: false, select: { everyone: true },
           actions: [{ add_groups: [off] }] },
         { id: SOURCE-login, source: SOURCE, trigger: on_login, test_mode: false, select: { everyone: true },
           actions: [{ add_groups: [login] }] },
         { id: SOURCE-rest, source: SOURCE, trigger: on_create, test_mode: false,
           select: { email_domain_not: [acme.example, '*.partner.example'] }, actions: [{ remove_groups: [a] }, { add_groups: [c] }] }",
    );
    let app = TestApp::start(Ground::new(&schemes).groups(&["a", "b", "c", "own", "off", "login"])).await;
    let jane = person(&app.ground, "jane", "jane@elsewhere.example");
    for source in BOTH {
        let event = app.tell(source, Happening::Created, &jane).await;
        let id = source.id;
        assert_eq!(
            answers(&app, &event).await,
            [format!("{id}-all: true"), format!("{id}-own: false"), format!("{id}-rest: true")]
        );
        assert_eq!(effects(&app.ground, source), ["+a", "+b", "-a", "+c"], "{id}");
        assert_eq!(
            app.ended(&event).await,
            [
                format!("{id}-all: add_groups a changed"),
                format!("{id}-all: add_groups b changed"),
                format!("{id}-rest: remove_groups a changed"),
                format!("{id}-rest: add_groups c changed"),
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn domains_select_by_what_the_product_says_not_by_what_the_delivery_said() {
    let schemes = for_both(
        "{ id: SOURCE-in, source: SOURCE, trigger: on_create, test_mode: false,
           select: { email_domain: [acme.example, '*.partner.example'] }, actions: [{ add_groups: [in] }] },
         { id: SOURCE-out, source: SOURCE, trigger: on_create, test_mode: false,
           select: { email_domain_not: [acme.example] }, actions: [{ add_groups: [out] }] }",
    );
    let app = TestApp::start(Ground::new(&schemes).groups(&["in", "out"])).await;
    for (name, email, expected) in [
        ("own", "own@ACME.example", &["+in"][..]),
        ("partner", "partner@north.partner.example", &["+in", "+out"]),
        ("apex", "apex@partner.example", &["+out"]),
        ("lookalike", "x@notacme.example", &["+out"]),
    ] {
        let account = person(&app.ground, name, email);
        for source in BOTH {
            let before = effects(&app.ground, source).len();
            app.settled(&app.tell(source, Happening::Created, &account).await).await;
            assert_eq!(effects(&app.ground, source)[before..], *expected, "{name} in {}", source.id);
        }
    }
    // The delivery tells of an address that is no longer the user's.
    let moved = person(&app.ground, "moved", "moved@acme.example");
    let before = effects(&app.ground, BOTH[0]).len();
    let told = moved.email("moved@elsewhere.example");
    app.settled(&app.tell(BOTH[0], Happening::Created, &told).await).await;
    assert_eq!(effects(&app.ground, BOTH[0])[before..], ["+in"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_hidden_by_privacy_settings_selects_nobody() {
    let schemes = "{ id: in, source: globex, trigger: on_create, test_mode: false, select: { email_domain: [acme.example] },
                     actions: [{ add_groups: [in] }] },
                   { id: out, source: globex, trigger: on_create, test_mode: false, select: { email_domain_not: [acme.example] },
                     actions: [{ add_groups: [out] }] }";
    let app = TestApp::start(Ground::new(schemes).groups(&["in", "out"])).await;
    let hidden = person(&app.ground, "hidden", "hidden@acme.example").hide_email();
    app.ground.sandbox.put_user(GLOBEX.product, hidden.clone());
    let event = app.tell(GLOBEX, Happening::Created, &hidden).await;
    assert_eq!(answers(&app, &event).await, ["in: unknown", "out: unknown"]);
    let decision = app.settled(&event).await.to_string();
    assert!(decision.contains("hidden by privacy settings"), "{decision}");
    assert!(app.ground.effects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_groups_and_exemptions_narrow_a_scheme_down() {
    let schemes = for_both(
        "{ id: SOURCE-staff, source: SOURCE, trigger: on_login, test_mode: false, select: { everyone: true },
           only_groups: [staff, interns], exempt: { users: [id-of-robot, boss], groups: [untouchable] },
           actions: [{ add_groups: [vpn] }] }",
    );
    let app = TestApp::start(Ground::new(&schemes).groups(&["staff", "interns", "untouchable", "vpn"])).await;
    for (name, groups, in_acme, in_globex) in [
        ("member", &["staff"][..], "true", "true"),
        ("intern", &["interns"], "true", "true"),
        ("stranger", &[], "false", "false"),
        ("robot", &["staff"], "false", "false"),
        ("untouched", &["staff", "untouchable"], "false", "false"),
        ("Boss", &["staff"], "false", "true"), // Cloud has no login names
    ] {
        let account = person(&app.ground, name, "x@acme.example");
        for (source, selected) in BOTH.into_iter().zip([in_acme, in_globex]) {
            for group in groups {
                app.ground.sandbox.add_member(source.product, &account.id, group).expect("both are there");
            }
            let before = effects(&app.ground, source).len();
            let event = app.tell(source, Happening::LoggedIn, &account).await;
            assert_eq!(answers(&app, &event).await, [format!("{}-staff: {selected}", source.id)], "{name}");
            let expected: &[&str] = if selected == "true" { &["+vpn"] } else { &[] };
            assert_eq!(effects(&app.ground, source)[before..], *expected, "{name} in {}", source.id);
        }
    }
}

const TWO_ALIKE: &str = "
    { id: SOURCE-trial, source: SOURCE, trigger: on_create, select: { everyone: true }, actions: [{ add_groups: [a] }] },
    { id: SOURCE-live, source: SOURCE, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [b, held] }, { remove_groups: [old] }] }";

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_in_test_mode_records_what_it_would_do_and_changes_nothing() {
    let app = TestApp::start(Ground::new(&for_both(TWO_ALIKE)).groups(&["a", "b", "held", "old"])).await;
    let jane = person(&app.ground, "jane", "jane@acme.example");
    for source in BOTH {
        app.ground.sandbox.add_member(source.product, &jane.id, "held").expect("both are there");
        let event = app.tell(source, Happening::Created, &jane).await;
        let id = source.id;
        assert_eq!(
            app.ended(&event).await,
            [
                format!("{id}-trial: add_groups a tested"),
                format!("{id}-live: add_groups b changed"),
                format!("{id}-live: add_groups held unchanged"),
                format!("{id}-live: remove_groups old unchanged"),
            ]
        );
        assert_eq!(effects(&app.ground, source), ["+b"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_observe_mode_nothing_is_changed_by_any_scheme() {
    let ground = Ground::new(&for_both(TWO_ALIKE)).groups(&["a", "b", "held", "old"]).tweak("USHER_MODE", "observe");
    let app = TestApp::start(ground).await;
    let jane = person(&app.ground, "jane", "jane@acme.example");
    for source in BOTH {
        app.ground.sandbox.add_member(source.product, &jane.id, "old").expect("both are there");
        let event = app.tell(source, Happening::Created, &jane).await;
        let id = source.id;
        assert_eq!(
            app.ended(&event).await,
            [
                format!("{id}-trial: add_groups a tested"),
                format!("{id}-live: add_groups b tested"),
                format!("{id}-live: add_groups held tested"),
                format!("{id}-live: remove_groups old tested"),
            ]
        );
        assert_eq!(app.settled(&event).await["mode"], "observe");
    }
    assert!(app.ground.effects().is_empty());
}
