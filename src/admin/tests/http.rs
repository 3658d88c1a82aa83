use super::*;

const API: [&str; 10] = [
    "/api/v1/runs",
    "/api/v1/runs/e1.a",
    "/api/v1/runs/e1.a/entries",
    "/api/v1/decisions?source=acme&user=jane",
    "/api/v1/dead-letters",
    "/api/v1/sources",
    "/api/v1/sources/acme",
    "/api/v1/schemes",
    "/api/v1/schemes/a",
    "/api/v1/schemes/a/history",
];

#[actix_web::test]
async fn the_api_answers_nothing_without_the_right_token() {
    let site = Site::start();
    let wrong = ["", "Bearer", "Bearer ", "Bearer wrong", "Basic dGhlLWFkbWluLXRva2Vu", TOKEN, "Bearer the-admin-toke"];
    for uri in API.into_iter().chain(["/api/v1", "/api/v1/", "/api/v1/nothing"]) {
        for authorization in [None].into_iter().chain(wrong.map(Some)) {
            let answer = site.ask(Method::GET, uri, authorization).await;
            assert!(answer.problem(401, "unauthorized").contains("Authorization: Bearer"), "{uri} {authorization:?}");
            assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="usher""#);
        }
    }
    for uri in API {
        let answer = site.get(uri).await;
        assert!([200, 404].contains(&answer.status.as_u16()), "{uri}: {}", answer.status);
    }
}

#[actix_web::test]
async fn probes_need_no_token() {
    let site = Site::start();
    for uri in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(site.ask(Method::GET, uri, None).await.status, StatusCode::OK, "{uri}");
    }
    assert_eq!(site.ask(Method::GET, "/healthz", None).await.text, r#"{"status":"alive"}"#);
}

#[actix_web::test]
async fn metrics_are_in_the_text_format_of_prometheus() {
    let answer = Site::start().ask(Method::GET, "/metrics", None).await;
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4");
    assert!(answer.text.contains("# TYPE usher_build_info gauge"), "{}", answer.text);
}

#[actix_web::test]
async fn a_halted_source_is_shown_and_does_not_make_usher_unready() {
    let answer = Site::start().ask(Method::GET, "/readyz", None).await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_snapshot!(answer.text, @r#"{"status":"ready","waiting_for":[],"sources":[{"source":"cloud","state":"running","since":null},{"source":"acme","state":"halted","since":"2023-11-14T22:13:25.000Z"}]}"#);
}

#[actix_web::test]
async fn without_its_log_usher_is_alive_and_not_ready() {
    let site = Site::start();
    site.process.waits.lock().expect("not poisoned").push(Wait::new("log", "no broker answers"));
    let answer = site.ask(Method::GET, "/readyz", None).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["status"], "waiting");
    assert_eq!(answer.json()["waiting_for"][0]["what"], "log");
    assert_eq!(answer.json()["waiting_for"][0]["why"], "no broker answers");
    let ready = async || {
        let metrics = site.ask(Method::GET, "/metrics", None).await.text;
        let lines = metrics.lines().filter_map(|line| line.strip_prefix("usher_ready{waiting_for=").map(str::to_owned));
        lines.collect::<Vec<_>>()
    };
    assert_eq!(ready().await, ["\"\"} 0", "\"log\"} 0"]);
    site.process.waits.lock().expect("not poisoned").clear();
    assert_eq!(ready().await, ["\"\"} 1"]);
    assert_eq!(site.ask(Method::GET, "/healthz", None).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn a_process_that_ends_is_alive_not_ready_and_no_component_of_it_fails_by_that() {
    let site = Site::start();
    site.process.waits.lock().expect("not poisoned").push(Wait::stopping());
    let answer = site.ask(Method::GET, "/readyz", None).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["status"], "stopping");
    assert_eq!(answer.json()["waiting_for"][0]["what"], "stopping");
    assert_eq!(site.ask(Method::GET, "/healthz", None).await.status, StatusCode::OK);
    let metrics = site.ask(Method::GET, "/metrics", None).await.text;
    let of_components = metrics.lines().filter(|line| line.starts_with("usher_component_failing"));
    assert!(
        of_components.clone().count() > 0 && of_components.clone().all(|line| !line.contains("stopping")),
        "{metrics}"
    );
    assert!(metrics.contains("usher_ready{waiting_for=\"stopping\"} 0"), "{metrics}");
}

#[actix_web::test]
async fn a_readiness_check_that_hangs_is_answered_not_ready() {
    let answer = Site::of(Process { hangs: true, ..Process::default() }).ask(Method::GET, "/readyz", None).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text.contains("no answer within 2 s"), "{}", answer.text);
}

