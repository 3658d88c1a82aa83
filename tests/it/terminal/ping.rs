//! `usher ping` against an usher that runs.

use super::{Said, Terminal};
use crate::support::{app::TestApp, ground::Ground};

async fn ping(app: &TestApp, more: &str, env: &[(&str, &str)]) -> Said {
    let config = app.ground.config_path();
    let own = app.ground.env();
    let env: Vec<_> =
        own.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(env.iter().copied()).collect();
    let words = format!("ping --config {} --url http://{} {more}", config.display(), app.webhooks);
    Terminal::of(app).run_in(&words, "", &env).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_proves_the_secret_of_each_source_and_makes_no_event() {
    let app = TestApp::start(Ground::new("")).await;
    let said = ping(&app, "", &[]).await;
    assert_eq!(said, Said { code: Some(0), out: "acme: ok\nglobex: ok\n".to_owned(), err: String::new() });
    for source in ["acme", "globex"] {
        let series = |result: &str| format!("usher_webhooks_total{{result=\"{result}\",source=\"{source}\"}}");
        assert_eq!(app.metric(&series("ignored")).await, Some(1.0));
        assert_eq!(app.metric(&series("accepted")).await, Some(0.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_with_another_secret_is_refused_and_the_others_are_sent() {
    let app = TestApp::start(Ground::new("")).await;
    let said = ping(&app, "", &[("TEST_ACME_SECRET", "another-secret-0123456789")]).await;
    assert_eq!((said.code, said.out.as_str()), (Some(1), "globex: ok\n"));
    assert!(said.err.starts_with("usher: acme: 401: "), "{}", said.err);
    assert!(!said.err.contains("another-secret"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_to_nobody_says_so() {
    let mut app = TestApp::start(Ground::new("")).await;
    let one = ping(&app, "--source globex", &[]).await;
    assert_eq!((one.code, one.out.as_str()), (Some(0), "globex: ok\n"));
    let none = ping(&app, "--source nobody", &[]).await;
    assert_eq!((none.code, none.out.as_str()), (Some(2), ""));
    assert!(none.err.contains("`nobody`"), "{}", none.err);

    let address = app.webhooks;
    app.stop().await;
    let config = app.ground.config_path();
    let env = app.ground.env();
    let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let words = format!("ping --config {} --url http://{address} --source acme", config.display());
    let gone = Terminal::to("http://127.0.0.1:9").run_in(&words, "", &env).await;
    assert_eq!((gone.code, gone.out.as_str()), (Some(1), ""));
    assert!(gone.err.starts_with("usher: acme: no answer: "), "{}", gone.err);
}
