//! The errors of commands that ask a running usher.

use std::io;

use serde_json::Value;

use crate::cli::{FAILED, USAGE};

/// The error of a command; `Display` is for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no token.
    #[error(
        "no token: set USHER_TOKEN to the admin token, or --token-file to the file that holds it (usher made one in \
         data_dir/admin-token, unless configured)"
    )]
    NoToken,
    /// The token can't be one.
    #[error(
        "the token has a blank or a letter in it that no header can carry; set USHER_TOKEN to the admin token alone"
    )]
    NoSuchToken,
    /// It is refused before usher is asked.
    #[error("{0}")]
    Declined(String),
    /// That usher has no such path.
    #[error("the usher at {0} does not know this request: it is of another version than this command")]
    OtherVersion(String),
    /// A question can't be asked, because there is no terminal.
    #[error("{0}")]
    Unconfirmed(String),
    /// The text can't be an id. An empty one is likely a variable of a shell that is not set.
    #[error("`{}` is not an id; write the id of what is meant", crate::printable::on_one_line(.0))]
    NoId(String),
    /// The address can't be called.
    #[error("{0} is not the address of an admin listener; write http://host:port in --url or USHER_URL")]
    Address(String),
    /// The address gives no answer.
    #[error("{url} does not answer: {why}; is usher running there? Set --url or USHER_URL otherwise")]
    Unreachable {
        /// The address.
        url: String,
        /// The reason.
        why: String,
    },
    /// The token is not the admin token there.
    #[error("{0} does not accept the token in USHER_TOKEN; set it to the admin token of that usher")]
    WrongToken(String),
    /// The scheme is in the configuration file, so the API can't change it.
    #[error("it stands in the configuration file; change it there, or take it out of this file")]
    Provisioned,
    /// usher refused, and says why.
    #[error("{detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The problems that usher reported, one a line.
        detail: String,
    },
    /// The answer is not usher's.
    #[error("the answer of {0} can't be understood; is that the admin listener of an usher of this version?")]
    Unreadable(String),
    /// A long answer ended too early.
    #[error("{0} broke its answer off; see the log of that usher, and try again")]
    BrokenOff(String),
    /// A file that was named can't be used.
    #[error("{path}: {why}")]
    File {
        /// The path.
        path: String,
        /// The reason.
        why: String,
    },
    /// The content of a file is wrong; each problem has its place.
    #[error("{0}")]
    Problems(String),
    /// This machine failed.
    #[error("{0}")]
    Local(String),
    /// The output can't be written.
    #[error("the output can't be written: {}", crate::words::system(.0))]
    Output(#[from] io::Error),
}

impl Error {
    /// An error for a text that could not be made. It is a bug of usher.
    pub fn unmade() -> Self {
        Self::Local("the output could not be made; this is a mistake in usher, please report it".to_owned())
    }

    /// The exit code: 2 for wrong usage, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoToken
            | Self::NoSuchToken
            | Self::WrongToken(_)
            | Self::NoId(_)
            | Self::Address(_)
            | Self::File { .. }
            | Self::Problems(_)
            | Self::Unconfirmed(_)
            // A value of an option that usher does not know.
            | Self::Refused { status: 400, .. } => USAGE,
            Self::Declined(_) | Self::OtherVersion(_) | Self::Unreachable { .. }
            | Self::Provisioned
            | Self::Refused { .. }
            | Self::Unreadable(_)
            | Self::BrokenOff(_)
            | Self::Local(_)
            | Self::Output(_) => FAILED,
        }
    }

    /// Whether usher knows nothing under this name.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// From a problem document of the usher at `url`.
    pub(super) fn from_problem(url: &str, status: u16, document: &Value) -> Self {
        let text = |key: &str| document[key].as_str();
        match text("type").and_then(|kind| kind.strip_prefix("urn:usher:problem:")) {
            None => return Self::Unreadable(url.to_owned()),
            Some("unauthorized") => return Self::WrongToken(url.to_owned()),
            Some("no-such-path") => return Self::OtherVersion(url.to_owned()),
            Some(_) => {}
        }
        // The places belong to the sent text, which the person at the terminal has not seen.
        let problems = document["problems"].as_array().into_iter().flatten();
        let problems = problems.filter_map(|problem| Some(format!("  {}", problem["message"].as_str()?)));
        let detail = text("detail").or(text("title")).unwrap_or("no reason was given");
        let lines: Vec<_> = std::iter::once(detail.to_owned()).chain(problems).collect();
        Self::Refused { status, detail: lines.join("\n") }
    }
}
