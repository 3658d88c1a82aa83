//! The sandbox over HTTP, as usher and its tests meet it.

mod atlassian_org;
mod confluence_cloud;
mod confluence_dc;
mod control;
mod faults;
mod jira_cloud;
mod jira_dc;
mod limits;
mod odd;
mod webhook;

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use usher::{
    config::Auth,
    domain::Product,
    sandbox::{Account, Options, Sandbox},
};

/// One site of a fresh sandbox, with the acting account's credentials.
struct Site {
    sandbox: Sandbox,
    product: Product,
    http: Client,
}

impl Site {
    /// With the users Jane and Joe, the group `staff` and nobody in it.
    fn start(product: Product) -> Self {
        let sandbox = Sandbox::start(Options::default()).expect("a sandbox");
        sandbox.put_user(product, Account::new("id:jane", "jane").email("jane@acme.example"));
        sandbox.put_user(product, Account::new("id:joe", "joe").email("joe@acme.example").hide_email());
        sandbox.put_group(product, "staff");
        Self { sandbox, product, http: client() }
    }

    /// A request without credentials; `path` is below the REST API's.
    fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        let api = match self.product {
            Product::JiraDc => "rest/api/2",
            Product::JiraCloud => "rest/api/3",
            Product::ConfluenceDc => "rest/api",
            Product::ConfluenceCloud => "wiki/rest/api",
            other => unreachable!("{other} is not tried here yet"),
        };
        self.http.request(method, format!("{}/{api}/{path}", self.sandbox.base_url(self.product)))
    }

    /// A request of the acting account.
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        match self.sandbox.auth(self.product) {
            Auth::Bearer(token) => self.anonymous(method, path).bearer_auth(token.reveal()),
            Auth::Basic { username, password } => {
                self.anonymous(method, path).basic_auth(username, Some(password.reveal()))
            }
        }
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path)).await
    }

    async fn delete(&self, path: &str) -> u16 {
        answer(self.request(Method::DELETE, path)).await.0
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(method, path).json(&body)).await
    }

    /// The journal, an entry a line.
    fn journal(&self) -> Vec<String> {
        self.sandbox.journal().iter().map(ToString::to_string).collect()
    }
}

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("a client")
}

/// Status and body; null where the body is not JSON.
async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let body = response.bytes().await.expect("a body");
    (status.as_u16(), serde_json::from_slice(&body).unwrap_or_default())
}

/// Asserts that an answer is a refusal with Jira's error body.
fn assert_refused(answer: &(u16, Value), status: u16) {
    assert_eq!(answer.0, status, "{answer:?}");
    assert!(answer.1["errorMessages"].is_array() && answer.1["errors"].is_object(), "{answer:?}");
    assert!(StatusCode::from_u16(status).expect("a status").is_client_error());
}

#[tokio::test]
async fn a_stopped_sandbox_frees_its_port() {
    let sandbox = Sandbox::start(Options::default()).expect("a sandbox");
    let listen = sandbox.origin().socket_addrs(|| None).expect("an address")[0];
    sandbox.stop().await.expect("a clean end");
    Sandbox::start(Options { listen, seed: 0 }).expect("the same port again");
}

#[tokio::test]
async fn what_is_below_no_site_is_not_found() {
    let site = Site::start(Product::JiraDc);
    let url = site.sandbox.origin().join("jira-dcx/rest/api/2/myself").expect("a url");
    assert_eq!(answer(site.http.get(url)).await.0, 404);
}
