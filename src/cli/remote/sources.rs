//! `usher sources`: what is connected, and whether anything is called there.

use std::process::ExitCode;

use clap::Subcommand;
use reqwest::Method;

use super::{Api, Error, output::Output};

/// What to do with sources.
#[derive(Subcommand)]
pub enum Command {
    /// All sources and how they are doing.
    List,
    /// Call nothing in a source until it is resumed; what comes in waits.
    Pause {
        /// The source.
        id: String,
    },
    /// Go on with what has come in.
    Resume {
        /// The source.
        id: String,
    },
    /// Users of whom nothing told, and who are held because they are many, were created: ask the schemes about them.
    Release {
        /// The source.
        id: String,
    },
    /// Users of whom nothing told, and who are held because they are many, were there before: do nothing to them.
    Dismiss {
        /// The source.
        id: String,
    },
}

pub async fn run(api: &Api, output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::List => {
            let columns = [
                ("source", "/id"),
                ("product", "/product"),
                ("state", "/state"),
                ("paused", "/paused"),
                ("newcomers", "/reconciliation/state"),
                ("address", "/base_url"),
                ("why", "/why"),
            ];
            output.list(&columns, &api.list(&["sources"], &[], usize::MAX).await?)?;
        }
        Command::Pause { id } => {
            api.send_to(Method::POST, &["sources", &id, "pause"], None, None).await?;
            output.say(&format!("{id} is paused"))?;
        }
        Command::Resume { id } => {
            api.send_to(Method::POST, &["sources", &id, "resume"], None, None).await?;
            output.say(&format!("{id} goes on"))?;
        }
        Command::Release { id } => {
            let users = newcomers(api, &id, "release").await?;
            let asked = format!("asked for {users} newcomers of {id} to count as created; see `usher sources list`");
            output.say(&asked)?;
        }
        Command::Dismiss { id } => {
            let users = newcomers(api, &id, "dismiss").await?;
            let asked =
                format!("asked for {users} newcomers of {id} to count as there before; see `usher sources list`");
            output.say(&asked)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what newcomers who are held are; gives how many there are.
async fn newcomers(api: &Api, source: &str, what: &str) -> Result<u64, Error> {
    let answer = api.send_to(Method::POST, &["sources", source, "newcomers", what], None, None).await?;
    Ok(answer["users"].as_u64().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use actix_web::{App, HttpResponse, HttpServer, web};

    use super::*;
    use crate::{cli::remote::Format, secret::Secret};

    /// What is said where a usher has accepted `command`.
    async fn said(command: Command) -> String {
        let accepts = || async { HttpResponse::Accepted().json(serde_json::json!({ "users": 60 })) };
        let app = move || App::new().default_service(web::to(accepts));
        let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).expect("a free port");
        let url = format!("http://{}", server.addrs()[0]).parse().expect("a URL");
        let server = server.run();
        let handle = server.handle();
        let serving = tokio::spawn(server);
        let api = Api::new(url, Some(Secret::new("token"))).expect("a client");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output { format: Format::Table, out: &mut out, err: &mut err };
        run(&api, &mut output, command).await.expect("accepted");
        handle.stop(false).await;
        serving.await.expect("no panic").expect("it ends");
        String::from_utf8([out, err].concat()).expect("text")
    }

    #[tokio::test]
    async fn what_is_only_accepted_is_not_said_to_be_so() {
        let id = || "acme".to_owned();
        let asked =
            |what: &str| format!("asked for 60 newcomers of acme to count as {what}; see `usher sources list`\n");
        assert_eq!(said(Command::Release { id: id() }).await, asked("created"));
        assert_eq!(said(Command::Dismiss { id: id() }).await, asked("there before"));
    }
}
