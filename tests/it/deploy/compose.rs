//! The composition: its story is played on usher with its configuration, with the embedded log in the place of Kafka.

use std::fs;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;
use usher::{
    app::{App, Roles, Surroundings},
    config,
    domain::Product,
    sandbox::{self, Sandbox},
};

use super::{path, text, yaml};

/// The environment of a service of the composition.
fn environment(service: &str) -> Vec<(String, String)> {
    let file = yaml("deploy/compose/compose.yaml").remove(0);
    let variables = file["services"][service]["environment"].as_object().expect("variables").clone();
    let plain = |value: Value| value.as_str().expect("text").to_owned();
    variables.into_iter().map(|(name, value)| (name, plain(value))).collect()
}

fn of<'a>(variables: &'a [(String, String)], name: &str) -> &'a str {
    &variables.iter().find(|(known, _)| known == name).expect("a variable").1
}

#[test]
fn the_webhook_of_the_story_is_signed_with_the_secret_of_usher() {
    let (usher, story) = (environment("usher"), environment("story"));
    let secret = of(&usher, "COMPOSE_WEBHOOK_SECRET").as_bytes();
    let mut signer = Hmac::<Sha256>::new_from_slice(secret).expect("any length will do");
    signer.update(of(&story, "BODY").as_bytes());
    assert_eq!(of(&story, "SIGNATURE"), format!("sha256={}", hex::encode(signer.finalize().into_bytes())));
    assert_eq!(of(&story, "ADMIN_TOKEN"), of(&usher, "COMPOSE_ADMIN_TOKEN"));
    assert_eq!(of(&usher, "COMPOSE_JIRA_TOKEN"), sandbox::TOKEN);
}

#[test]
fn ports_of_the_composition_are_open_to_this_machine_alone_and_images_are_pinned() {
    let file = yaml("deploy/compose/compose.yaml").remove(0);
    for (name, service) in file["services"].as_object().expect("services") {
        let image = service["image"].as_str().expect("an image");
        assert!(image.rsplit_once(':').is_some_and(|(_, tag)| tag != "latest"), "{name}: {image}");
        for port in service["ports"].as_array().into_iter().flatten() {
            assert!(port.as_str().is_some_and(|port| port.starts_with("127.0.0.1:")), "{name}: {port}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_the_composition_comes_out() {
    let sandbox = Sandbox::start(sandbox::Options::default()).expect("a free port");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("usher.yaml");
    let text = text("deploy/compose/usher.yaml").replace("plain_http: sandbox", "");
    fs::write(&file, text).expect("written");
    let mut env = environment("usher");
    env.retain(|(name, _)| name.starts_with("COMPOSE_"));
    let set = [
        ("USHER_DATA_DIR", folder.path().join("data").display().to_string()),
        ("USHER_WEBHOOKS__LISTEN", "127.0.0.1:0".to_owned()),
        ("USHER_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
        ("USHER_LOG__KIND", "embedded".to_owned()),
        ("USHER_SOURCES__0__BASE_URL", sandbox.base_url(Product::JiraDc).to_string()),
    ];
    env.extend(set.map(|(name, value)| (name.to_owned(), value)));
    let config = config::load(Some(&file), env).unwrap_or_else(|problems| panic!("{problems}")).config;
    let app = App::build_in(Surroundings::default(), config, Roles::ALL).await.expect("usher starts");
    let (webhooks, admin) = (app.webhooks_address().expect("all roles"), app.admin_address());
    let stop = CancellationToken::new();
    let usher = tokio::spawn(app.run_until_stopped(stop.clone()));

    let mut story = Command::new("sh");
    story.arg(path("deploy/compose/story.sh")).envs(environment("story")).kill_on_drop(true);
    story.env("SANDBOX", sandbox.origin().as_str().trim_end_matches('/'));
    story.env("WEBHOOKS", format!("http://{webhooks}")).env("ADMIN", format!("http://{admin}"));
    let told = story.output().await.expect("sh and curl are there");
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "{text}{}", String::from_utf8_lossy(&told.stderr));
    assert!(text.contains("the story ends here"), "{text}");
    stop.cancel();
    usher.await.expect("no panic").expect("a clean end");
}
