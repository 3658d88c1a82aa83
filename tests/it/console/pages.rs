//! The pages in a browser, with and without script.

use usher::sandbox::{Account, webhook::Happening};

use super::{ADMIN_TOKEN, VIEWER_TOKEN, browser::play, ground, held, when, with_viewer};
use crate::support::ground::{ACME, Ground};
use crate::support::usher::Usher;

/// The address of the console and the tokens, for a case; then `more`.
pub fn arguments(usher: &Usher, more: &[&str]) -> Vec<String> {
    let url = format!("http://{}/", usher.admin);
    let all = [url.as_str(), ADMIN_TOKEN].into_iter().chain(more.iter().copied());
    all.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_refused_in_words_and_the_right_one_leads_to_the_page() {
    let (_ground, usher, _) = held(ground()).await;
    play("sign_in", arguments(&usher, &[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_whole_for_everybody_and_small() {
    let (ground, usher, id) = held(ground()).await;
    let user = Account::new("KEY9", "name-9");
    ground.sandbox.put_user(ACME.product, user.clone());
    let event = usher.tell(ACME, Happening::Created, &user).await;
    usher.ended(&event).await;
    play("walk", arguments(&usher, &[&id])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_console_says_why_it_is_empty() {
    let ground = Ground::new("");
    let usher = Usher::start(&ground).await;
    play("empty", arguments(&usher, &[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_is_released_with_and_without_script() {
    for script in ["script", "none"] {
        let (ground, usher, id) = held(ground()).await;
        play("release", arguments(&usher, &[&id, script])).await;
        when(&usher, &id, "done").await;
        assert_eq!(ground.effects().len(), 3, "{script}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_only_read_sees_the_button_and_why_it_is_not_for_them() {
    let (_ground, usher, id) = held(with_viewer()).await;
    play("viewer", arguments(&usher, &[VIEWER_TOKEN, &id])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_is_written_in_five_steps_with_and_without_script() {
    for script in ["script", "none"] {
        let ground = ground().groups(&["vip"]);
        let usher = Usher::start(&ground).await;
        play("scheme", arguments(&usher, &[script])).await;
        let (_, scheme) = usher.ask("schemes/newcomers-2", &[]).await;
        assert_eq!(scheme["test_mode"], true, "{script}: {scheme}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_change_one_scheme_and_nothing_is_written_over_unseen() {
    const OTHER: &str = "the-token-of-somebody-else";
    const LEAVERS: &str = "{ id: leavers, source: acme, trigger: manual, select: { email_domain: [acme.example] }, \
        actions: [{ add_groups: [staff] }], limits: { users: 50 } }";
    for script in ["script", "none"] {
        let tokens = format!("[{{ name: ben, role: admin, secret: {{ value: {OTHER} }} }}]");
        let ground = ground().tweak("USHER_ADMIN__TOKENS", &tokens);
        let usher = Usher::start(&ground).await;
        let (status, _, answer) = usher.send(reqwest::Method::POST, "schemes", &[], LEAVERS).await;
        assert_eq!(status, 201, "{answer}");
        super::run(&usher, "leavers", "done").await;
        play("two", arguments(&usher, &[script, OTHER])).await;
        let (_, scheme) = usher.ask("schemes/leavers", &[]).await;
        assert_eq!(
            (&scheme["name"], &scheme["test_mode"]),
            (&"Leavers of the second".into(), &false.into()),
            "{script}"
        );
    }
}
