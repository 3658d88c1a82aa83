//! The users of all sources, and the page of one of them.

use reqwest::{Method, StatusCode};
use usher::sandbox::{Account, Effect, Fault, ListFault, webhook::Happening};

use super::{ADMIN_TOKEN, browser::play, pages::arguments, visitor::Visitor};
use crate::support::{
    face::eventually,
    ground::{ACME, GLOBEX, Ground, Source},
    usher::Usher,
};

const SCHEMES: &str = "
    { id: welcome, source: acme, trigger: on_create, test_mode: false, select: { email_domain: [acme.example] }, actions: [{ add_groups: [staff] }] },
    { id: idle, source: globex, trigger: manual, select: { all: [{ never_logged_in: { created_before: 14d } }, { email_domain: [acme.example] }] }, actions: [{ remove_application_access: {} }] },
    { id: all-of-them, source: acme, trigger: manual, select: { everyone: true }, actions: [{ add_groups: [staff] }] }";

const SCRIPT: &str = "<script>alert(1)</script>";

/// Names that were chosen to become markup, another line, a formula, another direction, or another path.
fn hostile() -> Vec<Account> {
    let names = [
        SCRIPT.to_owned(),
        "\"><img src=x onerror=alert(1)>\nsecond line".into(),
        "=1+1\u{202e}exe".into(),
        "x".repeat(300),
        "{{ 7*7 }}".into(),
    ];
    let account = |(number, name): (usize, String)| {
        Account::new(format!("k:{number}/../ é{number}"), name).email(format!("user-{number}@acme.example"))
    };
    names.into_iter().enumerate().map(account).collect()
}

async fn start() -> (Ground, Usher) {
    start_with(SCHEMES).await
}

/// Without a scheme that waits for creations usher lists nobody by itself.
async fn start_with(schemes: &str) -> (Ground, Usher) {
    let ground = Ground::new(schemes).groups(&["staff"]);
    for account in hostile() {
        ground.sandbox.put_user(ACME.product, account);
    }
    ground.sandbox.put_user(ACME.product, Account::new("KEY9", "gone").inactive());
    ground.sandbox.put_user(GLOBEX.product, Account::new("5b10:a1", "Hidden").email("h@acme.example").hide_email());
    let usher = Usher::start(&ground).await;
    (ground, usher)
}

