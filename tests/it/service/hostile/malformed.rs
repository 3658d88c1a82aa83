//! Requests that are no HTTP: they are counted, and strangers don't write the log with them.

use std::fs::{self, File};

use futures::{StreamExt, stream};

use super::{EVERYBODY, assert_alive, status};
use crate::support::{ground::Ground, usher::Usher, wire::exchange};

const REQUESTS: usize = 2_000;

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_counted_and_cost_a_line_a_minute() {
    for level in ["info", "warn"] {
        cost_a_line_a_minute(level).await;
    }
}

async fn cost_a_line_a_minute(level: &str) {
    let ground = Ground::new(EVERYBODY).groups(&["staff"]);
    let stderr = ground.folder().join("stderr");
    let usher = Usher::with_stderr(&ground, File::create(&stderr).expect("a file"), level).await;
    let noise = ["\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST / HTTP/1.1\r\n: x\r\n\r\n"];
    for to in [usher.webhooks, usher.admin] {
        let answers = stream::iter(0..REQUESTS).map(|number| exchange(to, noise[number % noise.len()]));
        let answers: Vec<_> = answers.buffer_unordered(16).collect().await;
        assert!(answers.iter().all(|answer| [0, 400].contains(&status(answer))));
    }
    assert_alive(&ground, &usher).await;
    let log = fs::read_to_string(&stderr).expect("text");
    let lines: Vec<_> = log.lines().filter(|line| line.contains("\"ERROR\"") || line.contains("\"WARN\"")).collect();
    eprintln!("{level}: {} lines for {} malformed requests", lines.len(), 2 * REQUESTS);
    assert!(lines.len() < 10, "{level}: {} lines, such as {}", lines.len(), lines[0]);
    for listener in ["webhooks", "admin"] {
        let told = lines.iter().filter(|line| line.contains("no HTTP") && line.contains(listener)).count();
        assert_eq!(told, 1, "{listener}: {lines:?}");
        let series = format!("usher_malformed_requests_total{{listener=\"{listener}\"}}");
        assert_eq!(usher.metric(&series).await, Some(2_000.0), "{listener}");
    }
}
