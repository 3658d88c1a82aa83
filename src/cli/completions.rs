//! `usher completions`: what makes a shell complete the commands and options.

use std::process::ExitCode;

use clap_complete::{Shell, generate};

use super::print;

/// Prints the script for `shell`.
pub fn run(shell: Shell, mut command: clap::Command) -> ExitCode {
    let mut script = Vec::new();
    generate(shell, &mut command, "usher", &mut script);
    print(&script)
}
