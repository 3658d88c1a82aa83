//! Permissions: each endpoint with each role, and a token that is kept to a source.

use super::*;

/// Asks with the token of that name.
async fn ask_as(site: &Site, name: &str, method: Method, path: &str, body: &str) -> TestResponse {
    let request = TestRequest::default().method(method).uri(&format!("{}{path}", api::PREFIX));
    let request = request.insert_header(("Authorization", format!("Bearer token-of-{name}")));
    site.send(request.set_payload(body.to_owned())).await
}

async fn get_as(site: &Site, name: &str, path: &str) -> TestResponse {
    ask_as(site, name, Method::GET, path, "").await
}

async fn post_as(site: &Site, name: &str, path: &str) -> TestResponse {
    ask_as(site, name, Method::POST, path, "").await
}

#[actix_web::test]
async fn each_endpoint_lets_in_the_roles_of_its_permission_and_no_other() {
    let site = Site::start();
    let mut tried = 0;
    for endpoint in api::routes() {
        let path = ["{id}", "{source}", "{version}"]
            .into_iter()
            .fold(endpoint.path.to_owned(), |path, name| path.replace(name, "nothing"));
        for (methods, permission) in &endpoint.methods {
            for method in methods.split(", ").filter(|method| *method != "HEAD") {
                let method: Method = method.parse().expect("a method");
                for (name, role) in [("viewer", Role::Viewer), ("operator", Role::Operator), ("boss", Role::Admin)] {
                    let answer = ask_as(&site, name, method.clone(), &path, "").await;
                    let place = format!("{method} {path} as {name}: {}", answer.text);
                    assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{place}");
                    assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{place}");
                    if role < permission.least_role() {
                        assert_eq!(answer.problem(403, "forbidden"), permission.refusal(), "{place}");
                    } else {
                        assert_ne!(answer.status, StatusCode::FORBIDDEN, "{place}");
                    }
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 60, "{tried}");
}

#[actix_web::test]
async fn a_head_request_needs_the_same_role_as_a_read() {
    let site = Site::start();
    assert_eq!(ask_as(&site, "viewer", Method::HEAD, "/audit", "").await.status, StatusCode::OK);
    assert_eq!(ask_as(&site, "nobody", Method::HEAD, "/audit", "").await.status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn other_sources_are_not_there_for_a_token_that_is_kept_to_one() {
    let site = Site::start();
    let ids = |answer: &TestResponse| -> Vec<String> {
        let items = answer.json()["items"].as_array().expect("items").clone();
        items.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(ids(&get_as(&site, "kept", "/sources").await), ["cloud"]);
    assert_eq!(ids(&get_as(&site, "kept", "/schemes").await), Vec::<String>::new(), "all are of the other one");
    for path in ["/sources/acme", "/schemes/a", "/schemes/a/history", "/explain?scheme=a&user=jane"] {
        get_as(&site, "kept", path).await.problem(404, "not-found");
    }
    for path in ["/sources/acme/pause", "/sources/acme/newcomers/release", "/schemes/a/pause", "/schemes/a/run"] {
        post_as(&site, "kept", path).await.problem(404, "not-found");
    }
    let text = |source: &str| {
        format!(
            "id: new\nsource: {source}\ntrigger: manual\nselect: {{ everyone: true }}\nactions: [{{ add_groups: [staff] }}]"
        )
    };
    for path in ["/schemes", "/schemes/preview"] {
        let answer = ask_as(&site, "kept", Method::POST, path, &text("acme")).await;
        answer.problem(422, "invalid-scheme");
        assert!(answer.text.contains("there is no source `acme`"), "{}", answer.text);
    }
    assert!(post_as(&site, "kept", "/backup").await.problem(403, "forbidden").contains("kept to some sources"));
    assert_eq!(post_as(&site, "kept", "/sources/cloud/pause").await.status, StatusCode::NO_CONTENT);
    let made = ask_as(&site, "kept", Method::POST, "/schemes", &text("cloud")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(ids(&get_as(&site, "kept", "/schemes").await), ["new"]);
}

#[actix_web::test]
async fn runs_decisions_and_dead_letters_of_other_sources_are_not_there_either() {
    use crate::{
        domain::{StepResult, Truth},
        views::testing::{decision, letter, outcome, steps, verdict},
    };
    let site = Site::start();
    let decision = decision("e1", "jane", 0, vec![verdict("a", Truth::True, &["g"])]);
    site.following.log.decide(&decision);
    site.following.log.end(&outcome(&steps(&decision)[0], StepResult::Changed, 0));
    site.following.log.give_up(&letter("l1", "jane", 0));
    let run = decision.run(&decision.verdicts[0]);
    let letters = |views: &Views| views.dead_letter("l1").expect("read");
    site.following.until(|views| views.run(&run).expect("read").filter(|run| run.finished.is_some())).await;
    site.following.until(letters).await;
    let count = |answer: TestResponse| answer.json()["items"].as_array().expect("items").len();
    for list in [
        "/runs",
        "/runs?source=acme",
        "/runs?user=jane",
        "/runs/groups",
        "/entries?user=jane",
        "/decisions?user=jane",
        "/decisions?user=jane&source=acme",
        "/dead-letters",
        "/dead-letters/groups",
    ] {
        assert_eq!(count(get_as(&site, "viewer", list).await), 1, "{list}");
        assert_eq!(count(get_as(&site, "kept", list).await), 0, "{list}");
    }
    for file in ["/runs.csv", "/runs.json"] {
        assert!(get_as(&site, "viewer", file).await.text.contains(run.as_str()), "{file}");
        let text = get_as(&site, "kept", file).await.text;
        assert!(!text.contains(run.as_str()) && !text.contains("acme"), "{file}: {text}");
    }
    for path in [
        format!("/runs/{run}"),
        format!("/runs/{run}/entries"),
        format!("/runs/{run}/entries.csv"),
        format!("/runs/{run}/entries.json"),
        format!("/runs/{run}/diff?to={run}"),
        format!("/runs/{run}/undo"),
        "/dead-letters/l1".to_owned(),
    ] {
        assert_eq!(get_as(&site, "viewer", &path).await.status, StatusCode::OK);
        get_as(&site, "kept", &path).await.problem(404, "not-found");
    }
    for path in [format!("/runs/{run}/cancel"), format!("/runs/{run}/undo"), "/dead-letters/l1/dismiss".to_owned()] {
        post_as(&site, "kept", &path).await.problem(404, "not-found");
    }
    let redriven = ask_as(&site, "kept", Method::POST, "/dead-letters/redrive", r#"{"ids": ["l1"]}"#).await;
    assert_eq!(redriven.json()["refused"][0]["why"], "there is no such dead letter");
    let by_filter = ask_as(&site, "kept", Method::POST, "/dead-letters/redrive", r#"{"filter": {}}"#).await;
    assert_eq!((&by_filter.json()["redriven"], count_of(&by_filter, "refused")), (&Value::from(0), 0));
}

#[actix_web::test]
async fn runs_of_other_sources_are_not_deleted() {
    use crate::{
        domain::Truth,
        views::testing::{decision, verdict},
    };
    let site = Site::start();
    let decision = decision("e1", "jane", 0, vec![verdict("a", Truth::True, &["g"])]);
    site.following.log.decide(&decision);
    let run = decision.run(&decision.verdicts[0]);
    site.following.until(|views| views.run(&run).expect("read")).await;
    let delete =
        async |query: &str, body: &str| ask_as(&site, "kept", Method::DELETE, &format!("/runs{query}"), body).await;
    let why = r#"{"reason": "tidy"}"#;
    let all = delete("?before=2100-01-01T00:00:00Z", why).await.problem(403, "forbidden");
    assert!(all.contains("kept to some sources"), "{all}");
    delete("?before=2100-01-01T00:00:00Z&source=acme", why).await.problem(404, "not-found");
    let named = delete("", &format!(r#"{{"ids": ["{run}"], "reason": "tidy"}}"#)).await;
    assert_eq!((&named.json()["deleted"], &named.json()["left"]["missing"]), (&0.into(), &1.into()));
    assert_eq!(get_as(&site, "viewer", &format!("/runs/{run}")).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn a_draft_is_its_writers_own_whatever_name_they_state() {
    let site = Site::start();
    let draft = r#"{"scheme": {"id": "new"}}"#;
    let made = ask_as(&site, "boss", Method::POST, "/drafts", draft).await;
    assert_eq!(made.json()["owner"], "boss", "{}", made.text);
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    get_as(&site, "kept", &format!("/drafts/{id}")).await.problem(404, "not-found");
    let request = TestRequest::default().uri(&format!("{}/drafts/{id}", api::PREFIX));
    let request = request.insert_header(("Authorization", "Bearer token-of-kept"));
    let answer = site.send(request.insert_header(("X-Usher-Actor", "boss"))).await;
    answer.problem(404, "not-found");
}

fn count_of(answer: &TestResponse, member: &str) -> usize {
    answer.json()[member].as_array().expect("a list").len()
}

#[actix_web::test]
async fn the_tokens_are_those_of_the_configuration_of_now() {
    let site = Site::start();
    assert_eq!(get_as(&site, "viewer", "/sources").await.status, StatusCode::OK);
    let mut config = configuration();
    config.admin.tokens.retain(|token| token.name.to_string() != "viewer");
    site.listener.state().expect("open").shown.replace(&config);
    assert_eq!(get_as(&site, "viewer", "/sources").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(get_as(&site, "operator", "/sources").await.status, StatusCode::OK);
    assert_eq!(site.get("/api/v1/sources").await.status, StatusCode::OK, "the one of `admin` stays");
}
