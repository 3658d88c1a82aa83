//! Secrets: their origins, and that no message holds one.

use std::path::Path;

use super::{load_with, refusal};
use crate::config::{load::from_bytes, reader::env::Env};

fn token(kept: &str, env: &[(&str, &str)]) -> Result<String, String> {
    let loaded = load_with(&format!("admin: {{ token: {kept} }}"), env).map_err(|problems| problems.to_string())?;
    Ok(loaded.config.admin.token.expect("a token").reveal().to_owned())
}

#[test]
fn a_secret_comes_from_a_variable() {
    assert_eq!(token("{ env: T }", &[("T", "s3cret")]), Ok("s3cret".to_owned()));
    assert_eq!(
        token("{ env: T }", &[]),
        Err("usher.yaml:1:24: the environment variable `T` is not set; set it where usher runs".to_owned())
    );
    assert_eq!(
        token("{ env: T }", &[("T", "")]),
        Err("usher.yaml:1:24: the secret is empty; put its value where this says it is".to_owned())
    );
}

#[test]
fn a_secret_comes_from_a_file_beside_the_configuration_without_its_last_line_break() {
    let dir = tempfile::tempdir().expect("a directory");
    for (bytes, value) in [("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret")] {
        std::fs::write(dir.path().join("token"), bytes).expect("a file");
        let text = b"admin: { token: { file: token } }";
        let loaded = from_bytes(text, Some("usher.yaml".into()), dir.path(), &Env::new()).expect("right");
        assert_eq!(loaded.config.admin.token.expect("a token").reveal(), value);
        assert_eq!(loaded.warnings, []);
    }
}

#[test]
fn a_file_that_can_not_be_read_is_refused_where_it_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("long"), "x".repeat(70_000)).expect("a file");
    std::fs::write(dir.path().join("bytes"), [0xff, 0xfe]).expect("a file");
    for (file, why) in [
        ("none", "there is no such file"),
        ("long", "longer than 64 KiB"),
        ("bytes", "not UTF-8"),
        (".", "it is a folder"),
    ] {
        let text = format!("admin: {{ token: {{ file: {file} }} }}");
        let refused = from_bytes(text.as_bytes(), Some("usher.yaml".into()), dir.path(), &Env::new()).expect_err(file);
        let line = refused.to_string();
        assert!(line.starts_with("usher.yaml:1:25: the secret can't be read from") && line.contains(why), "{line}");
    }
    assert!(!Path::new("none").exists());
}

#[test]
fn a_secret_in_the_configuration_is_warned_about_where_it_stands() {
    let text = "admin: { token: { value: hunter2 } }\nlog: { kafka: { options: { sasl.password: hunter2 } } }";
    let loaded = load_with(text, &[]).expect("right");
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2);
    assert!(
        warnings[0].starts_with("usher.yaml:1:19: ") && warnings[1].starts_with("usher.yaml:2:28: "),
        "{warnings:?}"
    );
    assert!(!format!("{loaded:?}").contains("hunter2") && !warnings.concat().contains("hunter2"));
}

#[test]
fn a_secret_written_the_wrong_way_is_refused_and_not_repeated() {
    for wrong in [
        "hunter2",
        "[hunter2]",
        "{ hunter2 }",
        "{ hunter2: x }",
        "{ env: \"hunter2!\" }",
        "{ env: A, value: hunter2 }",
        "{ value: [hunter2] }",
        "{ value: \"hunter2 \" }",
        "{ value: \"hunter2\\n\" }",
        "{ value: \"\" }",
        "{}",
    ] {
        let refused = refusal(&format!("admin: {{ token: {wrong} }}"));
        assert!(refused.starts_with("usher.yaml:1:") && !refused.contains("hunter2"), "{wrong}: {refused}");
    }
}

#[test]
fn credentials_in_a_url_are_refused_and_not_repeated() {
    for url in ["https://u:hunter2@j.example", "https//u:hunter2@j.example", "https://j.example?token=hunter2"] {
        let refused = refusal(&format!("sources: [{{ base_url: \"{url}\" }}]"));
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}
