//! `usher sandbox`: a simulated Atlassian by itself.

use std::{
    io::{Write, stdout},
    net::SocketAddr,
    process::ExitCode,
};

use super::{FAILED, complain, in_words, start_runtime};
use crate::{config::Auth, domain::Product, sandbox};

/// Serves until it is interrupted. Prints the addresses and the credentials.
pub(super) fn run(listen: SocketAddr) -> ExitCode {
    let options = sandbox::Options { listen, ..Default::default() };
    let served = start_runtime().and_then(|runtime| Ok(runtime.block_on(sandbox::serve(options, greet))?));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format_args!("the sandbox on {listen}: {}", in_words(&error)), FAILED),
    }
}

fn greet(sandbox: &sandbox::Sandbox) {
    let site = |product: Product| {
        let way_in = match sandbox.auth(product) {
            Auth::Bearer(token) => format!("bearer {}", token.reveal()),
            Auth::Basic { username, password } => format!("basic {username}:{}", password.reveal()),
        };
        format!("{product}: {} ({way_in})\n", sandbox.base_url(product))
    };
    let sites: String = sandbox::products().map(site).collect();
    let organization = sandbox::ORGANIZATION;
    let (account, group) = (sandbox::ACCOUNT, sandbox::ADMIN_GROUP);
    let own = format!("account of usher in each: {account} ({}), in {group}", sandbox::ACCOUNT_EMAIL);
    let lines = format!("{sites}organization: {organization}\n{own}\ncontrols: {}_sandbox/\n", sandbox.origin());
    // The greeting is not needed if nobody reads it.
    let _ = stdout().write_all(lines.as_bytes()).and_then(|()| stdout().flush());
}
