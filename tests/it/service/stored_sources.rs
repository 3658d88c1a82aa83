//! Sources that are made while usher runs, by the API.

use std::{fs, path::Path};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::sandbox::{
    self, Account,
    webhook::{Delivery, Happening},
};

use crate::support::{
    face::{Accepted, Face, eventually},
    ground::{GLOBEX, Ground},
    kafka::KafkaBroker,
    usher::Usher,
};

const OF_GLOBEX: &str = "{ id: there, source: globex, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";
const GIVEN: &str = "there: add_groups staff changed";
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A ground whose file has acme alone.
fn ground() -> Ground {
    let ground = Ground::new("").groups(&["staff"]);
    let text = fs::read_to_string(ground.config_path()).expect("a file");
    let (begin, end) = (text.find("  - id: globex").expect("globex"), text.find("schemes:").expect("schemes"));
    fs::write(ground.config_path(), [&text[..begin], &text[end..]].concat()).expect("written");
    ground
}

/// globex, as it is sent.
fn globex(ground: &Ground) -> Value {
    json!({
        "id": "globex", "name": "Globex", "product": "jira-cloud",
        "base_url": ground.sandbox.base_url(GLOBEX.product),
        "auth": { "basic": { "username": "usher@sandbox.example", "password": { "value": sandbox::TOKEN } } },
        "webhook": { "hmac": [{ "value": GLOBEX.secret }] },
        "reconcile": "off", "mass_creation": "off", "rate": { "per_second": 1000, "concurrency": 8 },
    })
}

/// Makes globex; gives its tag.
async fn make(usher: &Face, ground: &Ground) -> String {
    let (status, tag, answer) = usher.send(Method::POST, "sources", &[], globex(ground).to_string()).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    tag
}

async fn with_scheme(usher: &Face) {
    let (status, _, answer) = usher.send(Method::POST, "schemes", &[], OF_GLOBEX).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
}

async fn created(face: &Face, ground: &Ground, id: &str) -> Accepted {
    let account = Account::new(id, format!("name-{id}"));
    ground.sandbox.put_user(GLOBEX.product, account.clone());
    face.tell(GLOBEX, Happening::Created, &account).await
}

/// How a delivery for globex is answered that is signed so.
async fn signed(face: &Face, secret: &str) -> StatusCode {
    let nobody = Account::new("nobody", "nobody");
    let delivery = Delivery::of(GLOBEX.product, Happening::Created, &nobody).sign(secret);
    face.deliver_raw("/webhooks/globex", &delivery).await.0
}

