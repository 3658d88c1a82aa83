//! What runs in a process of its own: a server under test, or the simulated Atlassian.

use std::{
    io::{Write, stdout},
    net::SocketAddr,
    path::PathBuf,
};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;
use url::Url;
use usher::{
    app::{App, Roles},
    config,
    domain::Product,
    sandbox::{Options, Sandbox},
};

use super::{bare, cpu};

/// What a child process is to be.
#[derive(Debug, clap::Subcommand)]
pub enum Role {
    /// The signature check alone.
    Bare,
    /// usher, with the configuration at `config`.
    Usher {
        /// The configuration file.
        config: PathBuf,
        /// Whether planner and executor run too.
        #[arg(long)]
        engine: bool,
    },
    /// The simulated Atlassian.
    Sandbox,
}

/// What a child process is told.
#[derive(Debug, clap::Args)]
pub struct Child {
    /// The core to run on.
    #[arg(long)]
    core: usize,
    #[command(subcommand)]
    role: Role,
}

/// Where a child process listens: what it prints when it is ready.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listening {
    /// The signature check alone.
    Bare {
        /// For webhooks.
        webhooks: SocketAddr,
    },
    /// usher.
    Usher {
        /// For webhooks.
        webhooks: SocketAddr,
        /// For administrators.
        admin: SocketAddr,
    },
    /// The simulated Atlassian.
    Sandbox {
        /// Its controls.
        origin: Url,
        /// The product.
        jira: Url,
    },
}

/// Runs as `child` until stdin ends, so that nothing outlives the process that started it.
pub fn run(child: Child) -> anyhow::Result<()> {
    cpu::pin(child.core)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match child.role {
            Role::Bare => {
                let (webhooks, server) = bare::bind()?;
                let handle = server.handle();
                let server = tokio::spawn(server);
                until_stdin_ends(Listening::Bare { webhooks }).await?;
                handle.stop(false).await;
                Ok(server.await??)
            }
            Role::Usher { config, engine } => usher(config, engine).await,
            Role::Sandbox => {
                let sandbox = Sandbox::start(Options::default())?;
                let (origin, jira) = (sandbox.origin().clone(), sandbox.base_url(Product::JiraDc));
                until_stdin_ends(Listening::Sandbox { origin, jira }).await?;
                Ok(sandbox.stop().await?)
            }
        }
    })
}

async fn usher(config: PathBuf, engine: bool) -> anyhow::Result<()> {
    usher::telemetry::start(None);
    let config = config::load(Some(&config), [])?.config;
    let app = App::build(config, Roles { webhooks: true, engine, admin: true }).await?;
    let webhooks = app.webhooks_address().ok_or_else(|| anyhow::anyhow!("no webhook listener"))?;
    let listening = Listening::Usher { webhooks, admin: app.admin_address() };
    let stop = CancellationToken::new();
    let running = tokio::spawn(app.run_until_stopped(stop.clone()));
    until_stdin_ends(listening).await?;
    stop.cancel();
    Ok(running.await??)
}

async fn until_stdin_ends(listening: Listening) -> anyhow::Result<()> {
    let mut out = stdout();
    writeln!(out, "{}", serde_json::to_string(&listening)?)?;
    out.flush()?;
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    Ok(())
}
