//! Two who change a scheme at once: one at a terminal, the other by the API in between.

use std::{net::TcpListener, sync::Arc};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    web::{Bytes, Data, to},
};
use reqwest::{Client, Method, StatusCode, header};

use super::Terminal;
use crate::support::{
    app::TestApp,
    ground::{ADMIN_TOKEN, Ground},
};

const FILE: &str = "\
schemes:
  - { id: a, source: acme, trigger: on_create, select: { everyone: true }, actions: [{ add_groups: [staff] }] }
";

/// Hands everything on to an usher, and changes the scheme `a` once the list of schemes was read.
struct Meddler {
    http: Client,
    admin: String,
}

impl Meddler {
    async fn hand_on(&self, method: Method, path: &str, of: &HttpRequest, body: Bytes) -> (StatusCode, Bytes) {
        let mut request =
            self.http.request(method, format!("{}{path}", self.admin)).bearer_auth(ADMIN_TOKEN).body(body);
        if let Some(tag) = of.headers().get("If-Match") {
            request = request.header(header::IF_MATCH, tag.to_str().expect("text"));
        }
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.bytes().await.expect("a body"))
    }

    async fn change(&self) {
        let request = self.http.put(format!("{}/api/v1/schemes/a", self.admin)).bearer_auth(ADMIN_TOKEN);
        let answer = request.header(header::IF_MATCH, "*").body(THEIRS).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
    }
}

async fn meddle(meddler: Data<Arc<Meddler>>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let method: Method = request.method().as_str().parse().expect("a method");
    let is_list = method == Method::GET && request.path() == "/api/v1/schemes";
    let (status, answer) = meddler.hand_on(method, request.path(), &request, body).await;
    if is_list {
        meddler.change().await;
    }
    let status = actix_web::http::StatusCode::from_u16(status.as_u16()).expect("a status");
    HttpResponse::build(status).content_type("application/json").body(answer)
}

/// What applying `file` says where somebody stores [`THEIRS`] in between, and the groups that `a` gives then.
async fn applied(file: &str, words: &str) -> (Option<i32>, String, String) {
    let app = TestApp::start(Ground::new("").groups(&["staff", "mine", "theirs"])).await;
    let terminal = Terminal::of(&app);
    terminal.write("schemes.yaml", FILE);
    terminal.says("schemes apply -f schemes.yaml").await;
    terminal.write("schemes.yaml", file);

    let meddler = Meddler { http: Client::new(), admin: format!("http://{}", app.admin) };
    let data = Data::new(Arc::new(meddler));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = HttpServer::new(move || App::new().app_data(data.clone()).default_service(to(meddle)));
    let server = server.workers(1).disable_signals().listen(listener).expect("listening").run();
    let handle = server.handle();
    tokio::spawn(server);
    let between = Terminal { url, ..terminal };
    let said = between.run(&format!("schemes apply -f schemes.yaml {words}")).await;
    handle.stop(false).await;
    let left = app.ask("schemes/a", &[]).await.1["actions"][0]["add_groups"].to_string();
    (said.code, said.err, left)
}

const THEIRS: &str = r#"{"id": "a", "source": "acme", "trigger": "on_create", "select": {"everyone": true},
    "actions": [{"add_groups": ["theirs"]}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changes_after_it_was_compared_is_not_written_over() {
    let (code, err, left) = applied(&FILE.replace("staff", "mine"), "").await;
    assert_eq!((code, left.as_str()), (Some(1), r#"["theirs"]"#), "{err}");
    assert!(err.contains("a: ") && err.contains("not as it was when you read it"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changes_after_it_was_compared_is_not_deleted() {
    let (code, err, left) = applied("schemes: []\n", "--prune --yes").await;
    assert_eq!((code, left.as_str()), (Some(1), r#"["theirs"]"#), "{err}");
}
