use super::*;
use crate::{
    domain::{Again, DeadLetter, EventId, EventRecord, RunId, SchemeRef, StepKey},
    log::{Stream, codec},
    views::testing::{decision, letter, steps, verdict},
};

/// An event about `user` that was given up, and can be taken up again.
fn event(id: &str, user: &str, seconds: i64) -> DeadLetter {
    let letter = letter(id, user, seconds);
    let event = crate::domain::Event {
        id: EventId::new(id),
        source: letter.source.clone(),
        kind: crate::domain::EventKind::Created,
        via: crate::domain::Via::Webhook,
        user: letter.user.clone(),
        hints: Default::default(),
        occurred: None,
        accepted: letter.at,
        sweep: None,
    };
    DeadLetter { at: now(seconds), again: Some(Again::Event(Box::new(EventRecord::from(event)))), ..letter }
}

async fn post(site: &Site, uri: &str, body: &Value) -> TestResponse {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = TestRequest::default().method(Method::POST).uri(uri).set_payload(body);
    site.send(request.insert_header(("Authorization", format!("Bearer {TOKEN}")))).await
}

/// Within the last 30 days.
fn now(seconds: i64) -> crate::domain::Timestamp {
    use crate::clock::Clock;
    crate::domain::Timestamp::from_millis(SystemClock.now().as_millis() - 1_000_000 + seconds * 1_000)
}

/// A step of the scheme `id` of this version.
fn step(event: &str, user: &str, scheme: SchemeRef, seconds: i64) -> DeadLetter {
    let verdict = crate::domain::SchemeVerdict { scheme, ..verdict("a", crate::domain::Truth::True, &["g"]) };
    let decision = decision(event, user, seconds, vec![verdict]);
    let step = steps(&decision).remove(0);
    DeadLetter {
        id: step.key.to_string(),
        stage: crate::domain::Stage::Executor,
        user: step.user.clone(),
        step: Some(step.clone()),
        reason: "the product refused: No such group".into(),
        at: now(seconds),
        again: Some(Again::Step { decision: Box::new(decision), step: step.key }),
        ..letter("x", user, seconds)
    }
}

fn scheme_now(site: &Site, id: &str) -> SchemeRef {
    let listed =
        site.listener.state().expect("it is open").settings.get(&id.parse().expect("an id")).expect("a scheme");
    SchemeRef { id: listed.id, version: listed.version }
}

/// A site that shows `letters`.
async fn told(letters: &[DeadLetter]) -> Site {
    let site = Site::start();
    show(&site, letters).await;
    site
}

async fn show(site: &Site, letters: &[DeadLetter]) {
    letters.iter().for_each(|letter| site.following.log.give_up(letter));
    let all = |views: &Views| {
        let is_shown = |letter: &DeadLetter| {
            views.dead_letter(&letter.id).expect("read").is_some_and(|(row, _)| row.at >= letter.at)
        };
        letters.iter().all(is_shown).then_some(())
    };
    site.following.until(all).await;
}

async fn state_of(site: &Site, id: &str) -> String {
    let path: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    let answer = site.get(&format!("/api/v1/dead-letters/{}", path.replace('+', "%20"))).await;
    assert_eq!(answer.status, StatusCode::OK, "{id}: {}", answer.text);
    assert_eq!(answer.json()["id"], id);
    answer.json()["state"].as_str().expect("a state").to_owned()
}

