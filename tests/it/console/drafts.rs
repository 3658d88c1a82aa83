//! Schemes written in steps, as a client that is no browser sends them: hostile texts, two people at once, drafts of others.

use reqwest::Method;
use serde_json::Value;
use usher::{
    domain::Product,
    sandbox::{Account, Effect, Fault},
};

use super::{
    ADMIN_TOKEN, ground,
    visitor::{Answer, Visitor},
};
use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    usher::Usher,
};

const SCRIPT: &str = "<script>alert(1)</script>";
const LEAVERS: &str = "{ id: leavers, source: acme, trigger: manual, test_mode: false, select: { email_domain: [acme.example] }, \
    exempt: { users: [name-0] }, actions: [{ remove_groups: [staff] }], limits: { users: 50 } }";

async fn signed_in() -> (Ground, Usher, Visitor) {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    (ground, usher, visitor)
}

fn leads(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location").to_owned()
}

/// Sends a form of a step with the tag of the page.
async fn send(visitor: &Visitor, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let shown = visitor.get(page, &[]).await;
    assert_eq!(shown.status, 200, "{page}: {}", shown.text);
    let tag = shown.field("tag");
    visitor.submit(page, path, &[&[("tag", tag.as_str())], fields].concat()).await
}

/// A draft whose first step is done; gives its address.
async fn begun(visitor: &Visitor, id: &str, kind: &str) -> String {
    let fields = [("id", id), ("source", "acme"), ("kind", kind)];
    let users = leads(&send(visitor, "/drafts/new", "/drafts/new", &fields).await);
    users.strip_suffix("/users").expect("the second step").to_owned()
}

/// A draft of a scheme that is stored.
async fn edited(visitor: &Visitor, id: &str) -> String {
    let overview = leads(&visitor.submit(&format!("/schemes/{id}"), &format!("/schemes/{id}/edit"), &[]).await);
    overview.strip_suffix("/overview").expect("the overview").to_owned()
}

async fn store(usher: &Usher, text: &str) {
    let (status, _, answer) = usher.send(Method::POST, "schemes", &[], text).await;
    assert_eq!(status, 201, "{answer}");
}

async fn scheme(usher: &Usher, id: &str) -> Value {
    usher.ask(&format!("schemes/{id}"), &[]).await.1
}

