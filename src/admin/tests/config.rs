use super::*;

#[actix_web::test]
async fn sources_are_shown_with_their_state_and_without_secrets() {
    let site = Site::start();
    let answer = site.get("/api/v1/sources").await;
    assert!(!answer.text.contains("s3cret"), "{}", answer.text);
    insta::assert_json_snapshot!(answer.json()["items"][0], @r#"
    {
      "base_url": "https://jira.example/path",
      "credentials_expire": "2027-03-01",
      "id": "acme",
      "implausible_times": null,
      "name": "The acme Jira",
      "paused": false,
      "paused_by": null,
      "product": "jira-dc",
      "rate": {
        "concurrency": 4,
        "per_second": 10.0
      },
      "reconciliation": {
        "as_of": null,
        "baseline": null,
        "every_seconds": 600,
        "held": 0,
        "known": 0,
        "last_order": null,
        "state": "baseline",
        "why": null
      },
      "runs_held": 0,
      "since": "2023-11-14T22:13:25.000Z",
      "state": "halted",
      "users": {
        "as_of": null,
        "complete": null,
        "count": null,
        "why": null
      },
      "webhook": {
        "last_accepted": null,
        "last_ignored": null,
        "last_refused": null
      },
      "why": "the product answered 401: no such user as secret-person"
    }
    "#);
    assert_eq!(answer.json()["items"][1]["state"], "running");
}

#[actix_web::test]
async fn one_source_is_shown_as_its_row_in_the_list_and_an_unknown_one_is_a_problem() {
    let site = Site::start();
    for row in site.all("/api/v1/sources", 500).await {
        let id = row["id"].as_str().expect("an id");
        let one = site.get(&format!("/api/v1/sources/{id}")).await;
        assert_eq!(one.status, StatusCode::OK);
        assert!(!one.text.contains("s3cret"), "{}", one.text);
        for (member, value) in row.as_object().expect("an object") {
            assert_eq!(one.json()[member], *value, "{id} {member}");
        }
    }
    for unknown in ["none", "ACME", "acme%20"] {
        let detail = site.get(&format!("/api/v1/sources/{unknown}")).await.problem(404, "not-found");
        assert!(detail.contains("no source"), "{detail}");
    }
    assert_eq!(site.ask(Method::GET, "/api/v1/sources/acme", None).await.status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn what_a_product_said_is_not_told_without_the_token() {
    let answer = Site::start().ask(Method::GET, "/readyz", None).await;
    assert!(!answer.text.contains("secret-person"), "{}", answer.text);
}

#[actix_web::test]
async fn schemes_are_shown_as_configured_with_their_version() {
    let site = Site::start();
    insta::assert_json_snapshot!(site.get("/api/v1/schemes").await.json()["items"][0], @r#"
    {
      "actions": [
        {
          "add_groups": [
            "staff"
          ]
        }
      ],
      "enabled": true,
      "id": "a",
      "last_run": null,
      "name": "Scheme a",
      "next_time": null,
      "paused": false,
      "provisioned": true,
      "references": null,
      "runs_held": 0,
      "select": {
        "everyone": true
      },
      "sentence": "When a user is created in The acme Jira: everybody is added to staff.",
      "source": "acme",
      "tag": "v1",
      "test_mode": false,
      "trigger": "on_create",
      "version": "v1"
    }
    "#);
}

#[actix_web::test]
async fn configured_lists_come_in_file_order_each_item_once() {
    let site = Site::start();
    for limit in [1, 2, 3, 500] {
        let ids = |items: Vec<Value>| items.into_iter().map(|item| item["id"].to_string()).collect::<String>();
        assert_eq!(ids(site.all("/api/v1/schemes", limit).await), r#""a""b""c""#);
        assert_eq!(ids(site.all("/api/v1/sources", limit).await), r#""acme""cloud""#);
    }
}

#[actix_web::test]
async fn products_are_shown_with_what_they_can_do() {
    let site = Site::start();
    let products = site.get("/api/v1/products").await.json()["items"].as_array().expect("products").clone();
    let cloud = products.iter().find(|row| row["product"] == "jira-cloud").expect("it is there");
    assert_eq!(cloud["name"], "Jira Cloud");
    insta::assert_json_snapshot!(cloud["actions"][4], @r#"
    {
      "can": "no",
      "what": "deactivate",
      "why": "accounts belong to Atlassian and not to the site; use `remove_application_access` to keep somebody out"
    }
    "#);
    insta::assert_json_snapshot!(cloud["webhooks"]["proofs"], @r#"
    [
      "hmac",
      "connect",
      "forge"
    ]
    "#);
    assert_eq!(site.ask(Method::GET, "/api/v1/products", None).await.status, 401);
}