async fn redrive(site: &Site, body: Value) -> Value {
    let answer = post(site, "/api/v1/dead-letters/redrive", &body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    answer.json()
}

#[actix_web::test]
async fn dead_letters_are_filtered() {
    let site = Site::start();
    let known = scheme_now(&site, "a");
    show(&site, &[event("e1", "Jane", 1), step("e2", "joe", known, 200), event("e3", "zoe", 300)]).await;
    let since = now(100).to_string();
    for (query, expected) in [
        ("", 3),
        ("source=acme", 3),
        ("source=cloud", 0),
        ("stage=executor", 1),
        ("stage=sweeper", 0),
        ("reason=NO%20SUCH%20GROUP", 1),
        ("user=jane", 1),
        ("user=u-joe", 1),
        ("state=open", 3),
        ("state=resolved", 0),
        ("held=true", 0),
        (&format!("since={since}")[..], 2),
    ] {
        let found = site.all(&format!("/api/v1/dead-letters?{query}"), 1).await;
        assert_eq!(found.len(), expected, "{query}");
    }
    let refused = site.get("/api/v1/dead-letters?stage=kitchen").await.problem(400, "bad-query");
    assert!(refused.contains("planner, executor, sweeper, intake"), "{refused}");
}

#[actix_web::test]
async fn a_letter_is_taken_up_again_once_and_shows_who_said_so() {
    let site = told(&[event("e1", "jane", 1)]).await;
    assert_eq!(redrive(&site, serde_json::json!({"ids": ["e1", "e1"]})).await["redriven"], 1);
    let twice = redrive(&site, serde_json::json!({"ids": ["e1"]})).await;
    assert_eq!(twice["redriven"], 0);
    let why = twice["refused"][0]["why"].as_str().expect("a reason");
    assert!(why.contains("being taken up again already, by admin at "), "{why}");
    let events = site.following.log.all(Stream::Events);
    let [event] = events.as_slice() else { panic!("{events:?}") };
    let record: EventRecord = codec::decode(&event.payload).expect("read");
    assert_eq!(record.redrive.expect("an order").letter, "e1");
    let row = site.get("/api/v1/dead-letters/e1").await.json();
    assert_eq!((row["state"].as_str(), row["redriven"]["by"].as_str()), (Some("redriven"), Some("admin")));
    let dismissed = post(&site, "/api/v1/dead-letters/e1/dismiss", &Value::Null).await.problem(409, "conflict");
    assert!(dismissed.contains("taken up again"), "{dismissed}");
    // It was given up once more.
    show(&site, &[DeadLetter { at: now(900), ..self::event("e1", "jane", 1) }]).await;
    let row = site.get("/api/v1/dead-letters/e1").await.json();
    assert_eq!((row["state"].as_str(), row["failed_again"].as_bool()), (Some("open"), Some(true)));
    assert_eq!(redrive(&site, serde_json::json!({"ids": ["e1"]})).await["redriven"], 1);
}

#[actix_web::test]
async fn what_cant_be_taken_up_again_is_named_with_the_reason_and_the_rest_is_taken_up() {
    let site = Site::start();
    let (now_a, old_a) = (scheme_now(&site, "a"), SchemeRef { version: "0ld".into(), ..scheme_now(&site, "a") });
    let unreadable = DeadLetter { event: None, at: now(3), ..letter("events/3/17", "jane", 3) };
    let in_a_sweep = DeadLetter { at: now(4), ..letter("e4", "jane", 4) };
    let old = DeadLetter { at: at(0), ..event("e5", "jane", 5) };
    let gone = DeadLetter { source: "gone".parse().expect("an id"), ..event("e6", "jane", 6) };
    let (good, changed) = (step("e1", "jane", now_a, 1), step("e2", "jane", old_a, 2));
    show(&site, &[good.clone(), changed.clone(), unreadable, in_a_sweep, old, gone]).await;
    let ids = [&good.id, &changed.id, "events/3/17", "e4", "e5", "e6", "e7"];
    let answer = redrive(&site, serde_json::json!({ "ids": ids })).await;
    assert_eq!(answer["redriven"], 1);
    for (id, expected) in [
        (changed.id.as_str(), "was changed, disabled or deleted since"),
        ("events/3/17", "can't be read, now or later"),
        ("e4", "run the scheme again"),
        ("e5", "30 days"),
        ("e6", "not in the configuration any more"),
        ("e7", "no such dead letter"),
    ] {
        let refused = answer["refused"].as_array().expect("a list").iter().find(|refused| refused["id"] == id);
        let why = refused.unwrap_or_else(|| panic!("{id}: {answer}"))["why"].as_str().expect("a reason");
        assert!(why.contains(expected), "{id}: {why}");
    }
    let decisions = site.following.log.all(Stream::Decisions);
    let taken: Vec<crate::domain::Decision> =
        decisions.iter().map(|record| codec::decode(&record.payload).expect("read")).collect();
    assert_eq!(taken.iter().map(|decision| decision.only.clone()).collect::<Vec<_>>(), [Some(StepKey::new(good.id))]);
    assert_eq!(taken[0].run(&taken[0].verdicts[0]), RunId::new("e1.a"));
}

#[actix_web::test]
async fn a_filter_takes_up_as_many_as_its_bound_and_says_whether_more_are_left() {
    let letters: Vec<_> = (0..25).map(|number| event(&format!("e{number:02}"), "jane", number)).collect();
    let unreadable = DeadLetter { event: None, at: now(99), ..letter("events/0/1", "jane", 99) };
    let site = told(&[letters, vec![unreadable]].concat()).await;
    for (redriven, more) in [(10, true), (10, true), (5, false), (0, false)] {
        let answer = redrive(&site, serde_json::json!({"filter": {"source": "acme"}, "limit": 10})).await;
        assert_eq!((answer["redriven"].as_u64(), answer["more"].as_bool()), (Some(redriven), Some(more)), "{answer}");
        assert_eq!(answer["refused"].as_array().map(Vec::len), Some(1));
    }
    assert_eq!(site.following.log.all(Stream::Events).len(), 25);
}

#[actix_web::test]
async fn members_of_a_redrive_that_are_null_count_as_missing_and_its_limit_has_one_name_at_a_time() {
    let site = told(&[event("e1", "jane", 1), event("e2", "jane", 2)]).await;
    let body = serde_json::json!({"ids": null, "filter": {"source": null, "held": null}, "limit": null, "at_most": 1});
    assert_eq!(redrive(&site, body).await["redriven"], 1);
    let both = serde_json::json!({"filter": {}, "limit": 1, "at_most": 2});
    let detail = post(&site, "/api/v1/dead-letters/redrive", &both).await.problem(400, "bad-request");
    assert!(detail.contains("another name of `limit`"), "{detail}");
    let body = serde_json::json!({"ids": ["e1"], "filter": null, "limit": null, "at_most": null});
    assert_eq!(redrive(&site, body).await["redriven"], 1);
}

#[actix_web::test]
async fn a_letter_is_dismissed_with_a_reason_and_may_be_taken_up_again_by_name() {
    let unreadable = DeadLetter { event: None, at: now(1), ..letter("events/3/17", "jane", 1) };
    let site = told(&[event("e1", "jane", 1), unreadable]).await;
    for path in ["e1", "events%2F3%2F17"] {
        let body = serde_json::json!({"reason": "the user left"});
        let answer = post(&site, &format!("/api/v1/dead-letters/{path}/dismiss"), &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let row = answer.json();
        assert_eq!(
            (row["state"].as_str(), row["dismissed"]["reason"].as_str()),
            (Some("dismissed"), Some("the user left"))
        );
        let again = post(&site, &format!("/api/v1/dead-letters/{path}/dismiss"), &Value::Null).await;
        assert_eq!(again.json()["dismissed"], row["dismissed"], "said once");
    }
    assert_eq!(redrive(&site, serde_json::json!({"filter": {}})).await["redriven"], 0);
    assert_eq!(redrive(&site, serde_json::json!({"ids": ["e1"]})).await["redriven"], 1);
    assert_eq!(state_of(&site, "e1").await, "redriven");
    post(&site, "/api/v1/dead-letters/e9/dismiss", &Value::Null).await.problem(404, "not-found");
    post(&site, "/api/v1/dead-letters/e1/dismiss", &serde_json::json!({"reasn": 1})).await.problem(400, "bad-request");
    post(&site, "/api/v1/dead-letters/e1/dismiss", &serde_json::json!({"reason": "x".repeat(1001)}))
        .await
        .problem(400, "bad-request");
}

#[actix_web::test]
async fn letters_are_dismissed_together_by_ids_or_by_a_filter_and_each_once() {
    let letters: Vec<_> = (0..5).map(|number| event(&format!("e{number}"), "jane", number)).collect();
    let site = told(&letters).await;
    let dismiss = async |body: Value| {
        let answer = post(&site, "/api/v1/dead-letters/dismiss", &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    };
    assert_eq!(redrive(&site, serde_json::json!({"ids": ["e0"]})).await["redriven"], 1);
    let body = serde_json::json!({"ids": ["e0", "e1", "e1", "e9"], "reason": "they left"});
    let answer = dismiss(body.clone()).await;
    assert_eq!((&answer["dismissed"], &answer["more"]), (&1.into(), &false.into()), "{answer}");
    let refused: Vec<_> = answer["refused"].as_array().expect("a list").iter().map(|one| one["id"].as_str()).collect();
    assert_eq!(refused, [Some("e0"), Some("e9")]);
    let one = site.get("/api/v1/dead-letters/e1").await.json();
    assert_eq!((&one["state"], &one["dismissed"]["reason"]), (&"dismissed".into(), &"they left".into()));
    assert_eq!(dismiss(body).await["dismissed"], 0, "said once");
    let first = dismiss(serde_json::json!({"filter": {"source": "acme"}, "limit": 2})).await;
    assert_eq!((&first["dismissed"], &first["more"]), (&2.into(), &true.into()), "{first}");
    let rest = dismiss(serde_json::json!({"filter": {}, "at_most": 10})).await;
    assert_eq!(
        (&rest["dismissed"], &rest["more"], &rest["refused"]),
        (&1.into(), &false.into(), &serde_json::json!([]))
    );
    assert_eq!(state_of(&site, "e0").await, "redriven");
    for (body, expected) in [
        (Value::Null, "write `ids`, or a `filter`"),
        (serde_json::json!({"reason": "x"}), "write `ids`, or a `filter`"),
        (serde_json::json!({"ids": ["e0"], "reason": "x".repeat(1_001)}), "`reason` is longer"),
        (serde_json::json!({"ids": ["e0"], "odd": 1}), "unknown field `odd`"),
    ] {
        let refused = post(&site, "/api/v1/dead-letters/dismiss", &body).await.problem(400, "bad-request");
        assert!(refused.contains(expected), "{body}: {refused}");
    }
}

#[actix_web::test]
async fn ids_may_hold_any_characters() {
    let ids = ["a/b", "a%2Fb", "../e1", "e 1", "Ünï", "a?b#c", "a:b@c:00000", "redrive", "\"'<>\\"];
    let letters: Vec<_> = ids.iter().map(|id| event(id, "jane", 1)).collect();
    let site = told(&letters).await;
    for id in ids.iter().filter(|id| **id != "redrive") {
        assert_eq!(state_of(&site, id).await, "open", "{id}");
    }
    let answer = redrive(&site, serde_json::json!({ "ids": ids })).await;
    assert_eq!(answer["redriven"], ids.len());
}

#[actix_web::test]
async fn an_order_that_cant_be_understood_is_refused_with_what_to_write() {
    let site = told(&[event("e1", "jane", 1)]).await;
    let many: Vec<_> = (0..1001).map(|number| number.to_string()).collect();
    for (body, expected) in [
        (Value::Null, "write `ids`, or a `filter`"),
        (serde_json::json!({}), "write `ids`, or a `filter`"),
        (serde_json::json!({"ids": []}), "1 to 1,000 `ids`"),
        (serde_json::json!({ "ids": many }), "1 to 1,000 `ids`"),
        (serde_json::json!({"ids": ["e1"], "filter": {}}), "write `ids`, or a `filter`"),
        (serde_json::json!({"filter": {}, "limit": 0}), "`limit` from 1 to 1,000"),
        (serde_json::json!({"filter": {}, "limit": 1001}), "`limit` from 1 to 1,000"),
        (serde_json::json!({"filter": {"reasn": "x"}}), "unknown field `reasn`"),
    ] {
        let refused = post(&site, "/api/v1/dead-letters/redrive", &body).await.problem(400, "bad-request");
        assert!(refused.contains(expected), "{body}: {refused}");
    }
    let too_long = serde_json::json!({ "ids": ["x".repeat(600 * 1024)] });
    post(&site, "/api/v1/dead-letters/redrive", &too_long).await.problem(413, "too-large");
    assert_eq!(state_of(&site, "e1").await, "open");
}
