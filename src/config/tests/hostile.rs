//! Whatever the bytes are, the answer is a configuration or a list of problems.

use std::path::Path;

use proptest::prelude::*;

use crate::config::{env::Env, load::from_bytes};

use super::{load_with, refusal};

fn load_bytes(bytes: &[u8]) -> String {
    match from_bytes(bytes, Some("usher.yaml".into()), Path::new(""), &Env::new()) {
        Ok(_) => "ok".to_owned(),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_where_they_stand() {
    assert_eq!(load_bytes(b"mode: active\n# \xff\n"), "usher.yaml:2:3: this byte is not UTF-8; save the file as UTF-8");
    assert_eq!(
        load_bytes(b"mode: active\n\0admin: nonsense\n"),
        "usher.yaml:2:1: a control character stands here; take it out of the file"
    );
}

#[test]
fn depth_is_bounded() {
    let line = "usher.yaml:1:65: values nest more than 64 deep here; no key of usher needs that";
    assert_eq!(refusal(&format!("{}{}", "[".repeat(70), "]".repeat(70))), line);
    assert!(refusal(&"[".repeat(100_000)).contains("recursion limit exceeded"));
    let block = "- ".repeat(100_000);
    assert!(refusal(&block).contains("nest more than 64 deep"));
    let braces = format!("{}1{}", "{a: ".repeat(70), "}".repeat(70));
    assert!(refusal(&braces).contains("nest more than 64 deep"));
}

#[test]
fn a_file_full_of_anything_is_answered_soon() {
    let groups: String = (0..60_000).map(|group| format!("{group}, ")).collect();
    let text = format!("schemes: [{{ actions: [{{ add_groups: [{groups}] }}, {{ remove_groups: [{groups}] }}] }}]");
    assert!(refusal(&text).contains("also stands in add_groups"));
    let keys: String = (0..60_000).map(|key| format!("k{key}: 1\n")).collect();
    assert_eq!(refusal(&keys).lines().count(), 60_000);
    let sources: String = (0..8_000).map(|id| format!("{{ id: s{id} }}, ")).collect();
    let schemes: String = (0..8_000).map(|id| format!("{{ source: t{id} }}, ")).collect();
    let refused = refusal(&format!("sources: [{sources}]\nschemes: [{schemes}]"));
    assert_eq!(refused.matches("there is no source").count(), 8_000);
}

#[test]
fn aliases_can_not_blow_up() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let last = format!("*a{}, ", level - 1).repeat(9);
        laughs.push_str(&format!("a{level}: &a{level} [{last}]\n"));
    }
    assert!(refusal(&laughs).contains("aliases repeat more than 10000 values; write them out"));

    let mut tower = "a0: &a0 [x]\n".to_owned();
    for level in 1..70 {
        tower.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert!(refusal(&tower).contains("values nest more than 64 deep here"));
    assert!(refusal("a: &a [*a]").contains("this alias stands inside what it repeats; write the value out"));
}

/// Pieces that YAML gives a meaning to, and pieces of a configuration.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\n",
        "  ",
        "- ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&a ",
        "*a",
        "|",
        ">",
        "!!str ",
        "!x ",
        "'",
        "\"",
        "#",
        "---",
        "...",
        "? ",
        "%YAML",
        "\t",
        "~",
        "\\",
        "\r",
        "é",
        "sources",
        "schemes",
        "id",
        "admin",
        "token",
        "env",
        "value",
        "log",
        "kafka",
        "options",
        "select",
        "actions",
        "add_groups",
        "create_issue",
        "fields",
        "trigger",
        "cron",
        "all",
        "not",
        "where",
        "1",
        "-1",
        ".nan",
        "base_url",
        "https://a:b@c/?d",
        "max_body",
        "999999999999GiB",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_make_the_loader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(!load_bytes(&bytes).is_empty());
    }

    #[test]
    fn no_yaml_makes_the_loader_panic(text in soup()) {
        prop_assert!(!load_bytes(text.as_bytes()).is_empty());
    }

    #[test]
    fn no_change_to_the_example_makes_the_loader_panic(at in 0usize..4000, len in 0usize..40, with in soup()) {
        let mut text: Vec<char> = include_str!("../../../docs/usher.example.yaml").chars().collect();
        let start = at.min(text.len());
        let end = (start + len).min(text.len());
        text.splice(start..end, with.chars());
        prop_assert!(!load_bytes(text.iter().collect::<String>().as_bytes()).is_empty());
    }

    #[test]
    fn no_variable_makes_the_loader_panic(path in "(_|[A-Z0-9]|SOURCES__0|SCHEMES__0|LOG|KAFKA){0,6}", value in soup()) {
        let name = format!("USHER_{path}");
        let loaded = load_with(include_str!("../../../docs/usher.example.yaml"), &[(&name, &value)]);
        prop_assert!(loaded.is_err(), "its secrets are not set");
    }
}
