//! The way to a source: through a proxy, with authorities of one's own, and not where the environment points.

mod certificates;
mod proxy;
mod site;

use std::{fs, sync::Arc, time::Duration};

use usher::{
    clock::SystemClock,
    config,
    domain::Product,
    metrics::Metrics,
    products::{Client, Limits, connect_within},
    sandbox::{Options, Sandbox, TOKEN, webhook::Happening},
};

use self::{
    proxy::{CREDENTIALS, ForwardProxy},
    site::{Authority, TlsSite},
};
use crate::support::{
    ground::{ACME, Ground},
    usher::Usher,
};

/// A client of a source that has `keys`, as `usher.yaml` has them.
fn client(keys: &str) -> Arc<dyn Client> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("usher.yaml");
    let fixed = "id: acme, product: jira-dc, auth: { bearer: { env: TOKEN } }";
    fs::write(&path, format!("sources: [{{ {fixed}, {keys} }}]")).expect("written");
    let env = [("TOKEN", TOKEN), ("PROXY_PASSWORD", "s3cret")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = config::load(Some(&path), env).expect(keys).config;
    let limits = Limits { connect: Duration::from_secs(10), call: Duration::from_secs(20), ..Limits::default() };
    connect_within(limits, &config.sources[0], Metrics::new().expect("metrics"), Arc::new(SystemClock))
        .expect("a client")
}

/// What it says that a source is out of reach.
async fn unreachable(keys: &str) -> String {
    let error = client(keys).probe().await.expect_err(keys).to_string();
    error.strip_prefix("the product can't be reached: ").expect(&error).to_owned()
}

#[tokio::test]
async fn plain_calls_go_through_the_proxy_which_alone_has_to_know_the_host() {
    let sandbox = Sandbox::start(Options::default()).expect("a free port");
    let proxy = ForwardProxy::to(sandbox.origin().port().expect("a port")).await;
    let keys =
        format!("base_url: \"http://jira.internal/jira-dc\", plain_http: jira.internal, proxy: \"{}\"", proxy.url());
    assert_eq!(client(&keys).probe().await, Ok(()));
    assert_eq!(proxy.asked(), ["GET http://jira.internal/jira-dc/rest/api/2/myself"]);
}

#[tokio::test]
async fn encrypted_calls_go_through_a_tunnel_and_stay_encrypted() {
    let authority = Authority::new("Acme");
    let site = TlsSite::start(&authority, "jira.internal").await;
    let proxy = ForwardProxy::to(site.port).await;
    let ca = authority.file();
    let keys =
        format!("base_url: \"https://jira.internal\", proxy: \"{}\", ca: \"{}\"", proxy.url(), ca.path().display());
    let client = client(&keys);
    for _ in 0..3 {
        assert_eq!(client.probe().await, Ok(()));
    }
    assert_eq!(proxy.asked(), ["CONNECT jira.internal:443"], "one tunnel, used again");
    assert_eq!(site.asked(), ["GET /rest/api/2/myself"; 3]);
}

#[tokio::test]
async fn a_proxy_is_told_its_credentials_and_the_product_is_not() {
    let authority = Authority::new("Acme");
    let site = TlsSite::start(&authority, "jira.internal").await;
    let ca = authority.file();
    let sandbox = Sandbox::start(Options::default()).expect("a free port");
    for (port, target) in [
        (site.port, format!("base_url: \"https://jira.internal\", ca: \"{}\"", ca.path().display())),
        (
            sandbox.origin().port().expect("a port"),
            "base_url: \"http://jira.internal/jira-dc\", plain_http: jira.internal".to_owned(),
        ),
    ] {
        let proxy = ForwardProxy::to(port).await.wanting(CREDENTIALS);
        let url = proxy.url();
        let known =
            format!("{target}, proxy: {{ url: \"{url}\", username: usher, password: {{ env: PROXY_PASSWORD }} }}");
        assert_eq!(client(&known).probe().await, Ok(()), "{target}");
        for unknown in [
            format!("{target}, proxy: \"{url}\""),
            format!("{target}, proxy: {{ url: \"{url}\", username: usher, password: {{ env: TOKEN }} }}"),
        ] {
            let why = unreachable(&unknown).await;
            assert!(why.ends_with(&format!("(by way of the `proxy` {})", url.trim_end_matches('/'))), "{why}");
            assert!(!why.contains("s3cret") && !why.contains(TOKEN), "{why}");
        }
    }
    assert!(site.heads().iter().all(|head| !head.to_lowercase().contains("proxy-authorization")));
}

#[tokio::test]
async fn a_certificate_counts_only_with_an_authority_that_is_trusted_for_the_host_it_is_for() {
    let authority = Authority::new("Acme");
    let site = TlsSite::start(&authority, "127.0.0.1").await;
    let ca = authority.file();
    let url = format!("base_url: \"https://127.0.0.1:{}\"", site.port);
    assert_eq!(client(&format!("{url}, ca: \"{}\"", ca.path().display())).probe().await, Ok(()));
    let advice = "if the authority is your own, name its certificate's file in `ca`";
    let why = unreachable(&url).await;
    assert!(why.ends_with(advice), "{why}");
    for other in ["Globex", "Acme"].map(|name| Authority::new(name).file()) {
        let why = unreachable(&format!("{url}, ca: \"{}\"", other.path().display())).await;
        assert_eq!(
            why,
            "its certificate is not signed by an authority in the file that `ca` names, nor in there itself"
        );
    }
    assert_eq!(site.asked(), ["GET /rest/api/2/myself"], "nothing was said to whom was not trusted");

    let elsewhere = TlsSite::start(&authority, "jira.example").await;
    let url = format!("base_url: \"https://127.0.0.1:{}\", ca: \"{}\"", elsewhere.port, ca.path().display());
    let why = unreachable(&url).await;
    assert_eq!(why, "its certificate is for another host; write in `base_url` the host that it is for");
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_environment_points_nobody_goes() {
    let scheme = "{ id: s, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
        actions: [{ add_groups: [staff] }] }";
    let ground = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .fold(Ground::new(scheme).groups(&["staff"]), |ground, name| ground.tweak(name, "http://127.0.0.1:9"));
    let jane = usher::sandbox::Account::new("JIRAUSER1", "jane");
    ground.sandbox.put_user(Product::JiraDc, jane.clone());
    let usher = Usher::start(&ground).await;
    let created = usher.tell(ACME, Happening::Created, &jane).await;
    assert_eq!(usher.ended(&created).await, ["s: add_groups staff changed"]);
}