/// The preview of a draft, once it has ended; gives its id.
async fn looked(visitor: &Visitor, draft: &str) -> String {
    let page = leads(&visitor.submit(&format!("{draft}/overview"), &format!("{draft}/preview"), &[]).await);
    eventually("the preview has ended", || async {
        let text = visitor.get(&page, &[]).await.text;
        text.contains("looked at").then_some(()).filter(|()| !text.contains("Asking the product"))
    })
    .await;
    page.split("job=").nth(1).expect("a job").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_keeps_all_that_its_forms_do_not_show() {
    let ground = ground().groups(&["on", "null", "0x1F"]);
    ground.sandbox.put_user(ACME.product, Account::new("id:a", "a"));
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let whole = "{ id: odd, name: 007, source: acme, trigger: { cron: '0 3 * * MON', timezone: Europe/Berlin }, \
        select: { email_domain: [a.example], all: [{ deactivated: true }, { not: { email_domain: [b.example] } }] }, \
        exempt: { users: [a], groups: ['on'] }, only_groups: ['null'], limits: { percent: 5 }, \
        actions: [{ remove_groups: ['0x1F'] }, { create_issue: { project: OPS, type: Task, summary: x, fields: { a: 0x1F, b: '0x1F' } } }], \
        audit: { application_log: true } }";
    store(&usher, whole).await;
    let before = scheme(&usher, "odd").await;
    let draft = edited(&visitor, "odd").await;
    // Each step is sent as a browser would that shows it.
    let step = |name: &str| format!("{draft}/{name}");
    let trigger = [("source", "acme"), ("kind", "schedule"), ("plain", "0 3 * * MON"), ("timezone", "Europe/Berlin")];
    leads(&send(&visitor, &step("trigger"), &step("trigger"), &trigger).await);
    let page = visitor.get(&step("users"), &[]).await.text;
    let more = page.split("name=\"more\"").nth(1).and_then(|rest| rest.split('>').nth(1)).expect("the field");
    let more = more.split("</textarea").next().expect("its end").replace("&#39;", "'").replace("&#34;", "\"");
    let users = [
        ("match", "any"),
        ("domain", "a.example"),
        ("more", more.as_str()),
        ("only_groups", "null"),
        ("exempt_users", "a"),
        ("exempt_groups", "on"),
    ];
    leads(&send(&visitor, &step("users"), &step("users"), &users).await);
    leads(&send(&visitor, &step("actions"), &step("actions"), &[("go", "next"), ("limit_percent", "5")]).await);
    leads(&send(&visitor, &step("audit"), &step("audit"), &[("name", "007")]).await);
    let answer = send(&visitor, &step("overview"), &step("save"), &[("go", "test")]).await;
    assert_eq!(leads(&answer), "/schemes/odd?said=stored");
    assert_eq!(scheme(&usher, "odd").await["version"], before["version"]);
    assert_eq!(visitor.get(&draft, &[]).await.status, 404, "the draft is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_step_without_its_answers_says_which_are_missing_and_goes_on_when_they_are_there() {
    let (_ground, _usher, visitor) = signed_in().await;
    let empty = send(&visitor, "/drafts/new", "/drafts/new", &[("go", "next")]).await;
    assert_eq!(empty.status, 422, "{}", empty.text);
    for shown in [
        "<title>Error: ",
        "<a href=\"#id\">Give the scheme an id.</a>",
        "<a href=\"#source\">Choose a source.</a>",
        "<a href=\"#kind-on_create\">Choose what sets it off.</a>",
        "action=\"/drafts/new\"",
    ] {
        assert!(empty.text.contains(shown), "{shown}: {}", empty.text);
    }
    let schemes = visitor.get("/schemes", &[]).await.text;
    assert!(!schemes.contains("Without a name yet"), "an empty form is no draft: {schemes}");
    let part = send(&visitor, "/drafts/new", "/drafts/new", &[("id", "clock"), ("kind", "schedule")]).await;
    assert_eq!(part.status, 422, "{}", part.text);
    let faults =
        part.text.split("class=\"errors\"").nth(1).and_then(|rest| rest.split("</ul>").next()).expect("faults");
    assert_eq!(faults.matches("<li>").count(), 2, "each fault once: {faults}");
    for shown in ["#source", "<a href=\"#plain\">Choose a time from the list, or write a cron pattern.</a>"] {
        assert!(faults.contains(shown), "{shown}: {faults}");
    }
    let draft = part.text.split("action=\"").find_map(|rest| rest.split_once("/trigger\"")).expect("a form").0;
    let whole = [
        ("tag", &*part.field("tag")),
        ("id", "clock"),
        ("source", "acme"),
        ("kind", "schedule"),
        ("plain", "0 3 * * MON"),
    ];
    let page = format!("{draft}/trigger");
    assert_eq!(leads(&visitor.submit(&page, &page, &whole).await), format!("{draft}/users"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_says_the_answers_in_words_and_has_the_yaml_beside_them() {
    let ground = ground().groups(&["vip"]);
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let scheme = "{ id: odd, source: acme, trigger: { cron: '0 3 * * MON', timezone: Europe/Berlin }, test_mode: true, \
        select: { last_login_before: 90d, all: [{ deactivated: true }, { not: { email_domain: ['<b>.example', b.example] } }] }, \
        exempt: { groups: [vip] }, actions: [{ remove_groups: [staff] }], limits: { users: 5 } }";
    store(&usher, &scheme.replace("<b>", "a")).await;
    let draft = edited(&visitor, "odd").await;
    let overview = visitor.get(&format!("{draft}/overview"), &[]).await.text;
    let answers = overview.split("class=\"facts answers\"").nth(1).and_then(|rest| rest.split("</dl>").next());
    let answers = answers.expect("the answers");
    for shown in [
        "At 0 3 * * MON (Europe/Berlin)</div><div class=\"value\">Next: ",
        "<dt>Users, any of these holds</dt>",
        "whoever has not logged in for 90d",
        "whoever (is deactivated and does not meet this: has an address at a.example or b.example)",
        "<dt>Never members of</dt><dd><div class=\"value\">vip</div>",
        "1. The user is removed from staff (can be undone)",
        "A run of more than 5 users is held for an administrator.",
    ] {
        assert!(answers.contains(shown), "{shown}: {answers}");
    }
    assert!(!answers.contains("last_login_before"), "{answers}");
    assert!(overview.contains("<pre id=\"yaml\"") && overview.contains("last_login_before: 90d"), "{overview}");
    // What is not given yet keeps nobody from reading the rest; what can't be read is shown as it is written.
    let draft = begun(&visitor, "part", "on_create").await;
    let users = format!("{draft}/users");
    leads(&send(&visitor, &users, &users, &[("match", "any"), ("domain", "acme.example")]).await);
    let part = visitor.get(&format!("{draft}/overview"), &[]).await.text;
    for shown in
        ["whoever has an address at acme.example", "When a user is created", "Not said yet", "Not complete yet"]
    {
        assert!(part.contains(shown), "{shown}: {part}");
    }
    assert!(!part.contains("The user is added to draft"), "a stand-in is no answer: {part}");
    assert_eq!(send(&visitor, &users, &users, &[("match", "any"), ("domain", SCRIPT)]).await.status, 422);
    let wrong = visitor.get(&format!("{draft}/overview"), &[]).await.text;
    assert!(wrong.contains("<div class=\"value\">email_domain:") && !wrong.contains(SCRIPT), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_proposed_while_somebody_types_and_looked_up_by_a_button() {
    let (ground, _usher, visitor) = signed_in().await;
    for group in ["Staff <b>", "vip"] {
        ground.sandbox.put_group(Product::JiraDc, group);
    }
    let draft = begun(&visitor, "groups", "manual").await;
    let (users, actions) = (format!("{draft}/users"), format!("{draft}/actions"));
    let part =
        async |query: &str| visitor.get(&format!("{draft}/groups?{query}"), &[("HX-Request-Type", "partial")]).await;
    let typed = part("field=only_groups&only_groups_more=STA").await;
    for shown in [
        "<datalist id=\"only_groups_names\">",
        "<option value=\"staff\">",
        "<option value=\"Staff &#60;b&#62;\">",
        "data-says=\"2 groups found.\"",
    ] {
        assert!(typed.status == 200 && typed.text.contains(shown), "{shown}: {}", typed.text);
    }
    assert!(!typed.text.contains("vip") && !typed.text.contains("<fieldset"), "{}", typed.text);
    assert!(!part("field=names&names_more=+").await.text.contains("<option"), "nothing is typed yet");
    assert_eq!(part("field=odd").await.status, 400);
    assert_eq!(leads(&visitor.get(&format!("{draft}/groups?field=names"), &[]).await), draft, "it is a part of a page");

    // Without script: a part of the name is looked up, and what is ticked or typed is added.
    let conditions = [("match", "any"), ("domain", "acme.example")];
    let with = |more: &[(&'static str, &'static str)]| [&conditions, more].concat();
    let look = send(&visitor, &users, &users, &with(&[("go", "look:only_groups"), ("only_groups_more", "sta")])).await;
    let looked_up = leads(&look);
    assert_eq!(looked_up, format!("{users}?look=only_groups&like=sta#only_groups_found"));
    let page = visitor.get(looked_up.split('#').next().expect("a page"), &[]).await.text;
    for shown in [
        "Groups with “sta” in their names",
        "name=\"only_groups_found\" value=\"Staff &#60;b&#62;\"",
        "rows=\"2\" spellcheck=\"false\" aria-describedby=\"only-hint\"></textarea>",
        ">acme.example</textarea>",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let picked = [("go", "more:only_groups"), ("only_groups_found", "Staff <b>"), ("only_groups_more", "staff")];
    let added = leads(&send(&visitor, &users, &users, &with(&picked)).await);
    assert_eq!(added, format!("{users}#only_groups_more"));
    let page = visitor.get(&users, &[]).await.text;
    assert!(page.contains("Staff &#60;b&#62;\nstaff</textarea>"), "{page}");
    let add = [("go", "add"), ("kind", "add_groups")];
    let edit = leads(&send(&visitor, &actions, &actions, &add).await);
    assert_eq!(edit, format!("{actions}?edit=0"));
    let look = [("place", "0"), ("names", "staff"), ("go", "look:names"), ("names_more", "nobody&")];
    let looked_up = leads(&send(&visitor, &edit, &actions, &look).await);
    assert_eq!(looked_up, format!("{actions}?edit=0&look=names&like=nobody%26#names_found"));
    let page = visitor.get(looked_up.split('#').next().expect("a page"), &[]).await.text;
    assert!(page.contains("No group has “nobody&#38;” in its name.") && page.contains(">staff</textarea>"), "{page}");
    let whole = [("place", "0"), ("names", "staff"), ("go", "edit"), ("names_more", "vip")];
    assert_eq!(leads(&send(&visitor, &edit, &actions, &whole).await), actions);
    assert!(visitor.get(&actions, &[]).await.text.contains("staff, vip"), "what is typed there counts");

    // A product that gives no answer takes nothing away from the page.
    let fail = Effect::Fail { status: 500, retry_after: None, after_work: false };
    ground.sandbox.inject(Fault::new(fail).site(Product::JiraDc).path("picker"));
    let silent = part("field=names&names_more=zz").await;
    assert!(silent.status == 200 && silent.text.contains("did not tell"), "{}", silent.text);
    let page = visitor.get(&format!("{users}?look=exempt_groups&like=zz"), &[]).await;
    assert!(page.status == 200 && page.text.contains("Write the whole name above"), "{}", page.text);
    assert!(page.text.contains("name=\"exempt_groups_more\""), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_product_does_not_tell_stands_beside_the_fields_that_need_it() {
    let (_ground, _usher, visitor) = signed_in().await;
    let page = visitor.get("/drafts/new?source=acme", &[]).await.text;
    for text in [
        "acme has told of no login yet",
        "acme tells of no logins as it is configured: write `feed` under the source.",
        "acme, the list of its users: before Jira 11",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("globex has told"), "another source is not meant: {page}");
    let cloud = visitor.get("/drafts/new?source=globex", &[]).await.text;
    assert!(cloud.contains("globex tells of no logins by itself: Logins to a site are in its organisation"), "{cloud}");
    let fields = [("id", "noted"), ("source", "globex"), ("kind", "manual")];
    let users = leads(&send(&visitor, "/drafts/new", "/drafts/new", &fields).await);
    let page = visitor.get(&users, &[]).await.text;
    for text in [
        "id=\"last-note\">Jira Cloud does not tell it: a site does not report it; usher knows the reported logins.",
        "id=\"domain-note\">In Jira Cloud: not where the user&#39;s privacy settings hide it.",
        "id=\"never_created-note\">Jira Cloud does not tell it",
        "id=\"expression-note\">Jira Cloud does not tell: last_login, created, directory.",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_conditions_are_added_changed_and_removed_by_fields_and_nothing_typed_is_lost() {
    let (_ground, usher, visitor) = signed_in().await;
    let draft = begun(&visitor, "grouped", "manual").await;
    let users = format!("{draft}/users");
    // What is typed beside the button is kept.
    let typed = [("match", "all"), ("domain", "acme.example"), ("only_groups", "staff"), ("go", "add")];
    let group = leads(&send(&visitor, &users, &users, &typed).await);
    assert_eq!(group, format!("{users}?at=1"));
    let page = visitor.get(&group, &[]).await.text;
    assert!(page.contains("Not all of these hold") && !page.contains("Whom it leaves out"), "{page}");
    // An empty group is refused on its page.
    let empty = send(&visitor, &group, &users, &[("at", "1"), ("match", "any")]).await;
    assert!(empty.status == 422 && empty.text.contains("The group is not complete yet"), "{}", empty.text);
    let typed = [("at", "1"), ("match", "none"), ("users", "name-0\nname-1"), ("go", "add")];
    let inner = leads(&send(&visitor, &group, &users, &typed).await);
    assert_eq!(inner, format!("{users}?at=1.1"));
    let wrong = [("at", "1.1"), ("match", "all"), ("last_login", SCRIPT), ("deactivated", "on")];
    let refused = send(&visitor, &inner, &users, &wrong).await;
    assert!(refused.status == 422 && refused.text.contains("href=\"#last_login\""), "{}", refused.text);
    assert!(refused.text.contains("value=\"&#60;script&#62;"), "what was typed is kept: {}", refused.text);
    let right = [("at", "1.1"), ("match", "all"), ("last_login", "90d"), ("deactivated", "on")];
    assert_eq!(leads(&send(&visitor, &inner, &users, &right).await), group);
    assert_eq!(
        leads(&send(&visitor, &group, &users, &[("at", "1"), ("match", "none"), ("users", "name-0\nname-1")]).await),
        users
    );
    let text = visitor.get(&users, &[]).await.text;
    assert!(
        text.contains("None of these hold") && text.contains("id=\"match-all\" name=\"match\" value=\"all\" checked"),
        "{text}"
    );
    let whole = [("match", "all"), ("domain", "acme.example"), ("only_groups", "staff")];
    assert_eq!(leads(&send(&visitor, &users, &users, &whole).await), format!("{draft}/actions"));
    let kept = usher.list("drafts", &[]).await;
    let expected = serde_json::json!({ "all": [
        { "email_domain": ["acme.example"] },
        { "not": { "any": [
            { "users": ["name-0", "name-1"] },
            { "all": [{ "last_login_before": "90d" }, { "deactivated": true }] },
        ] } },
    ] });
    assert_eq!(kept[0]["scheme"]["select"], expected, "{kept:?}");
    let removed = leads(&send(&visitor, &users, &users, &[&whole[..], &[("go", "remove:1")]].concat()).await);
    assert_eq!(removed, users);
    let kept = usher.list("drafts", &[]).await;
    assert_eq!(kept[0]["scheme"]["select"], serde_json::json!({ "all": [{ "email_domain": ["acme.example"] }] }));
    // A group that is gone, and one that never was.
    for at in ["1", "1.1", "9", "x", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"] {
        assert_eq!(leads(&visitor.get(&format!("{users}?at={at}"), &[]).await), users, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_refused_where_it_is_wrong_and_keeps_what_was_typed() {
    let (_ground, _usher, visitor) = signed_in().await;
    let taken =
        send(&visitor, "/drafts/new", "/drafts/new", &[("id", "staff"), ("source", "acme"), ("kind", "manual")]).await;
    assert!(taken.status == 422 && taken.text.contains("There is a scheme `staff` already."), "{}", taken.text);
    let draft = begun(&visitor, "newcomers-2", "on_create").await;
    let users = format!("{draft}/users");
    let wrong =
        send(&visitor, &users, &users, &[("match", "any"), ("last_login", SCRIPT), ("domain", "acme.example")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("href=\"#last_login\"") && !wrong.text.contains(SCRIPT), "{}", wrong.text);
    assert!(wrong.text.contains("value=\"&#60;script&#62;"), "what was typed is kept: {}", wrong.text);
    leads(&send(&visitor, &users, &users, &[("match", "any"), ("domain", "acme.example")]).await);
    let actions = format!("{draft}/actions");
    let refused = send(&visitor, &actions, &actions, &[("go", "add"), ("kind", "delete")]).await;
    assert!(refused.status == 422 && refused.text.contains("needs a schedule or a person"), "{}", refused.text);
    let empty = send(&visitor, &actions, &actions, &[("go", "next")]).await;
    assert!(empty.status == 422 && empty.text.contains("“actions” is missing"), "{}", empty.text);
    let early = send(&visitor, &format!("{draft}/overview"), &format!("{draft}/save"), &[("go", "test")]).await;
    assert!(early.status == 422 && early.text.contains("The scheme was not stored"), "{}", early.text);
    // Two windows of one person.
    let tag = visitor.get(&users, &[]).await.field("tag");
    leads(&send(&visitor, &users, &users, &[("match", "any"), ("domain", "other.example")]).await);
    let old = visitor.submit(&users, &users, &[("tag", &tag), ("match", "any"), ("domain", "third.example")]).await;
    assert!(old.status == 422 && old.text.contains("changed in another window"), "{}", old.text);
    assert!(old.text.contains("third.example"), "what was typed is kept: {}", old.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn yaml_is_checked_with_line_and_column_and_kept_whatever_it_says() {
    let (_ground, usher, visitor) = signed_in().await;
    let draft = begun(&visitor, "typed", "manual").await;
    let yaml = format!("{draft}/yaml");
    let broken = "id: typed\nsource: acme\ntrigger: [manual\n";
    let answer = send(&visitor, &yaml, &yaml, &[("yaml", broken), ("go", "keep")]).await;
    assert!(answer.status == 422 && answer.text.contains("trigger: [manual"), "{}", answer.text);
    let again = visitor.get(&yaml, &[]).await;
    assert!(again.status == 200 && again.text.contains("trigger: [manual"), "it is kept: {}", again.text);
    assert_eq!(leads(&visitor.get(&draft, &[]).await), yaml, "the draft goes on there");
    let wrong = "id: typed\nsource: acme\ntrigger: manual\nselect:\n  email_domian: [acme.example]\nactions:\n- add_groups: [staff]\n";
    let answer = send(&visitor, &yaml, &yaml, &[("yaml", wrong)]).await;
    assert!(answer.status == 422 && answer.text.contains("Line 5, column 3:"), "{}", answer.text);
    let long = format!("{}# {}", wrong.replace("domian", "domain"), "x".repeat(300_000));
    let answer = send(&visitor, &yaml, &yaml, &[("yaml", &long)]).await;
    assert_eq!(leads(&answer), format!("{draft}/overview"), "a long text is taken");
    let answer = send(&visitor, &format!("{draft}/overview"), &format!("{draft}/save"), &[("go", "test")]).await;
    assert_eq!(leads(&answer), "/schemes/typed?said=created");
    assert_eq!(scheme(&usher, "typed").await["test_mode"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_is_switched_on_only_after_its_preview_was_looked_at() {
    let (_ground, usher, visitor) = signed_in().await;
    let draft = begun(&visitor, "fresh", "manual").await;
    let (users, actions) = (format!("{draft}/users"), format!("{draft}/actions"));
    leads(&send(&visitor, &users, &users, &[("match", "any"), ("domain", "acme.example")]).await);
    let edit = leads(&send(&visitor, &actions, &actions, &[("go", "add"), ("kind", "add_groups")]).await);
    leads(&send(&visitor, &edit, &actions, &[("go", "edit"), ("place", "0"), ("names", "staff")]).await);
    let (overview, save) = (format!("{draft}/overview"), format!("{draft}/save"));
    let unseen = send(&visitor, &overview, &save, &[("go", "on"), ("seen", "guess")]).await;
    assert!(unseen.status == 422 && unseen.text.contains("Look at whom it selects first"), "{}", unseen.text);
    let job = looked(&visitor, &draft).await;
    let page = visitor.get(&format!("{overview}?seen={job}"), &[]).await.text;
    assert!(page.contains("Save and switch on for 3 users"), "{page}");
    let csv = visitor.get(&format!("{draft}/preview.csv?job={job}"), &[]).await;
    assert!(csv.status == 200 && csv.text.contains("name-1,add_groups staff"), "{}", csv.text);
    // The draft says something else: the preview does not count any more.
    leads(&send(&visitor, &users, &users, &[("match", "any"), ("domain", "other.example")]).await);
    let other = send(&visitor, &overview, &save, &[("go", "on"), ("seen", &job)]).await;
    assert_eq!(other.status, 422, "{}", other.text);
    leads(&send(&visitor, &users, &users, &[("match", "any"), ("domain", "acme.example")]).await);
    let answer = send(&visitor, &overview, &save, &[("go", "on"), ("seen", &job)]).await;
    assert_eq!(leads(&answer), "/schemes/fresh?said=created");
    assert_eq!(scheme(&usher, "fresh").await["test_mode"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_a_draft_names_those_whom_a_test_run_then_selects() {
    let (_ground, usher, visitor) = signed_in().await;
    store(&usher, &LEAVERS.replace("test_mode: false", "test_mode: true").replace("remove_groups", "add_groups")).await;
    let draft = edited(&visitor, "leavers").await;
    let job = looked(&visitor, &draft).await;
    let csv = visitor.get(&format!("{draft}/preview.csv?job={job}"), &[]).await.text;
    let run = super::run(&usher, "leavers", "done").await;
    let (_, entries) = usher.ask(&format!("runs/{run}/entries"), &[]).await;
    let mut from_run: Vec<_> = entries["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| {
            format!(
                "{},{} {}",
                entry["user_name"].as_str().expect("a name"),
                entry["action"].as_str().expect("an action"),
                entry["target"].as_str().expect("a target")
            )
        })
        .collect();
    let mut from_preview: Vec<_> =
        csv.lines().skip(1).filter_map(|line| line.splitn(3, ',').nth(2)).map(str::to_owned).collect();
    from_run.sort();
    from_preview.sort();
    assert_eq!(from_preview, from_run, "{csv}");
    assert_eq!(from_run.len(), 2, "name-0 is exempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_change_a_scheme_the_second_sees_both_versions_and_their_own_text() {
    let (_ground, usher, visitor) = signed_in().await;
    store(&usher, LEAVERS).await;
    let (first, second) = (edited(&visitor, "leavers").await, edited(&visitor, "leavers").await);
    for (draft, suffix) in [(&first, "first"), (&second, "second")] {
        let (audit, name) = (format!("{draft}/audit"), format!("Leavers {suffix}"));
        leads(&send(&visitor, &audit, &audit, &[("name", &name)]).await);
    }
    let save = |draft: &str| (format!("{draft}/overview"), format!("{draft}/save"));
    let (page, path) = save(&first);
    assert_eq!(leads(&send(&visitor, &page, &path, &[("go", "test")]).await), "/schemes/leavers?said=stored");
    let (page, path) = save(&second);
    let refused = send(&visitor, &page, &path, &[("go", "test")]).await;
    assert_eq!(refused.status, 412, "{}", refused.text);
    for said in
        ["Nothing was stored", "Write mine over it", "Look at theirs", "first</ins>", "first</del>", "second</ins>"]
    {
        assert!(refused.text.contains(said), "{said} in {}", refused.text);
    }
    assert_eq!(scheme(&usher, "leavers").await["name"], "Leavers first", "nothing is written over unseen");
    let over = refused.field("over");
    // A third change in between is seen as well.
    let third = LEAVERS.replace("limits: { users: 50 }", "limits: { users: 60 }");
    usher.send(Method::PUT, "schemes/leavers", &[("if-match", "*")], &third).await;
    let again = send(&visitor, &page, &path, &[("go", "test"), ("over", &over)]).await;
    assert_eq!(again.status, 412, "{}", again.text);
    let over = again.field("over");
    assert_eq!(
        leads(&send(&visitor, &page, &path, &[("go", "test"), ("over", &over)]).await),
        "/schemes/leavers?said=stored"
    );
    assert_eq!(scheme(&usher, "leavers").await["name"], "Leavers second");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_of_the_file_is_changed_as_a_draft_that_is_never_stored() {
    let (_ground, usher, visitor) = signed_in().await;
    let draft = edited(&visitor, "staff").await;
    let overview = format!("{draft}/overview");
    let page = visitor.get(&overview, &[]).await.text;
    assert!(page.contains("Copy the YAML into the file."), "{page}");
    let answer = send(&visitor, &overview, &format!("{draft}/save"), &[("go", "test")]).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert_eq!(scheme(&usher, "staff").await["provisioned"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn test_mode_is_switched_off_with_the_number_of_now_typed() {
    let (ground, usher, visitor) = signed_in().await;
    store(&usher, &LEAVERS.replace("test_mode: false", "test_mode: true").replace("remove_groups", "add_groups")).await;
    super::run(&usher, "leavers", "done").await;
    let user = Account::new("KEY7", "name-7").email("user-7@acme.example");
    ground.sandbox.put_user(ACME.product, user);
    let (path, look) = ("/schemes/leavers/live", "/schemes/leavers/live/preview");
    let page = leads(&visitor.submit(path, look, &[]).await);
    let text = eventually("the preview has ended", || async {
        let text = visitor.get(&page, &[]).await.text;
        text.contains("the same, ").then_some(text)
    })
    .await;
    assert!(text.contains("2 the same, 1 new, 0 no longer.") && text.contains("name-7"), "{text}");
    let job = page.split("job=").nth(1).expect("a job");
    let wrong = send(&visitor, &page, path, &[("job", job), ("number", "2")]).await;
    assert!(wrong.status == 422 && wrong.text.contains("Type 3 to switch test mode off."), "{}", wrong.text);
    assert_eq!(scheme(&usher, "leavers").await["test_mode"], true);
    let answer = send(&visitor, &page, path, &[("job", job), ("number", "3")]).await;
    assert_eq!(leads(&answer), "/schemes/leavers?said=live");
    assert_eq!(scheme(&usher, "leavers").await["test_mode"], false);
}
