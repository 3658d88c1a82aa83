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
