//! Whatever the bytes are, the answer is a configuration or a list of problems.

use std::path::Path;

use proptest::prelude::*;

use super::{load_with, refusal};
use crate::config::{
    load::{from_bytes, read_scheme},
    reader::env::Env,
};

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
    let groups: String = (0..900).map(|group| format!("{group}, ")).collect();
    let text = format!("schemes: [{{ actions: [{{ add_groups: [{groups}] }}, {{ remove_groups: [{groups}] }}] }}]");
    assert!(refusal(&text).contains("also stands in add_groups"));
    let keys: String = (0..60_000).map(|key| format!("k{key}: 1\n")).collect();
    let refused = refusal(&keys);
    assert_eq!(refused.lines().count(), 101);
    assert!(refused.ends_with("there are more problems than these; mend these first"), "{refused}");
    let sources: String = (0..8_000).map(|id| format!("{{ id: s{id} }}, ")).collect();
    let schemes: String = (0..8_000).map(|id| format!("{{ source: t{id} }}, ")).collect();
    assert_eq!(refusal(&format!("sources: [{sources}]\nschemes: [{schemes}]")).lines().count(), 101);
}

/// The problems of a scheme with `keys` at its end, as the API reads it, within some seconds.
fn refused_scheme(keys: &str) -> String {
    let text = format!("{{ id: s, source: acme, trigger: manual, {keys} }}");
    assert!(text.len() < 3 << 20, "{} bytes", text.len());
    let begun = std::time::Instant::now();
    let refused = read_scheme(&text, "scheme").expect_err("refused").to_string();
    // Debug builds, and machines with more to do, are slow; without bounds each takes minutes.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}: {refused}", begun.elapsed());
    assert!(refused.lines().count() <= 101 && refused.len() < 300_000, "{} bytes", refused.len());
    refused
}

#[test]
fn a_short_scheme_does_not_become_a_large_one() {
    let (long, aliases) = (" x".repeat(22_000), "*a, ".repeat(1_000));
    let lists = "{ remove_groups: *l }, ".repeat(8);
    let groups =
        format!("select: {{ everyone: true }}, actions: [{{ add_groups: &l [&a \"{long} \", {aliases}] }}, {lists}]");
    assert!(refused_scheme(&groups).contains("aliases repeat more than 1048576 bytes; write them out"));

    let anchors: String = (0..60).map(|anchor| format!("&a{anchor} [")).collect();
    let nested = format!("name: {anchors}\"{}\"{}", "x".repeat(1_000_000), "]".repeat(60));
    assert!(refused_scheme(&nested).contains("too long a text stands below anchors"));

    let values = format!("name: [{}]", "a,".repeat(1_000_000));
    assert!(refused_scheme(&values).contains("more than 250000 values stand here; make it smaller"));
}

#[test]
fn a_scheme_names_at_most_so_much_and_takes_at_most_so_long() {
    let many = |count: usize, part: &str| {
        (0..count).map(|number| format!("{}, ", part.replace('#', &number.to_string()))).collect::<String>()
    };
    let (everyone, staff) = ("select: { everyone: true }", "actions: [{ add_groups: [staff] }]");
    let long = "x".repeat(256);
    let sums = format!("{{ where: 'user.name in [{}]' }}", "\"a\", ".repeat(780));
    for (keys, wrong) in [
        (format!("{everyone}, {staff}, name: {long}"), "longer than 255 characters"),
        (format!("{everyone}, actions: [{{ add_groups: [{long}] }}]"), "longer than 255 characters"),
        (format!("{everyone}, {staff}, limits: {{ users: {} }}", "1".repeat(1_000_000)), "longer than 4096 characters"),
        (format!("{everyone}, actions: [{{ add_groups: [{}] }}]", many(1_001, "g#")), "1001 names in one list; 1000"),
        (format!("{everyone}, {staff}, exempt: {{ users: [{}] }}", many(10_001, "u#")), "10001 names in one list"),
        (format!("{everyone}, actions: [{}]", many(101, "{ add_groups: [g#] }")), "101 actions in one scheme"),
        (
            format!("{staff}, select: {{ any: [{}] }}", many(60_000, "{ email_domain: [d#.example] }")),
            "1000 conditions",
        ),
        (format!("{staff}, select: {{ any: [{}] }}", many(700, &sums)), "more than 100 expressions in one scheme"),
        (
            format!(
                "{everyone}, actions: [{{ create_issue: {{ project: OPS, type: Task, summary: s, fields: {{ {} }} }} }}]",
                many(60_000, "f#: \"{{ user.name }}\"")
            ),
            "60001 values in one issue; 1000 are the most",
        ),
        (many(40_000, &format!("k#{}: 1", "k".repeat(50))), "there are more problems than these"),
    ] {
        let refused = refused_scheme(&keys);
        assert!(refused.contains(wrong), "{wrong}: {refused}");
    }
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
