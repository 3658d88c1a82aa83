//! `usher completions`: what makes a shell complete the commands and options.

use std::{
    io::{ErrorKind, Write, stdout},
    process::ExitCode,
};

use clap_complete::{Shell, generate};

use super::{FAILED, complain};

/// Prints the script for `shell`.
pub fn run(shell: Shell, mut command: clap::Command) -> ExitCode {
    let mut script = Vec::new();
    generate(shell, &mut command, "usher", &mut script);
    match stdout().write_all(&script).and_then(|()| stdout().flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => complain(&format_args!("the output can't be written: {}", crate::words::system(&error)), FAILED),
    }
}