#[actix_web::test]
async fn other_methods_than_those_of_a_path_are_refused_with_those() {
    let site = Site::start();
    let more = [
        ("/api/v1/runs", "GET, HEAD, DELETE"),
        ("/api/v1/schemes", "GET, HEAD, POST"),
        ("/api/v1/sources", "GET, HEAD, POST"),
        ("/api/v1/sources/acme", "GET, HEAD, PUT, DELETE"),
        ("/api/v1/schemes/a", "GET, HEAD, PUT, DELETE"),
    ];
    let ask = ["/api/v1/schemes/a/pause", "/api/v1/schemes/a/resume", "/api/v1/sources/acme/pause"];
    for uri in API.into_iter().chain(["/healthz", "/readyz", "/metrics"]).chain(ask) {
        let allowed = match more.iter().find(|(path, _)| *path == uri) {
            Some((_, allowed)) => allowed,
            None if ask.contains(&uri) => "POST",
            None => "GET, HEAD",
        };
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            if allowed.contains(method.as_str()) {
                continue;
            }
            let answer = site.ask(method, uri, Some(&format!("Bearer {TOKEN}"))).await;
            assert!(answer.problem(405, "method-not-allowed").contains(allowed));
            assert_eq!(answer.header("allow"), allowed);
        }
    }
    assert_eq!(site.ask(Method::HEAD, "/healthz", None).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn what_is_not_there_is_a_problem_too() {
    let site = Site::start();
    for uri in ["/nothing", "/api", "/api/v2/runs", "/api/v1", "/api/v1/nothing", "/healthz/x"] {
        assert!(site.get(uri).await.problem(404, "no-such-path").contains("/api/v1"), "{uri}");
    }
    for uri in ["/api/v1/schemes/none", "/api/v1/schemes/none/history", "/api/v1/schemes/No%20id"] {
        let id = if uri.contains("No") { "No id" } else { "none" };
        assert_eq!(site.get(uri).await.problem(404, "not-found"), format!("there is no scheme `{id}`"));
    }
    for uri in ["/api/v1/runs/none", "/api/v1/runs/none/entries"] {
        assert_eq!(site.get(uri).await.problem(404, "not-found"), "there is no run `none`");
    }
}

#[actix_web::test]
async fn every_answer_carries_the_security_headers() {
    let site = Site::start();
    for uri in API.into_iter().chain(["/healthz", "/readyz", "/metrics", "/nothing"]) {
        for authorization in [None, Some("Bearer the-admin-token")] {
            let answer = site.ask(Method::GET, uri, authorization).await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{uri}");
            assert_eq!(answer.header("cache-control"), "no-store", "{uri}");
            assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{uri}");
        }
    }
}

#[actix_web::test]
async fn a_query_that_cant_be_understood_is_refused_with_what_to_write() {
    let site = Site::start();
    for (uri, hint) in [
        ("/api/v1/runs?shceme=a", "unknown field `shceme`, expected one of `scheme`, `source`"),
        ("/api/v1/runs?limit=0", "from 1 to 500"),
        ("/api/v1/runs?limit=501", "from 1 to 500"),
        ("/api/v1/runs?cursor=zz", "`next` of the page before"),
        ("/api/v1/runs?scheme=A%20B", "a-z, 0-9"),
        ("/api/v1/runs?source=%C3%A4", "a-z, 0-9"),
        ("/api/v1/runs?action=explode", "add_groups, remove_groups"),
        ("/api/v1/runs?result=good", "changed, unchanged, tested, held, failed"),
        ("/api/v1/runs?since=yesterday", "write it like 2026-11-21T08:30:00Z"),
        ("/api/v1/runs?limit=1&limit=2", "duplicate field `limit`"),
        ("/api/v1/runs/e1.a?limit=1", "unknown field `limit`"),
        ("/api/v1/runs/e1.a/entries?since=1", "unknown field `since`"),
        ("/api/v1/decisions", "`user=<lasting id or login name>`"),
        ("/api/v1/decisions?source=acme", "`user=<lasting id or login name>`"),
        ("/api/v1/decisions?source=acme&user=", "`user=<lasting id or login name>`"),
        ("/api/v1/dead-letters?sauce=acme", "unknown field `sauce`"),
        ("/api/v1/sources?limit=many", "from 1 to 500"),
    ] {
        let detail = site.get(uri).await.problem(400, "bad-query");
        assert!(detail.contains(hint), "{uri}: {detail}");
    }
    let stale = site.get("/api/v1/schemes?cursor=abcd").await.problem(409, "conflict");
    assert!(stale.contains("leave it out for the first page"), "{stale}");
    assert_eq!(site.get("/api/v1/schemes?cursor=").await.status, StatusCode::OK);
}

#[actix_web::test]
async fn a_process_without_the_admin_role_answers_probes_and_metrics_only() {
    let site = Site::start();
    let service = init_service(App::new().configure(configure(site.listener.clone(), false, |scope| scope))).await;
    for (path, expected) in [("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/", 404), ("/api/v1/runs", 404)]
    {
        let request = TestRequest::get().uri(path).insert_header(("Authorization", format!("Bearer {TOKEN}")));
        assert_eq!(call_service(&service, request.to_request()).await.status().as_u16(), expected, "{path}");
    }
}

#[actix_web::test]
async fn while_usher_starts_probes_are_answered_and_the_api_says_that_it_is_not_there_yet() {
    let waits = Mutex::new(vec![Wait::new("log", "no broker answers")]);
    let process = Arc::new(Process { waits, hangs: false });
    let listener = web::Data::new(ListenerState::new(process, Metrics::new().expect("metrics")));
    let service = init_service(App::new().configure(configure(listener, true, |scope| scope))).await;
    for (path, status) in
        [("/healthz", 200), ("/readyz", 503), ("/metrics", 200), ("/api/v1/runs", 503), ("/api/v1/nothing", 503)]
    {
        let response = call_service(&service, TestRequest::default().uri(path).to_request()).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
    }
}
