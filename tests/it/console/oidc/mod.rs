//! Signing in by an identity provider, with all that can be wrong on the way.

mod provider;

use std::{collections::BTreeMap, fs};

use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::{
    ADMIN_TOKEN,
    browser::play,
    ground,
    visitor::{Answer, Visitor},
};
use crate::support::{face::eventually, ground::Ground, usher::Usher};
use provider::{CLIENT, Provider, SECRET, Signing};

const ROLES: &str = "{ admin: [iam-admins], operator: [iam-ops], viewer: [staff] }";

/// The ground of a usher whose people sign in at `provider`.
fn signing_in_at(provider: &Provider, roles: &str) -> Ground {
    let issuer = &provider.issuer;
    let oidc = format!(
        "{{ issuer: \"{issuer}\", client_id: {CLIENT}, client_secret: {{ env: TEST_OIDC_SECRET }}, name: Acme, \
         roles: {roles} }}"
    );
    ground().tweak("USHER_ADMIN__OIDC", &oidc).tweak("TEST_OIDC_SECRET", SECRET)
}

/// A browser: it keeps cookies by name, as it is told to.
struct Browser {
    visitor: Visitor,
    jar: BTreeMap<String, String>,
}

impl Browser {
    fn of(usher: &Usher) -> Self {
        Self { visitor: Visitor::of(usher.admin), jar: BTreeMap::new() }
    }

    async fn get(&mut self, path: &str) -> Answer {
        let cookies: Vec<_> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.visitor.cookie = (!cookies.is_empty()).then(|| cookies.join("; "));
        let answer = self.visitor.get(path, &[]).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("text");
            let (name, value) = cookie.split(';').next().expect("a pair").split_once('=').expect("a pair");
            match cookie.contains("Max-Age=0") {
                true => drop(self.jar.remove(name)),
                false => drop(self.jar.insert(name.to_owned(), value.to_owned())),
            }
        }
        answer
    }

    /// Follows the link, and lets the provider send it back. Gives the path that it is sent back to.
    async fn at_provider(&mut self, link: &str) -> String {
        let answer = self.get(link).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = http.build().expect("a client");
        let sent_back = http.get(answer.header("location")).send().await.expect("an answer");
        assert_eq!(sent_back.status(), StatusCode::FOUND);
        let back: Url = sent_back.headers()["location"].to_str().expect("text").parse().expect("a url");
        format!("{}?{}", back.path(), back.query().expect("a query"))
    }

    /// Signs in, and gives the address that it is led to.
    async fn sign_in(&mut self, to: &str) -> String {
        let back = self.at_provider(&format!("/sign-in/oidc?to={to}")).await;
        let answer = self.get(&back).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        answer.header("location").to_owned()
    }

    fn is_signed_in(&self) -> bool {
        self.jar.contains_key("usher-session")
    }
}

