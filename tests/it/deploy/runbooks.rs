//! A runbook for each alert of the chart.

use super::text;

#[test]
fn each_alert_has_a_runbook_with_all_its_parts() {
    let page = text("docs/runbooks.md");
    let rules = text("helm/usher/rules/usher.yaml");
    let alerts: Vec<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    for alert in &alerts {
        let section = page.split("\n## ").find(|section| section.starts_with(&format!("{alert}\n")));
        let section = section.unwrap_or_else(|| panic!("docs/runbooks.md has no heading {alert}"));
        for part in ["**Meaning.**", "**Impact.**", "**Look.**", "**Do.**", "**Afterwards.**"] {
            assert!(section.contains(part), "{alert} has no {part}");
        }
    }
    let headings: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let strange: Vec<_> = headings.into_iter().filter(|heading| !alerts.contains(heading)).collect();
    assert_eq!(strange, Vec::<&str>::new(), "no alert has these names");
}