/// Lists the users of `source` by the form of the page, and waits for the end.
async fn list(visitor: &Visitor, source: Source) {
    let answer = visitor.submit("/users", "/users/refresh", &[("source", source.id), ("back", source.id)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(answer.header("location"), format!("/users?source={}", source.id));
    eventually("the users are listed", || async {
        let page = visitor.get(&format!("/users?source={}", source.id), &[]).await.text;
        (page.contains("again</button>")).then_some(())
    })
    .await;
}

/// The path of a user's page, as the list has it.
fn path(source: Source, id: &str) -> String {
    let id: String = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC).to_string();
    format!("/users/{}/{id}", source.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_by_their_names_in_all_sources_or_in_one() {
    let (ground, usher) = start_with("").await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let empty = visitor.get("/users", &[]).await;
    assert_eq!(empty.status, 200);
    for text in ["Nobody of acme is listed.", "List the users of acme", "Nobody is listed."] {
        assert!(empty.text.contains(text), "{text}: {}", empty.text);
    }
    list(&visitor, ACME).await;
    list(&visitor, GLOBEX).await;
    let all = visitor.get("/users", &[]).await.text;
    assert!(all.contains("href=\"/users/globex/5b10%3Aa1\"") && all.contains("Whole"), "{all}");
    for account in hostile() {
        let of = path(ACME, &account.id);
        let found = all.to_lowercase().contains(&of.to_lowercase().replace("%2e", ".").replace("%2d", "-"));
        assert!(found, "{of}: {all}");
    }
    for markup in ["<script>", "<img", "alert(1)</script>"] {
        assert!(!all.to_lowercase().contains(markup), "{markup}");
    }
    for (query, there, not_there) in [
        ("q=user-4", "{{ 7*7 }}", "Hidden"),
        ("q=GONE", ">gone<", "{{ 7*7 }}"),
        ("source=globex", ">Hidden<", ">gone<"),
        ("status=inactive", ">gone<", "{{ 7*7 }}"),
        ("domain=acme.example&q=7", "{{ 7*7 }}", ">Hidden<"),
    ] {
        let page = visitor.get(&format!("/users?{query}"), &[]).await;
        assert!(
            page.status == 200 && page.text.contains(there) && !page.text.contains(not_there),
            "{query}: {}",
            page.text
        );
    }
    let one = visitor.get("/users?source=globex&q=hid", &[]).await.text;
    assert!(one.contains("<option value=\"globex\" selected aria-current=\"true\">"), "the source that is shown");
    assert!(one.contains("<input type=\"hidden\" name=\"q\" value=\"hid\">"), "another source keeps the filter");
    for (query, status) in [
        ("source=nope", 404),
        ("status=odd", 400),
        ("domain=a@b", 400),
        ("created_before=x", 400),
        ("nope=1", 400),
        ("cursor=zz", 400),
    ] {
        let answer = visitor.get(&format!("/users?{query}"), &[]).await;
        assert_eq!(answer.status.as_u16(), status, "{query}: {}", answer.text);
    }
    let file = visitor.get("/users.csv?q=1%2B1", &[]).await;
    assert!(file.header("content-disposition").contains("users.csv") && file.text.contains(",'=1+1"), "{}", file.text);
    assert_eq!(Visitor::of(usher.admin).get("/users.csv", &[]).await.status, 303, "only for those who have signed in");
    // A list that the product cuts off is told from a whole one.
    for number in 0..150 {
        ground.sandbox.put_user(GLOBEX.product, Account::new(format!("id:{number}"), format!("crowd {number}")));
    }
    ground.sandbox.inject(Fault::new(Effect::List(ListFault::EndsAt(100))).path("users/search"));
    list(&visitor, GLOBEX).await;
    eventually("the list is known to be cut", || async {
        let cut = visitor.get("/users?source=globex", &[]).await.text;
        (cut.contains("Not whole") && cut.contains("only; others are missing")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_of_a_user_is_said_with_the_reason_and_never_counted_as_never() {
    let (_ground, usher) = start().await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    list(&visitor, GLOBEX).await;
    let of = path(GLOBEX, "5b10:a1");
    let page = visitor.get(&of, &[]).await;
    assert_eq!(page.status, 200);
    let fact = |text: &str, name: &str| {
        let rest = text.split(&format!("<dt>{name}</dt><dd>")).nth(1).expect("the fact").to_owned();
        rest.split("</dd>").next().expect("its value").to_owned()
    };
    for name in ["E-mail", "Created", "Last login", "Groups", "Last login told", "Logins told"] {
        let value = fact(&page.text, name);
        assert!(value.starts_with("not known<span class=\"muted\">: "), "{name}: {value}");
        assert!(!value.contains("fresh=true"), "{name}: {value}");
    }
    let listed = visitor.get("/users?source=globex&q=hidden", &[]).await.text;
    assert!(listed.contains("not known") && !listed.contains(">never<"), "{listed}");
    let never = visitor.get("/users?source=globex&never_logged_in=true", &[]).await.text;
    assert!(never.contains("No user fits these filters."), "not known is not never: {never}");
    // The schemes answer from one reading of the product; what is not known selects nobody.
    let asking = &page.text;
    assert!(asking.contains("hx-trigger=\"load\"") && asking.contains("Asking globex"), "{asking}");
    let part = visitor.get(&format!("{of}?part=schemes"), &[("HX-Request-Type", "partial")]).await.text;
    assert!(part.starts_with("<section id=\"schemes\"") && part.contains("Can&#39;t tell"), "{part}");
    assert!(part.contains("</svg>?</span>") && part.contains("<code>email_domain</code>"), "{part}");
    let fresh = visitor.get(&format!("{of}?read=now"), &[]).await.text;
    assert!(fresh.contains("Read from globex just now.") && fresh.contains("Can&#39;t tell"), "{fresh}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_s_page_tells_what_happened_and_escapes_every_name_on_it() {
    let (_ground, usher) = start().await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    for user in hostile() {
        let event = usher.tell(ACME, Happening::Created, &user).await;
        usher.ended(&event).await;
    }
    for user in hostile() {
        let of = path(ACME, &user.id);
        for page in [of.clone(), format!("{of}?read=now"), format!("{of}?kind=step")] {
            let answer = visitor.get(&page, &[]).await;
            assert_eq!(answer.status, 200, "{page}: {}", answer.text);
            let text = answer.text.to_lowercase();
            for markup in ["<script>", "<img", "alert(1)</script>"] {
                assert!(!text.contains(markup), "{page}: {markup}");
            }
            assert!(answer.text.contains("add groups staff by welcome"), "{page}: {}", answer.text);
        }
    }
    let of = path(ACME, &hostile()[0].id);
    let page = visitor.get(&format!("{of}?read=now"), &[]).await.text;
    for text in ["&#60;script&#62;alert(1)", "welcome selects", "created, told by a webhook", "all-of-them", ">run "] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let (_, answer) = usher.ask("runs", &[("user", &hostile()[0].id), ("source", "acme")]).await;
    assert_eq!(answer["items"].as_array().expect("a list").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_does_not_tell_leaves_the_rest_of_the_page() {
    let (ground, usher) = start().await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    list(&visitor, ACME).await;
    ground.sandbox.inject(Fault::new(Effect::Forbidden).site(ACME.product));
    let of = path(ACME, "KEY9");
    let page = visitor.get(&format!("{of}?read=now"), &[]).await;
    assert_eq!(page.status, 200);
    for text in [
        "does not tell",
        "Below is what was known before.",
        "No scheme was asked.",
        "<dt>Login name</dt><dd><bdi>gone</bdi>",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    ground.sandbox.clear_faults();
    let unknown = visitor.get(&path(ACME, "nobody"), &[]).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.text.contains("usher knows of no such user."), "{}", unknown.text);
    assert_eq!(visitor.get(&path(ACME, "nobody").replace("acme", "nope"), &[]).await.status, 404);
    assert_eq!(usher.send(Method::POST, "sources/nope/roster/refresh", &[], "").await.0, StatusCode::NOT_FOUND);
    let nowhere = visitor.submit("/users", "/users/refresh", &[("source", "nope")]).await;
    assert_eq!(nowhere.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_users_are_whole_for_everybody() {
    let (ground, usher) = start().await;
    let user = Account::new("k:77/é", "jane").email("jane@acme.example");
    ground.sandbox.put_user(ACME.product, user.clone());
    let event = usher.tell(ACME, Happening::Created, &user).await;
    usher.ended(&event).await;
    play("users", arguments(&usher, &[&path(ACME, "k:77/é")])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_of_many_schemes_are_told_page_by_page_first_of_those_that_select() {
    let of = |number| {
        format!(
            "{{ id: s-{number:02}, source: acme, trigger: manual, select: {{ email_domain: [nowhere.example] }}, actions: [{{ add_groups: [staff] }}] }}"
        )
    };
    let all =
        "{ id: zz, source: acme, trigger: manual, select: { everyone: true }, actions: [{ add_groups: [staff] }] }";
    let schemes: Vec<_> = (0..18).map(of).chain([all.to_owned()]).collect();
    let (_ground, usher) = start_with(&schemes.join(", ")).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let part = |from: &'static str| {
        let (path, visitor) = (format!("{}?part=schemes&from={from}", path(ACME, "KEY9")), visitor.clone());
        async move { visitor.get(&path, &[("HX-Request-Type", "partial")]).await.text }
    };
    let (first, second) = (part("0").await, part("16").await);
    let rows = |part: &str| part.matches("href=\"/schemes/").count();
    assert_eq!((rows(&first), rows(&second)), (16, 3), "{first}{second}");
    assert!(first.contains("Schemes 1 to 16 of 19") && first.contains("from=16"), "{first}");
    let place = |scheme: &str| first.find(&format!("href=\"/schemes/{scheme}\""));
    assert!(place("zz") < place("s-00") && place("zz").is_some(), "{first}");
    assert!(second.contains("Schemes 17 to 19 of 19") && !second.contains("More schemes"), "{second}");
}
