//! The unit for systemd.

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Output},
};

use regex::Regex;

use super::text;

const UNIT: &str = "deploy/systemd/usher.service";

#[test]
fn the_unit_loads_each_credential_that_its_configuration_names() {
    let loaded = Regex::new("(?m)^LoadCredential=([^:]+):").expect("a pattern");
    let named = Regex::new("/run/credentials/usher.service/([a-z-]+)").expect("a pattern");
    let names = |pattern: &Regex, text: &str| {
        pattern.captures_iter(text).map(|found| found[1].to_owned()).collect::<BTreeSet<_>>()
    };
    let loaded = names(&loaded, &text(UNIT));
    assert_eq!(loaded, names(&named, &text("deploy/systemd/usher.yaml")));
    assert!(loaded.len() >= 3, "{loaded:?}");
}

#[test]
fn a_wrong_configuration_is_not_tried_again_and_again() {
    let unit = text(UNIT);
    assert!(unit.contains("\nRestartPreventExitStatus=2\n"), "{unit}");
    // systemd restarts a service whose ExecStartPre fails, whatever the status.
    assert!(!unit.contains("\nExecStartPre="), "{unit}");
}

/// Runs `systemd-analyze` with the unit, in which usher is the binary under test; none where there is no systemd.
fn analyze(arguments: &[&str]) -> Option<Output> {
    let folder = tempfile::tempdir().expect("a folder");
    let unit = folder.path().join("usher.service");
    fs::write(&unit, text(UNIT).replace("/usr/local/bin/usher", env!("CARGO_BIN_EXE_usher"))).expect("written");
    Command::new("systemd-analyze").args(arguments).arg(unit).output().ok()
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    let Some(Output { status, stderr, .. }) = analyze(&["verify", "--man=no"]) else { return };
    let said = String::from_utf8_lossy(&stderr);
    assert!(status.success() && !said.contains("usher.service"), "{said}");
}

#[test]
fn systemd_rates_the_exposure_of_the_unit_below_two() {
    let asked = ["security", "--no-pager", "--offline=true", "--threshold=19"];
    let Some(Output { status, stdout, stderr }) = analyze(&asked) else { return };
    let said = String::from_utf8_lossy(&stdout) + String::from_utf8_lossy(&stderr);
    assert!(status.success() && said.contains("Overall exposure level"), "{said}");
}
