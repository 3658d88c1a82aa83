//! Cases that chromium plays: `tests/browser/*.mjs`.

use std::process::Command;

use serde_json::Value;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/browser.sh");

/// The most that a page may weigh with its stylesheet and scripts, and the longest wait for its first byte.
const MAX_BYTES: u64 = 100 * 1024;

/// Plays `case` on the console at `url`; fails the test with all that was wrong.
pub async fn play(case: &'static str, arguments: Vec<String>) {
    let output = tokio::task::spawn_blocking(move || Command::new(SCRIPT).args(["run", case]).args(arguments).output());
    let output = output.await.expect("joined").expect("started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let verdict: Option<Value> = said.lines().last().and_then(|line| serde_json::from_str(line).ok());
    assert!(verdict.is_some(), "{case} gave no verdict: {said}{}", String::from_utf8_lossy(&output.stderr));
    let verdict = verdict.expect("there is one");
    let failures: Vec<_> = verdict["failures"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(failures.is_empty(), "{case}:\n{}", failures.join("\n"));
    for page in verdict["pages"].as_array().expect("a list") {
        let bytes = page["bytes"].as_u64().expect("a number");
        eprintln!("{case}: {} {bytes} bytes, first byte after {} ms", page["path"], page["firstByte"]);
        assert!(bytes <= MAX_BYTES, "{page}");
    }
}
