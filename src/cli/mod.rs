//! The command line: one file a command.

mod backup;
mod check;
mod completions;
mod demo;
mod healthcheck;
mod ping;
mod products;
mod remote;
mod restore;
mod sandbox;
mod schema;
mod serve;
mod watchdog;

use std::{
    fmt::Display,
    io::{ErrorKind, Write, stderr, stdin, stdout},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::{
    config,
    domain::Product,
    telemetry::{self, LogFormat},
};

/// It failed.
const FAILED: u8 = 1;
/// Wrong usage or configuration.
const USAGE: u8 = 2;

const VARIABLES: &str = "\
Environment variables:
  USHER_URL         where the admin listener of the usher is that `explain`, `schemes`, `runs`, `sources` and `backup` ask
  USHER_TOKEN       its admin token
  USHER_TOKEN_FILE  a file that holds the admin token
  RUST_LOG          what `serve`, `demo` and `sandbox` log: `info` (the default), `usher=debug`, `warn`, ...
  USHER_LOG_FORMAT  how log lines look: `text` or `json`
  USHER_...         every key of the configuration, as docs/configuration.md says

Exit codes: 0 done, 1 failed, 2 wrong usage, configuration or token.";

/// Event-driven user management for Atlassian products.
#[derive(Parser)]
#[command(name = "usher", version, about, disable_help_subcommand = true, after_help = VARIABLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service.
    Serve {
        /// The configuration file; without it ./usher.yaml if it is there, else the built-in defaults.
        #[arg(long)]
        config: Option<PathBuf>,
        /// The roles of this process; fewer than all only with `log.kind: kafka`.
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = [serve::Role::Webhooks, serve::Role::Engine, serve::Role::Admin])]
        roles: Vec<serve::Role>,
        #[command(flatten)]
        log: Log,
    },
    /// Run the service on a simulated Atlassian and show a story with it, line by line.
    Demo {
        /// End after the story: exit code 0 if each check passed, else 1.
        #[arg(long)]
        once: bool,
        #[command(flatten)]
        log: Log,
    },
    /// Check configuration and schemes.
    Check(check::Check),
    /// Ask a running usher whether it is alive, or ready: exit code 0 or 1.
    Healthcheck(healthcheck::Healthcheck),
    /// Make a backup of the embedded log, whether usher runs or not.
    Backup(backup::Backup),
    /// Make a data folder from a backup.
    Restore(restore::Restore),
    /// Send a signed delivery without an event to each source of a running usher, to test the path and the secret.
    Ping(ping::Pings),
    /// Show what each product can do.
    Products {
        /// Only this one, as in `jira-dc`.
        #[arg(value_parser = product)]
        product: Option<Product>,
        #[command(flatten)]
        shown: remote::AsList,
    },
    /// Run a small simulated Atlassian to try things on.
    Sandbox {
        /// The address to listen on.
        #[arg(long, default_value = "127.0.0.1:8090")]
        listen: std::net::SocketAddr,
        #[command(flatten)]
        log: Log,
    },
    /// Print the JSON Schema of the configuration file: an editor checks and completes with it.
    Schema,
    /// Print what makes a shell complete usher's commands and options.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the version.
    Version,
    /// The commands that ask a running usher.
    #[command(flatten)]
    Remote(Box<remote::Command>),
}

/// The option of commands that log.
#[derive(Debug, Clone, Copy, Args)]
struct Log {
    /// The format of log lines; by default text on a terminal, else JSON. RUST_LOG filters the log.
    #[arg(long, env = "USHER_LOG_FORMAT", value_enum)]
    log_format: Option<LogFormat>,
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // 10,000 connections take 10,000 files; what can't be had is not needed for a small installation.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let code = run(arguments.command);
    telemetry::flush();
    code
}

fn run(command: Command) -> ExitCode {
    let env = config::process_env();
    match command {
        Command::Serve { config, roles, log } => {
            telemetry::start(log.log_format);
            serve::run(config.as_deref(), &roles, env)
        }
        Command::Demo { once, log } => demo::run(once, log.log_format),
        // If nothing can be printed, the exit code still shows the result.
        Command::Check(asked) => check::run(&asked, env, &mut stdin().lock(), &mut stdout(), &mut stderr())
            .unwrap_or_else(|_| ExitCode::from(FAILED)),
        Command::Healthcheck(asked) => healthcheck::run(&asked, env),
        Command::Backup(asked) => backup::run(&asked, env),
        Command::Restore(asked) => restore::run(&asked),
        Command::Ping(asked) => ping::run(&asked, env),
        Command::Products { product, shown } => products::run(shown.output, product),
        Command::Sandbox { listen, log } => {
            telemetry::start(log.log_format);
            sandbox::run(listen)
        }
        Command::Schema => schema::run(),
        Command::Completions { shell } => completions::run(shell, Arguments::command()),
        Command::Version => version(),
        Command::Remote(command) => remote::run(*command),
    }
}

fn product(name: &str) -> Result<Product, String> {
    let names = || Product::ALL.map(Product::as_str).join(", ");
    let found = Product::ALL.into_iter().find(|product| product.as_str() == name);
    found.ok_or_else(|| format!("not a product; it is one of {}", names()))
}

fn version() -> ExitCode {
    match writeln!(stdout(), "usher {} ({})", env!("CARGO_PKG_VERSION"), crate::COMMIT) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}

/// Prints all of `bytes`. A reader that goes away meanwhile has seen enough.
fn print(bytes: &[u8]) -> ExitCode {
    match stdout().write_all(bytes).and_then(|()| stdout().flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => complain(&format_args!("the output can't be written: {}", crate::words::system(&error)), FAILED),
    }
}

/// One clear line on stderr, and the exit code to end with.
fn complain(what: &dyn Display, code: u8) -> ExitCode {
    telemetry::say(&format!("usher: {what}"));
    ExitCode::from(code)
}

/// An error in words; one of the system's has a text that is not for people.
fn in_words(error: &anyhow::Error) -> String {
    error.downcast_ref().map_or_else(|| error.to_string(), crate::words::system)
}

fn start_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
