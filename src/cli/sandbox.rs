//! `usher sandbox`: a simulated Atlassian by itself.

use std::{
    io::{Write, stdout},
    net::SocketAddr,
    process::ExitCode,
};

use super::{FAILED, complain, start_runtime};
use crate::{domain::Product, sandbox};

/// Serves until it is interrupted; prints where, and what it lets in.
pub(super) fn run(listen: SocketAddr) -> ExitCode {
    let options = sandbox::Options { listen, ..Default::default() };
    let served = start_runtime().and_then(|runtime| Ok(runtime.block_on(sandbox::serve(options, greet))?));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format_args!("the sandbox on {listen}: {error:#}"), FAILED),
    }
}

fn greet(sandbox: &sandbox::Sandbox) {
    let lines = format!(
        "controls: {}_sandbox/\njira-dc: {} (bearer {})\njira-cloud: {} (basic {}:{})\n",
        sandbox.origin(),
        sandbox.base_url(Product::JiraDc),
        sandbox::TOKEN,
        sandbox.base_url(Product::JiraCloud),
        sandbox::ACCOUNT_EMAIL,
        sandbox::TOKEN,
    );
    // Whoever does not read the greeting does not need it.
    let _ = stdout().write_all(lines.as_bytes()).and_then(|()| stdout().flush());
}