/// All files below `folder` that hold `text`.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if let Ok(bytes) = fs::read(&path)
            && bytes.windows(text.len()).any(|part| part == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_made_works_at_once_is_changed_and_deleted_and_its_secrets_are_nowhere() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    assert_eq!(signed(&usher, GLOBEX.secret).await, StatusCode::UNAUTHORIZED);
    let first = make(&usher, &ground).await;
    assert_eq!(signed(&usher, GLOBEX.secret).await, StatusCode::OK, "as soon as it is answered");
    with_scheme(&usher).await;
    let event = created(&usher, &ground, "kim").await;
    assert_eq!(usher.ended(&event).await, [GIVEN]);

    let (status, source) = usher.ask("sources/globex", &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&source["provisioned"], &source["auth"]["kept_as"]), (&json!(false), &json!("sealed")), "{source}");
    assert_eq!(source["state"], "running");
    let (_, acme) = usher.ask("sources/acme", &[]).await;
    assert_eq!((&acme["provisioned"], &acme["changed"]), (&json!(true), &Value::Null));
    let yaml = source["yaml"].as_str().expect("YAML").to_owned();
    assert!(yaml.contains("sealed: webhook.hmac-1") && !yaml.contains(GLOBEX.secret), "{yaml}");

    // A second secret beside the first; then the first is taken out. Whatever is not written anew stays.
    let line = |yaml: &str, name: &str| {
        let line = yaml.lines().find(|line| line.ends_with(name)).unwrap_or_else(|| panic!("no {name} in {yaml}"));
        format!("{line}\n")
    };
    let one = line(&yaml, "sealed: webhook.hmac-1");
    let two = one.replace("sealed: webhook.hmac-1", "value: the-second-secret");
    let both = yaml.replace(&one, &format!("{one}{two}")).replace("name: Globex", "name: Globex the second");
    let (status, second, answer) =
        usher.send(Method::PUT, "sources/globex", &[("if-match", &first)], both.clone()).await;
    assert_eq!((status, &answer["name"]), (StatusCode::OK, &json!("Globex the second")), "{answer}");
    for secret in [GLOBEX.secret, "the-second-secret"] {
        eventually("both count", async || (signed(&usher, secret).await == StatusCode::OK).then_some(())).await;
    }
    let (_, health) = usher.ask("sources/globex/health", &[]).await;
    let secrets = health["webhooks"]["secrets"].as_array().expect("secrets").clone();
    assert_eq!(secrets.len(), 2, "{health}");
    assert!(secrets.iter().all(|secret| secret["last_used"].is_string()), "{health}");
    let (status, ..) = usher.send(Method::PUT, "sources/globex", &[("if-match", &first)], both).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    let yaml = answer["yaml"].as_str().expect("YAML");
    let less = yaml.replace(&line(yaml, "sealed: webhook.hmac-1"), "");
    let (status, third, answer) = usher.send(Method::PUT, "sources/globex", &[("if-match", &second)], less).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    eventually("the first does not count", async || {
        (signed(&usher, GLOBEX.secret).await == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
    assert_eq!(signed(&usher, "the-second-secret").await, StatusCode::OK);

    let (status, _, problem) = usher.send(Method::DELETE, "sources/globex", &[("if-match", &third)], "").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().expect("text").contains("the scheme `there`"), "{problem}");
    let (status, ..) = usher.send(Method::DELETE, "schemes/there", &[("if-match", "*")], "").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _, problem) = usher.send(Method::DELETE, "sources/globex", &[("if-match", &third)], "").await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
    assert_eq!(usher.ask("sources/globex", &[]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(signed(&usher, "the-second-secret").await, StatusCode::UNAUTHORIZED);
    let (status, _, problem) = usher.send(Method::POST, "sources", &[], globex(&ground).to_string()).await;
    assert_eq!(status, StatusCode::CONFLICT, "its events are in the log still: {problem}");

    let acts = usher.list("audit", &[("on", "source:globex")]).await;
    let mut words: Vec<_> = acts.iter().map(|act| act["action"].as_str().expect("a word").to_owned()).collect();
    words.sort();
    words.dedup();
    assert_eq!(words, ["source.create", "source.delete", "source.replace"]);
    let log = usher.log();
    usher.terminate();
    let (status, _) = usher.wait();
    assert!(status.success());
    for secret in [sandbox::TOKEN, GLOBEX.secret, "the-second-secret", "usher@sandbox.example"] {
        assert!(!log.contains(secret), "in the log of the process: {secret}");
        assert_eq!(holding(&ground.folder().join("data"), secret), Vec::<String>::new(), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_with_held_steps_of_events_stays_until_somebody_has_decided_about_them() {
    const CREATED: usize = 4;
    let ground = ground().groups(&["guests"]);
    let usher = Usher::start(&ground).await;
    let mut source = globex(&ground);
    source["mass_creation"] = json!({ "users": 1, "percent": 0 });
    let (status, tag, answer) = usher.send(Method::POST, "sources", &[], source.to_string()).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let takes = OF_GLOBEX.replace("{ add_groups: [staff] }", "{ remove_groups: [guests] }");
    assert_eq!(usher.send(Method::POST, "schemes", &[], takes).await.0, StatusCode::CREATED);
    for number in 0..CREATED {
        let id = format!("user{number}");
        let account = Account::new(id.as_str(), format!("name-{id}"));
        ground.sandbox.put_user(GLOBEX.product, account.clone());
        ground.sandbox.add_member(GLOBEX.product, &id, "guests").expect("both are there");
        let event = usher.tell(GLOBEX, Happening::Created, &account).await;
        usher.settled(&event).await;
    }
    let open = [("source", "globex"), ("held", "true"), ("state", "open")];
    let held = eventually("all but the first are held", async || {
        let held = usher.list("dead-letters", &open).await;
        (held.len() == CREATED - 1).then_some(held)
    })
    .await;
    assert!(held.iter().all(|letter| letter["step"]["action"] == "remove_groups"), "{held:?}");
    assert_eq!(usher.send(Method::DELETE, "schemes/there", &[("if-match", "*")], "").await.0, StatusCode::NO_CONTENT);
    let delete = async || usher.send(Method::DELETE, "sources/globex", &[("if-match", &tag)], "").await;
    let (status, _, problem) = delete().await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    let detail = problem["detail"].as_str().expect("text");
    assert!(detail.contains("3 held steps on users who were created at once"), "{detail}");
    assert!(detail.contains("`sources/globex/newcomers`") && !detail.contains("the scheme"), "{detail}");
    assert_eq!(usher.send(Method::POST, "sources/globex/newcomers/dismiss", &[], "").await.0, StatusCode::ACCEPTED);
    eventually("they are dismissed", async || usher.list("dead-letters", &open).await.is_empty().then_some(())).await;
    let (status, _, problem) = delete().await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_stored_is_refused_with_the_reason() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let tag = make(&usher, &ground).await;
    let with = |key: &str, value: Value| {
        let mut source = globex(&ground);
        source[key] = value;
        source.to_string()
    };
    let post = async |body: String| usher.send(Method::POST, "sources", &[], body).await;
    assert_eq!(post(with("id", json!("acme"))).await.0, StatusCode::CONFLICT, "the file has it");
    assert_eq!(post(globex(&ground).to_string()).await.0, StatusCode::CONFLICT, "it is there");
    for (key, value) in [
        ("id", json!("No id")),
        ("product", json!("word")),
        ("auth", json!({ "bearer": { "env": "PATH" } })),
        ("auth", json!({ "bearer": { "file": "/etc/passwd" } })),
        ("ca", json!("/etc/passwd")),
        ("webhook", json!({ "hmac": [{ "sealed": "auth.bearer" }] })),
    ] {
        let mut body: Value = serde_json::from_str(&with("id", json!("other"))).expect("JSON");
        body[key] = value;
        let (status, _, problem) = post(body.to_string()).await;
        assert_eq!(
            (status, &problem["type"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("urn:usher:problem:invalid-source"))
        );
        assert!(problem["problems"].as_array().is_some_and(|problems| !problems.is_empty()), "{problem}");
    }
    let put =
        async |path: &str, tag: &str, body: String| usher.send(Method::PUT, path, &[("if-match", tag)], body).await;
    let elsewhere = ground.sandbox.base_url(usher::domain::Product::ConfluenceCloud);
    let (status, _, problem) = put("sources/globex", &tag, with("base_url", json!(elsewhere))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a token must not be sent elsewhere: {problem}");
    assert_eq!(put("sources/globex", &tag, with("id", json!("other"))).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(put("sources/acme", "*", globex(&ground).to_string()).await.0, StatusCode::CONFLICT);
    assert_eq!(put("sources/none", "*", globex(&ground).to_string()).await.0, StatusCode::NOT_FOUND);
    for method in [Method::PUT, Method::DELETE] {
        let (status, ..) = usher.send(method, "sources/globex", &[], globex(&ground).to_string()).await;
        assert_eq!(status, StatusCode::PRECONDITION_REQUIRED);
    }
    assert_eq!(usher.send(Method::DELETE, "sources/acme", &[("if-match", "*")], "").await.0, StatusCode::CONFLICT);
    assert_eq!(usher.list("sources", &[]).await.len(), 2, "nothing was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_finds_its_sources_again_and_does_what_was_left() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    make(&usher, &ground).await;
    with_scheme(&usher).await;
    let mut events = Vec::new();
    for number in 0..20 {
        events.push(created(&usher, &ground, &format!("user{number}")).await);
    }
    usher.kill();
    let usher = Usher::start(&ground).await;
    assert_eq!(signed(&usher, GLOBEX.secret).await, StatusCode::OK, "it is accepted from the start");
    for event in &events {
        assert_eq!(usher.ended(event).await, [GIVEN], "{event:?}");
    }
    assert_eq!(ground.effects().len(), events.len(), "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_whose_secrets_can_not_be_opened_is_shown_as_broken_and_comes_back_with_its_key() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    make(&usher, &ground).await;
    usher.terminate();
    assert!(usher.wait().0.success());
    let file = ground.folder().join("data/secrets-key");
    let key = fs::read_to_string(&file).expect("a key");
    fs::write(&file, KEY).expect("written");
    let usher = Usher::start(&ground).await;
    let (_, source) = usher.ask("sources/globex", &[]).await;
    assert_eq!(source["state"], "broken", "{source}");
    assert!(source["why"].as_str().is_some_and(|why| why.contains("sealed with another key")), "{source}");
    assert_eq!(signed(&usher, GLOBEX.secret).await, StatusCode::UNAUTHORIZED);
    assert_eq!(usher.ask("sources/acme", &[]).await.1["state"], "running");
    usher.terminate();
    assert!(usher.wait().0.success());
    fs::write(&file, key).expect("written");
    let usher = Usher::start(&ground).await;
    assert_eq!(usher.ask("sources/globex", &[]).await.1["state"], "running");
    assert_eq!(signed(&usher, GLOBEX.secret).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_of_the_file_goes_before_a_stored_one_of_its_id() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    make(&usher, &ground).await;
    let text = fs::read_to_string(ground.config_path()).expect("a file");
    let of_file = format!(
        "  - id: globex\n    product: jira-cloud\n    base_url: \"{}\"\n    auth: {{ basic: {{ username: \
         usher@sandbox.example, password: {{ env: TEST_PRODUCT_TOKEN }} }} }}\n    webhook: {{ hmac: [{{ value: of-the-file \
         }}] }}\n    reconcile: off\nschemes:",
        ground.sandbox.base_url(GLOBEX.product)
    );
    fs::write(ground.config_path(), text.replacen("schemes:", &of_file, 1)).expect("written");
    usher.hang_up();
    eventually("that of the file counts", async || {
        (signed(&usher, "of-the-file").await == StatusCode::OK).then_some(())
    })
    .await;
    assert_eq!(signed(&usher, GLOBEX.secret).await, StatusCode::UNAUTHORIZED);
    assert_eq!(usher.ask("sources/globex", &[]).await.1["provisioned"], true);
    let (status, ..) = usher.send(Method::DELETE, "sources/globex", &[("if-match", "*")], "").await;
    assert_eq!(status, StatusCode::CONFLICT);
    fs::write(ground.config_path(), text).expect("written");
    usher.hang_up();
    eventually("the stored one counts again", async || {
        (signed(&usher, GLOBEX.secret).await == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_kafka_all_replicas_have_a_stored_source_and_share_the_key_of_its_secrets() {
    let broker = KafkaBroker::shared();
    let without = ground().on_kafka(&broker.config(2));
    let usher = Usher::start(&without).await;
    let (status, _, problem) = usher.send(Method::POST, "sources", &[], globex(&without).to_string()).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("secrets_key")), "{problem}");
    drop(usher);

    let ground = ground().on_kafka(&broker.config(3)).tweak("USHER_SECRETS_KEY__VALUE", KEY);
    let (one, other) = tokio::join!(Usher::replica(&ground, "one"), Usher::replica(&ground, "other"));
    make(&one, &ground).await;
    with_scheme(&one).await;
    eventually("the other one has it", async || (signed(&other, GLOBEX.secret).await == StatusCode::OK).then_some(()))
        .await;
    let mut events = Vec::new();
    for number in 0..20 {
        let face = if number % 2 == 0 { &one } else { &other };
        events.push(created(face, &ground, &format!("user{number}")).await);
    }
    one.kill();
    let late = Usher::replica(&ground, "late").await;
    assert_eq!(signed(&late, GLOBEX.secret).await, StatusCode::OK, "one that starts later has it from the start");
    for event in &events {
        assert_eq!(late.ended(event).await, [GIVEN], "{event:?}");
    }
    assert_eq!(ground.effects().len(), events.len(), "each once");
}
