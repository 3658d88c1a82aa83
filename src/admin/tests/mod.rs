//! The whole listener: routes, token and headers as a client sees them, over views that follow a log.

mod acts;
mod config;
mod dead_letters;
mod drafts;
mod http;
mod log;
mod odd;
mod openapi;
mod picks;
mod roles;
mod scheme_pages;
mod schemes;
mod users;

use std::{collections::BTreeMap, path::PathBuf, sync::Mutex};

use actix_web::{
    App,
    http::{Method, StatusCode, header::HeaderMap},
    test::{TestRequest, call_service, init_service, read_body},
};
use async_trait::async_trait;
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;
use crate::{
    clock::SystemClock,
    config::{Admin, Auth, LogConfig, NamedToken, ProvisionedScheme, Source, Webhooks},
    domain::{Action, Mode, Product, Role, Scheme, SchemeRef, Selection, SourceScope, Trigger},
    engine::testing::{Stub, running},
    explain::Explainer,
    health::Health,
    products::Client,
    views::testing::{Following, at},
};

const TOKEN: &str = "the-admin-token";

/// The listener with the log it shows.
struct Site {
    following: Following,
    listener: web::Data<ListenerState>,
    process: Arc<Process>,
    _settings: DropGuard,
}

/// The state of the process, as the test sets it.
#[derive(Default)]
struct Process {
    waits: Mutex<Vec<Wait>>,
    hangs: bool,
}

#[async_trait]
impl Readiness for Process {
    async fn waiting_for(&self) -> Vec<Wait> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        self.waits.lock().expect("not poisoned").clone()
    }

    fn components(&self) -> BTreeMap<String, bool> {
        BTreeMap::from([("views".to_owned(), false), ("planner acme 3".to_owned(), true)])
    }

    fn sources(&self) -> Vec<SourceHealth> {
        let why = Some("the product answered 401: no such user as secret-person".to_owned());
        let health =
            |id: &str, state, why, since| SourceHealth { source: id.parse().expect("an id"), state, why, since };
        vec![health("cloud", SourceState::Running, None, None), health("acme", SourceState::Halted, why, Some(at(5)))]
    }
}

struct TestResponse {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl TestResponse {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// Asserts that it is a problem document of this kind, and gives its detail.
    #[track_caller]
    fn problem(&self, status: u16, kind: &str) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:usher:problem:{kind}"));
        problem["detail"].as_str().expect("a detail").to_owned()
    }
}

impl Site {
    fn start() -> Self {
        Self::of(Process::default())
    }

    fn of(process: Process) -> Self {
        Self::keeping(process, None)
    }

    /// With a roster, if there is one.
    fn keeping(process: Process, roster: Option<crate::roster::Roster>) -> Self {
        let (following, process) = (Following::start(), Arc::new(process));
        let metrics = Metrics::new().expect("metrics");
        let views = following.views.clone();
        let readiness = Arc::clone(&process) as Arc<dyn Readiness>;
        let config = configuration();
        let settings = Settings::new(&config, following.log.clone(), Arc::new(SystemClock));
        let stop = CancellationToken::new();
        tokio::spawn(settings.clone().follow(Health::default(), stop.clone()));
        let product: Arc<dyn Client> = Arc::new(Stub::default()); // where every group is there
        let register = Register::default();
        config.sources.iter().for_each(|source| register.put(running(source.id.clone(), Arc::clone(&product))));
        let explainer = Explainer::new(register, Arc::new(views.clone()), Arc::new(SystemClock));
        let commands = AdminCommands::new(following.log.clone(), Arc::new(SystemClock));
        let ids = config.sources.iter().map(|source| &source.id);
        let arrivals = Arrivals::new(ids, metrics.clone(), Arc::new(SystemClock));
        let nothing = Register::default();
        let users =
            Users::new(roster, views.clone(), Arc::new(SystemClock), nothing.clone(), Handle::current(), stop.clone());
        let parts = Parts {
            log: following.log.clone(),
            views,
            settings,
            explainer,
            commands,
            arrivals,
            users,
            register: nothing,
        };
        let listener = ListenerState::new(Arc::clone(&readiness), metrics.clone());
        listener.open(AdminState::new(&config, Secret::new(TOKEN), parts, metrics, readiness));
        Self { following, listener: web::Data::new(listener), process, _settings: stop.drop_guard() }
    }

