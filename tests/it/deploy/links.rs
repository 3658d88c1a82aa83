//! Links between pages lead somewhere.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;

use super::path;

/// All pages below `folder`.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let found = entries.map(|entry| entry.expect("an entry").path());
    found
        .flat_map(|found| match found.is_dir() {
            true => pages(&found),
            false => Vec::from_iter(found.extension().is_some_and(|kind| kind == "md").then_some(found)),
        })
        .collect()
}

/// A page without what stands in fences and in code.
fn prose(page: &Path) -> String {
    let text = fs::read_to_string(page).expect("text");
    let parts = text.split("\n```");
    let outside: String = parts.step_by(2).collect::<Vec<_>>().join("\n");
    outside.lines().filter(|line| !line.starts_with("    ")).map(|line| format!("{line}\n")).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &Path) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for heading in prose(page).lines().filter(|line| line.starts_with('#')) {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
        let anchor: String = kept.map(|char| if char == ' ' { '-' } else { char }).collect();
        let numbered = (1..).map(|number| format!("{anchor}-{number}"));
        let free = [anchor.clone()].into_iter().chain(numbered).find(|anchor| !anchors.contains(anchor));
        anchors.extend(free);
    }
    anchors
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut all: Vec<_> = ["README.md", "CHANGELOG.md"].map(path).into();
    all.extend(["docs", "deploy", "tests/log-of-before"].map(path).iter().flat_map(|folder| pages(folder)));
    let link = Regex::new(r"\]\(([^)\s]+)\)").expect("a pattern");
    let (mut broken, mut count) = (Vec::new(), 0);
    for page in all {
        for found in link.captures_iter(&prose(&page)) {
            let target = &found[1];
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page.clone() } else { page.parent().expect("a folder").join(file) };
            let is_there = file.exists() && (anchor.is_empty() || anchors(&file).contains(anchor));
            broken.extend((!is_there).then(|| format!("{}: {target}", page.display())));
        }
    }
    assert!(count > 100, "only {count} links were looked at");
    assert_eq!(broken, Vec::<String>::new());
}