/// Nothing secret of a sign-in is in `text`.
fn tells_nothing(text: &str) {
    for secret in ["the-access-token", "code-1", "code-2", "the-secret", "eyJ"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_and_sees_the_page_they_asked_for() {
    let provider = Provider::start();
    provider.script().claims = json!({ "groups": ["everybody", "iam-admins"] });
    let ground = signing_in_at(&provider, ROLES);
    let usher = Usher::start(&ground).await;
    let mut browser = Browser::of(&usher);
    let page = browser.get("/sign-in?to=%2Fruns%3Fstate%3Dheld").await;
    let link = "href=\"/sign-in/oidc?to=%2Fruns%3Fstate%3Dheld\">Sign in with Acme</a>";
    assert!(page.text.contains(link), "{}", page.text);
    assert_eq!(browser.sign_in("%2Fruns%3Fstate%3Dheld").await, "/runs?state=held");
    assert_eq!(browser.jar.keys().collect::<Vec<_>>(), ["usher-session"], "the attempt is over");
    let page = browser.get("/runs?state=held").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("ann@acme.example"), "{}", page.text);
    let asked = provider.script().asked.clone();
    let of = |name: &str| asked.get(name).cloned().unwrap_or_default();
    assert_eq!(of("redirect_uri"), format!("http://{}/sign-in/oidc/callback", usher.admin));
    assert_eq!(of("scope"), "openid profile email");
    assert_eq!(of("max_age"), "");
    tells_nothing(&usher.log());
    tells_nothing(&page.text);
    // The API takes no cookie, and the session ends here, whatever the provider thinks.
    let kept = browser.jar.clone();
    let visitor = browser.visitor.clone();
    assert_eq!(visitor.get("/api/v1/runs", &[]).await.status, 401);
    assert_eq!(visitor.submit("/settings", "/sign-out/everywhere", &[]).await.status, 303);
    browser.jar = kept;
    assert_eq!(browser.get("/runs").await.status, 303, "the kept cookie is worth nothing");
    assert_eq!(browser.sign_in("%2F").await, "/");
    assert_eq!(browser.get("/runs").await.status, 200);
    let accepted = "usher_console_sign_ins_total{result=\"accepted\",via=\"oidc\"}";
    assert_eq!(usher.metric(accepted).await, Some(2.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_in_the_browser_is_kept_from_scripts_and_other_sites() {
    let provider = Provider::start();
    let ground = signing_in_at(&provider, ROLES);
    let usher = Usher::start(&ground).await;
    let answer = Visitor::of(usher.admin).get("/sign-in/oidc", &[]).await;
    let cookie = answer.header("set-cookie").to_owned();
    for attribute in ["; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age=600"] {
        assert!(cookie.starts_with("usher-oidc=") && cookie.contains(attribute), "{cookie}");
    }
    assert_eq!(answer.header("referrer-policy"), "same-origin", "the code is told to nobody");
    for secret in ["state", "nonce"] {
        let address: Url = answer.header("location").parse().expect("a url");
        let (_, value) = address.query_pairs().find(|(name, _)| name == secret).expect("it is there");
        assert!(value.len() == 43 && !cookie.contains(&*value), "{secret}");
    }
    // Behind a proxy with TLS the cookie is for this host and for HTTPS alone.
    let ground = signing_in_at(&provider, ROLES).tweak("USHER_ADMIN__PUBLIC_URL", "https://usher.acme.example");
    let usher = Usher::start(&ground).await;
    let answer = Visitor::of(usher.admin).get("/sign-in/oidc", &[]).await;
    assert!(answer.header("set-cookie").starts_with("__Host-usher-oidc="), "{}", answer.header("set-cookie"));
    assert!(answer.header("set-cookie").contains("; Secure"));
    let back = "redirect_uri=https%3A%2F%2Fusher.acme.example%2Fsign-in%2Foidc%2Fcallback";
    assert!(answer.header("location").contains(back), "{}", answer.header("location"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_groups_of_a_person_give_the_role_and_nobody_else_is_let_in() {
    let provider = Provider::start();
    let ground = signing_in_at(&provider, ROLES);
    let usher = Usher::start(&ground).await;
    for (groups, may_run) in [
        (json!(["staff", "iam-ops"]), Some(true)),
        (json!("iam-ops"), Some(true)),
        (json!(["staff"]), Some(false)),
        (json!("staff iam-admins"), None),
        (json!(["STAFF", "*", 7]), None),
        (json!({ "staff": true }), None),
        (Value::Null, None),
    ] {
        provider.script().claims = json!({ "groups": groups });
        let mut browser = Browser::of(&usher);
        let led_to = browser.sign_in("%2Fsettings").await;
        match may_run {
            Some(_) => assert_eq!(led_to, "/settings", "{groups}"),
            None => {
                assert_eq!(led_to, "/sign-in?fault=no-role&to=%2Fsettings", "{groups}");
                let page = browser.get(&led_to).await;
                assert_eq!(page.status, 403);
                assert!(page.text.contains("none of your groups has a role in usher"), "{}", page.text);
            }
        }
        assert_eq!(browser.is_signed_in(), may_run.is_some(), "{groups}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sign_in_is_recorded_with_the_lasting_id_also_one_that_is_refused() {
    let provider = Provider::start();
    let ground = signing_in_at(&provider, ROLES);
    let usher = Usher::start(&ground).await;
    for groups in [json!(["iam-ops"]), json!([])] {
        provider.script().claims = json!({ "groups": groups, "email": null, "preferred_username": "admin" });
        Browser::of(&usher).sign_in("%2F").await;
    }
    let acts = eventually("both are recorded", || async {
        let acts = usher.list("audit", &[]).await;
        (acts.len() == 2).then_some(acts)
    })
    .await;
    let of = |act: &Value| ["by", "role", "via", "action", "on", "result"].map(|name| act[name].clone());
    let name = "admin (127.0.0.1)"; // never that of the token
    let on = "person:248289761001";
    assert_eq!(
        of(&acts[0]),
        [json!(name), Value::Null, json!("console"), json!("sign-in"), json!(on), json!("refused")]
    );
    assert_eq!(
        of(&acts[1]),
        [json!(name), json!("operator"), json!("console"), json!("sign-in"), json!(on), json!("accepted")]
    );
    assert!(acts[0]["reason"].as_str().expect("a reason").contains("none of the groups"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_that_of_the_configuration_of_now_and_so_is_the_provider() {
    let provider = Provider::start();
    provider.script().claims = json!({ "groups": ["iam-admins"] });
    let ground = ground().tweak("TEST_OIDC_SECRET", SECRET);
    let plain = fs::read_to_string(ground.config_path()).expect("text");
    let configure = |roles: &str, client: &str| {
        let admin = format!(
            "admin: {{ oidc: {{ issuer: \"{}\", client_id: {client}, client_secret: {{ env: TEST_OIDC_SECRET }}, \
             roles: {roles} }}, ",
            provider.issuer
        );
        fs::write(ground.config_path(), plain.replace("admin: {", &admin)).expect("written");
    };
    for (roles, client) in [("{ admin: [others] }", CLIENT), (ROLES, "another-client")] {
        configure(ROLES, CLIENT);
        let usher = Usher::start(&ground).await;
        let mut browser = Browser::of(&usher);
        browser.sign_in("%2F").await;
        assert_eq!(browser.get("/runs").await.status, 200);
        configure(roles, client);
        usher.hang_up();
        let kept = browser.jar.clone();
        eventually("the session has ended", || {
            let mut browser = Browser { jar: kept.clone(), ..Browser::of(&usher) };
            async move { (browser.get("/runs").await.status == 303).then_some(()) }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_can_not_be_trusted_signs_nobody_in() {
    let provider = Provider::start();
    let ground = signing_in_at(&provider, ROLES);
    let usher = Usher::start(&ground).await;
    let now = chrono::Utc::now().timestamp();
    let good = json!({ "groups": ["iam-admins"] });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let mut browser = Browser::of(&usher);
    for (claims, signing) in [
        (with("nonce", json!("another")), Signing::Es256),
        (with("nonce", Value::Null), Signing::Es256),
        (with("exp", json!(now - 120)), Signing::Es256),
        (with("iat", json!(now - 7200)), Signing::Es256),
        (with("aud", json!("another-client")), Signing::Es256),
        (with("aud", json!([CLIENT, "another-client"])), Signing::Es256),
        (with("azp", json!("another-client")), Signing::Es256),
        (with("iss", json!("https://another.example")), Signing::Es256),
        (with("sub", Value::Null), Signing::Es256),
        (good.clone(), Signing::None),
        (good.clone(), Signing::Hs256),
        (good.clone(), Signing::Stranger),
    ] {
        provider.gives(&claims, signing);
        assert_eq!(browser.sign_in("%2F").await, "/sign-in?fault=untrusted", "{claims} {signing:?}");
        assert!(!browser.is_signed_in());
    }
    let page = browser.get("/sign-in?fault=untrusted").await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("can&#39;t be trusted") || page.text.contains("can't be trusted"), "{}", page.text);
    assert!(usher.log().contains("the ID token can't be trusted: its `nonce`"), "{}", usher.log());
    tells_nothing(&usher.log());
    provider.gives(&good, Signing::Es256);
    assert_eq!(browser.sign_in("%2F").await, "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_began_comes_back_and_once() {
    let provider = Provider::start();
    provider.script().claims = json!({ "groups": ["iam-admins"] });
    let ground = signing_in_at(&provider, ROLES);
    let usher = Usher::start(&ground).await;
    let stale = "/sign-in?fault=stale";
    let (mut mallory, mut ann) = (Browser::of(&usher), Browser::of(&usher));
    // Somebody else's code, sent to Ann: she would act under another name.
    let of_mallory = mallory.at_provider("/sign-in/oidc").await;
    assert_eq!(ann.get(&of_mallory).await.header("location"), stale);
    let of_ann = ann.at_provider("/sign-in/oidc").await;
    for forged in [of_mallory.as_str(), "/sign-in/oidc/callback", "/sign-in/oidc/callback?code=x&state="] {
        assert_eq!(ann.get(forged).await.header("location"), stale, "{forged}");
    }
    assert_eq!(provider.exchanges(), 0, "no code went on");
    let page = ann.get(stale).await;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("Begin again."));
    // The state of Ann with the code of Mallory: the challenge is another one.
    let [of_ann_url, of_mallory_url] =
        [&of_ann, &of_mallory].map(|path| format!("http://x{path}").parse::<Url>().expect("a url"));
    let part =
        |url: &Url, name: &str| url.query_pairs().find(|(other, _)| other == name).expect("it is there").1.into_owned();
    let crossed =
        format!("/sign-in/oidc/callback?code={}&state={}", part(&of_mallory_url, "code"), part(&of_ann_url, "state"));
    let kept = ann.jar.clone();
    assert_eq!(ann.get(&crossed).await.header("location"), "/sign-in?fault=refused");
    assert!(!ann.is_signed_in() && ann.jar.is_empty(), "the attempt is used");
    for (more, fault) in [("&iss=https%3A%2F%2Fanother.example", "untrusted"), ("&error=access_denied", "refused")] {
        ann.jar = kept.clone();
        let of_another = format!("/sign-in/oidc/callback?code=x&state={}{more}", part(&of_ann_url, "state"));
        assert_eq!(ann.get(&of_another).await.header("location"), format!("/sign-in?fault={fault}"));
    }
    // With the cookie of before, her own code still counts; once.
    ann.jar = kept.clone();
    assert_eq!(ann.get(&of_ann).await.header("location"), "/");
    assert!(ann.is_signed_in());
    ann.jar = kept;
    assert_eq!(ann.get(&of_ann).await.header("location"), "/sign-in?fault=refused", "a code counts once");
    assert!(!ann.is_signed_in());
    tells_nothing(&usher.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_to_another_host() {
    let provider = Provider::start();
    provider.script().claims = json!({ "groups": ["iam-admins"] });
    let ground = signing_in_at(&provider, ROLES);
    let usher = Usher::start(&ground).await;
    let mut browser = Browser::of(&usher);
    for to in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example", "javascript%3A1", "%2Fsign-in"]
    {
        assert_eq!(browser.sign_in(to).await, "/", "{to}");
    }
    // Nor is the code: a redirect of the exchange is not followed.
    let elsewhere = Provider::start();
    provider.script().elsewhere = Some(format!("{}/token", elsewhere.issuer));
    browser.jar.clear();
    assert_eq!(browser.sign_in("%2F").await, "/sign-in?fault=provider-away");
    assert_eq!(elsewhere.exchanges(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_or_is_away_is_told_in_words_and_tokens_still_work() {
    let provider = Provider::start();
    let ground = signing_in_at(&provider, ROLES);
    let usher = Usher::start(&ground).await;
    let mut browser = Browser::of(&usher);
    provider.script().refuses = Some("access_denied");
    assert_eq!(browser.sign_in("%2Fruns").await, "/sign-in?fault=refused&to=%2Fruns");
    provider.stop().await;
    let ground = signing_in_at(&provider, ROLES);
    let away = Usher::start(&ground).await;
    let mut browser = Browser::of(&away);
    let answer = browser.get("/sign-in/oidc?to=%2Fruns").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/sign-in?fault=provider-away&to=%2Fruns"));
    let page = browser.get("/sign-in?fault=provider-away&to=%2Fruns").await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains("or sign in with a token") && page.text.contains("value=\"/runs\""), "{}", page.text);
    assert_eq!(browser.get("/readyz").await.status, 200);
    assert_eq!(browser.get("/sign-in").await.status, 200);
    Visitor::signed_in(away.admin, ADMIN_TOKEN).await;
    assert!(away.log().contains("nobody could be signed in by the identity provider"), "{}", away.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_of_the_provider_counts_at_once() {
    let provider = Provider::start();
    provider.script().claims = json!({ "groups": ["iam-admins"] });
    let ground = signing_in_at(&provider, ROLES);
    let usher = Usher::start(&ground).await;
    let mut browser = Browser::of(&usher);
    assert_eq!(browser.sign_in("%2F").await, "/");
    provider.rotate("two");
    browser.jar.clear();
    assert_eq!(browser.sign_in("%2F").await, "/");
    assert!(browser.is_signed_in());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_there_is_no_link_and_nothing_behind_it() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let mut browser = Browser::of(&usher);
    assert!(!browser.get("/sign-in").await.text.contains("/sign-in/oidc"));
    assert_eq!(browser.get("/sign-in/oidc?to=%2Fruns").await.header("location"), "/sign-in?to=%2Fruns");
    assert_eq!(browser.get("/sign-in/oidc/callback?code=x&state=y").await.header("location"), "/sign-in?fault=stale");
    assert_eq!(browser.get("/sign-in?fault=anything").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_follows_the_link_under_the_content_security_policy() {
    let provider = Provider::start();
    provider.script().claims = json!({ "groups": ["iam-admins"] });
    let ground = signing_in_at(&provider, ROLES);
    let usher = Usher::start(&ground).await;
    play("oidc", vec![format!("http://{}/", usher.admin), provider.issuer.clone()]).await;
}
