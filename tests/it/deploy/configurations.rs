//! The configurations in `deploy/`, read by usher itself.

use std::{collections::BTreeSet, fs};

use regex::Regex;
use usher::config;

use super::{blocks, path, text};

/// Loads `text` with a value for each variable and file that it takes a secret from.
fn check(name: &str, text: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let named = |kind: &str| {
        let pattern = Regex::new(&format!(r"\{{ {kind}: ([^ }}]+) \}}")).expect("a pattern");
        pattern.captures_iter(text).map(|found| found[1].to_owned()).collect::<BTreeSet<_>>()
    };
    let mut text = text.to_owned();
    for file in named("file") {
        let kept = folder.path().join(file.rsplit('/').next().expect("a name"));
        fs::write(&kept, "a-secret").expect("written");
        text = text.replace(&file, kept.to_str().expect("text"));
    }
    let env = named("env").into_iter().map(|variable| (variable, "a-secret".to_owned()));
    let file = folder.path().join("usher.yaml");
    fs::write(&file, &text).expect("written");
    let loaded = config::load(Some(&file), env).unwrap_or_else(|problems| panic!("{name}: {problems}"));
    assert!(!loaded.config.sources.is_empty(), "{name} connects nothing");
}

#[test]
fn usher_takes_the_configurations_in_deploy() {
    for name in ["deploy/compose/usher.yaml", "deploy/systemd/usher.yaml"] {
        check(name, &text(name));
    }
}

#[test]
fn the_configurations_in_deploy_name_the_schema() {
    for name in ["deploy/compose/usher.yaml", "deploy/systemd/usher.yaml"] {
        let first = text(name).lines().next().expect("a line").to_owned();
        let schema = first.strip_prefix("# yaml-language-server: $schema=").expect("it names a schema").to_owned();
        let folder = path(name);
        assert!(folder.parent().expect("a folder").join(schema).is_file(), "{name}: {first}");
    }
}

#[test]
fn usher_takes_the_source_on_the_page_of_each_product() {
    let mut products = BTreeSet::new();
    for page in fs::read_dir(path("deploy/atlassian")).expect("a folder").map(|entry| entry.expect("a file").path()) {
        let name = page.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(&page).expect("text");
        if name == "README" {
            continue;
        }
        for part in ["## Source", "## Proof", "curl ", "## Sources"] {
            assert!(text.contains(part), "{name} has no {part}");
        }
        let found = blocks(&text, "yaml");
        assert_eq!(found.len(), 1, "{name}");
        assert!(found[0].contains(&format!("product: {name}\n")), "{name}");
        check(&name, &found[0]);
        products.insert(name);
    }
    let all: BTreeSet<_> = usher::domain::Product::ALL.map(|product| product.as_str().to_owned()).into();
    assert_eq!(products, all);
}