    /// Asks with a given `Authorization` header, or without one.
    async fn ask(&self, method: Method, uri: &str, authorization: Option<&str>) -> TestResponse {
        let mut request = TestRequest::default().method(method).uri(uri);
        if let Some(value) = authorization {
            request = request.insert_header(("Authorization", value));
        }
        self.send(request).await
    }

    async fn send(&self, request: TestRequest) -> TestResponse {
        let service = init_service(App::new().configure(configure(self.listener.clone(), true, |scope| scope))).await;
        let request = request.to_request();
        let (method, uri) = (request.method().clone(), request.uri().to_string());
        let response = call_service(&service, request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response).await;
        let answer = TestResponse { status, headers, text: String::from_utf8(body.to_vec()).expect("text") };
        openapi::check(&method, &uri, &answer);
        answer
    }

    /// Asks as an administrator does.
    async fn get(&self, uri: &str) -> TestResponse {
        self.ask(Method::GET, uri, Some(&format!("Bearer {TOKEN}"))).await
    }

    /// The items of all pages of a list, asked for `limit` at a time.
    async fn all(&self, uri: &str, limit: usize) -> Vec<Value> {
        let first = format!("{uri}{}limit={limit}", if uri.contains('?') { '&' } else { '?' });
        let (mut items, mut next) = (Vec::new(), first.clone());
        for _page in 0..100 {
            let answer = self.get(&next).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
            let page = answer.json();
            let found = page["items"].as_array().expect("items");
            assert!(found.len() <= limit);
            items.extend(found.iter().cloned());
            match &page["next"] {
                Value::String(cursor) => next = format!("{first}&cursor={cursor}"),
                end => {
                    assert_eq!(*end, Value::Null);
                    return items;
                }
            }
        }
        unreachable!("the list has an end")
    }
}

fn configuration() -> Config {
    let listen = ([127, 0, 0, 1], 0).into();
    Config {
        data_dir: PathBuf::from("unused"),
        mode: Mode::Active,
        webhooks: Webhooks { listen, max_body: 1, linger: std::time::Duration::ZERO, trust_traceparent: false },
        admin: Admin { tokens: tokens(), ..Admin::at(listen) },
        console: crate::config::Console::default(),
        log: LogConfig::Embedded,
        secrets_key: None,
        sources: vec![source("acme", Product::JiraDc), source("cloud", Product::JiraCloud)],
        schemes: ["a", "b", "c"].map(scheme).into(),
    }
}

/// A token of each role, `token-of-NAME`, and one that is kept to a source.
fn tokens() -> Vec<NamedToken> {
    let all = SourceScope::All;
    let kept = SourceScope::Only(["cloud".parse().expect("an id")].into());
    [
        ("viewer", Role::Viewer, all.clone()),
        ("operator", Role::Operator, all.clone()),
        ("boss", Role::Admin, all),
        ("kept", Role::Admin, kept),
    ]
    .map(|(name, role, sources)| {
        let secret = Secret::new(format!("token-of-{name}"));
        NamedToken { name: name.parse().expect("a name"), role, sources, secret }
    })
    .into()
}

fn source(id: &str, product: Product) -> Source {
    let password = Secret::new("s3cret-password");
    let base_url = "https://s3cret-name:s3cret-password@jira.example/path".parse().expect("an address");
    let auth = Auth::Basic { username: "s3cret-person@acme.example".into(), password };
    Source {
        name: format!("The {id} Jira"),
        credentials_expire: chrono::NaiveDate::from_ymd_opt(2027, 3, 1),
        webhook: crate::config::Webhook { hmac: vec![Secret::new("s3cret-hmac")], ..Default::default() },
        ..Source::new(id.parse().expect("an id"), product, base_url, auth)
    }
}

fn scheme(id: &str) -> ProvisionedScheme {
    let scheme = Scheme {
        id: id.parse().expect("an id"),
        name: format!("Scheme {id}"),
        source: "acme".parse().expect("an id"),
        trigger: Trigger::OnCreate,
        enabled: true,
        test_mode: false,
        select: Selection(vec![crate::domain::Condition::Everyone(crate::domain::True)]),
        only_groups: vec![],
        exempt: crate::domain::Exempt::default(),
        actions: vec![Action::AddGroups(vec![crate::domain::GroupName::new("staff")])],
        limits: crate::domain::Limits::default(),
    };
    let reference = SchemeRef { id: scheme.id.clone(), version: "v1".into() };
    ProvisionedScheme { scheme, reference }
}
