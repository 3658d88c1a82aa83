//! Probes are answered at once, whatever the API is asked at the same time.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::{face::PROBE_TIMEOUT, ground::Ground, usher::Usher};

/// A scheme may be wrong in many ways, and is still answered soon. Debug builds are slow.
const SOON: Duration = Duration::from_secs(30);

/// A scheme with these conditions and actions.
fn scheme(id: &str, select: &str, actions: &str) -> String {
    format!(
        "{{ id: {id}, source: acme, trigger: manual, enabled: false, select: {{ {select} }}, actions: [{actions}] }}"
    )
}

/// `part` so many times, with its number in place of `#`.
fn repeated(times: usize, part: &str) -> String {
    (0..times).fold(String::new(), |mut text, number| {
        write!(text, "{}, ", part.replace('#', &number.to_string())).expect("a string takes anything");
        text
    })
}

/// Schemes that are short and ask for much. Each is refused.
fn costly() -> Vec<(&'static str, String)> {
    let staff = "{ add_groups: [staff] }";
    let everyone = "everyone: true";
    let (long, aliases) = (" x".repeat(22_000), "*a, ".repeat(1_000));
    let laughs = format!("{{ add_groups: &l [&a \"{long} \", {aliases}] }}, {}", repeated(8, "{ remove_groups: *l }"));
    let sums = format!("{{ where: 'user.name in [{}]' }}", "\"a\", ".repeat(780));
    let patterns = format!("{{ where: 'user.groups.exists(g, g.matches(\"{}\"))' }}", "(a{9}){9}".repeat(400));
    let nested = format!("{{ where: '{}true{}' }}", "(".repeat(2_000), ")".repeat(2_000));
    let templates = repeated(60_000, "f#: \"{{ user.name }}\"");
    let issue = format!("{{ create_issue: {{ project: OPS, type: Task, summary: s, fields: {{ {templates} }} }} }}");
    vec![
        ("aliases", scheme("s", everyone, &laughs)),
        ("expressions", scheme("s", &format!("any: [{}]", repeated(650, &sums)), staff)),
        ("patterns", scheme("s", &format!("any: [{}]", repeated(650, &patterns)), staff)),
        ("brackets", scheme("s", &format!("any: [{}]", repeated(650, &nested)), staff)),
        ("conditions", scheme("s", &format!("any: [{}]", repeated(60_000, "{ email_domain: [e#.example] }")), staff)),
        ("groups", scheme("s", everyone, &format!("{{ add_groups: [{}] }}", repeated(200_000, "g#")))),
        ("templates", scheme("s", everyone, &issue)),
        ("keys", scheme("s", &repeated(40_000, "k#kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: 1"), staff)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_are_answered_at_once_while_costly_schemes_are_checked() {
    let ground = Ground::new("").groups(&["staff"]);
    let usher = Usher::start(&ground).await;
    let before = usher.resident();
    for (what, text) in costly() {
        assert!(text.len() < 3 << 20, "{what}: {} bytes", text.len());
        let begun = Instant::now();
        let slowest = usher
            .slowest_probe(async {
                let post = || usher.send(Method::POST, "schemes", &[], text.clone());
                for (status, _, answer) in futures::future::join_all([post(), post()]).await {
                    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {answer}");
                    let told = answer["problems"].as_array().expect("problems");
                    assert!((1..=101).contains(&told.len()), "{what}: {} problems", told.len());
                    assert!(answer.to_string().len() < 300_000, "{what}: {} bytes of answer", answer.to_string().len());
                }
            })
            .await;
        let (took, resident) = (begun.elapsed(), usher.resident().saturating_sub(before) / 1024);
        assert!(slowest < PROBE_TIMEOUT, "{what}: a probe waited {slowest:?}");
        assert!(took < SOON, "{what}: {took:?}");
        assert!(resident < 300, "{what}: {resident} MiB");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_are_answered_at_once_while_long_lists_are_read() {
    let ground = Ground::new("").groups(&["staff"]);
    let usher = Usher::start(&ground).await;
    let users = repeated(90_000, "user-#");
    let slowest = usher
        .slowest_probe(async {
            for number in 0..20 {
                let text = scheme(&format!("s{number}"), &format!("users: [{users}]"), "{ add_groups: [staff] }");
                let (status, _, answer) = usher.send(Method::POST, "schemes", &[], text).await;
                assert_eq!(status, StatusCode::CREATED, "{}", answer["detail"]);
            }
        })
        .await;
    assert!(slowest < PROBE_TIMEOUT, "while schemes are stored: {slowest:?}");

    let mut read = 0;
    let slowest = usher
        .slowest_probe(async {
            let mut cursor = None;
            loop {
                let query = [("limit", "500"), ("cursor", cursor.as_deref().unwrap_or_default())];
                let (status, page) = usher.ask("schemes", &query[..1 + usize::from(cursor.is_some())]).await;
                assert_eq!(status, StatusCode::OK, "{page}");
                read += page["items"].as_array().expect("a list").len();
                match page["next"].as_str() {
                    Some(next) => cursor = Some(next.to_owned()),
                    None => break,
                }
            }
        })
        .await;
    assert_eq!(read, 20);
    assert!(slowest < PROBE_TIMEOUT, "while they are listed: {slowest:?}");
    assert_ne!(usher.ask("schemes/s0", &[]).await.1["id"], Value::Null);
}
