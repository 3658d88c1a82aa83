//! The console: its pages in a browser, its sessions and forms as a client that is no browser sends them.

mod aged;
mod audit;
mod browser;
mod bulk;
mod connect;
mod drafts;
mod forms;
mod hostile;
mod kept;
mod letters;
mod newcomers;
mod oidc;
mod pages;
mod pictures;
mod run_log;
mod schemes;
mod sessions;
mod sources;
mod start;
mod undo;
mod users;
mod visitor;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use usher::sandbox::Account;

use crate::support::{
    face::{Face, eventually},
    ground::{ACME, ADMIN_TOKEN, Ground},
    usher::Usher,
};

/// The token of somebody who may only read.
const VIEWER_TOKEN: &str = "the-token-of-a-viewer";

/// Gives `staff` to those of `acme.example`, and is held where they are more than one.
const HELD: &str = "{ id: staff, name: Staff, source: acme, trigger: manual, test_mode: false, \
    select: { email_domain: [acme.example] }, actions: [{ add_groups: [staff] }], limits: { users: 1 } }";
const ON_CREATE: &str = "{ id: newcomers, source: acme, trigger: on_create, select: { everyone: true }, \
    actions: [{ add_groups: [staff] }] }";

/// Two schemes, and three people whom one of them selects.
fn ground() -> Ground {
    let ground = Ground::new(&format!("{HELD}, {ON_CREATE}")).groups(&["staff"]);
    for number in 0..3 {
        let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
        ground.sandbox.put_user(ACME.product, account.email(format!("user-{number}@acme.example")));
    }
    ground
}

/// Runs `scheme` by the API; gives the id of the run, once it is in `state`.
async fn run(face: &Face, scheme: &str, state: &str) -> String {
    let (status, _, run) = face.send(Method::POST, &format!("schemes/{scheme}/run"), &[], "").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{run}");
    let id = run["id"].as_str().expect("an id").to_owned();
    when(face, &id, state).await;
    id
}

/// The run, once it is in `state`.
async fn when(face: &Face, id: &str, state: &str) -> Value {
    eventually(&format!("{id} is {state}"), || async {
        let (_, run) = face.ask(&format!("runs/{id}"), &[]).await;
        (run["state"] == state).then_some(run)
    })
    .await
}

/// [`ground`] with a token for somebody who may only read.
fn with_viewer() -> Ground {
    ground()
        .tweak("USHER_ADMIN__TOKENS", &format!("[{{ name: vera, role: viewer, secret: {{ value: {VIEWER_TOKEN} }} }}]"))
}

/// usher on `ground`, with one held run.
async fn held(ground: Ground) -> (Ground, Usher, String) {
    let usher = Usher::start(&ground).await;
    let id = run(&usher, "staff", "held").await;
    (ground, usher, id)
}
