//! `usher backup`: copies the embedded log into one file. A running usher makes the copy; if none runs, the files of
//! the log are read.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, ErrorKind, Write, stdout},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use tempfile::NamedTempFile;
use url::Url;

use super::{
    FAILED, USAGE, complain,
    healthcheck::reachable,
    remote::{self, Api},
    serve, start_runtime,
};
use crate::{
    admin::TOKEN_FILE,
    app,
    backup::{self, About, Summary},
    clock::{Clock, SystemClock},
    config::{self, Config, LogConfig},
    log::embedded::Snapshot,
    secret::Secret,
    telemetry,
};

/// The source and the target of a backup.
#[derive(Args)]
pub(super) struct Backup {
    /// The file to write; `-` is standard output. An existing file stays as it is until the backup is complete.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// The configuration of the usher that is backed up; without it and --url ./usher.yaml if it is there, else the
    /// defaults.
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// The address of the admin listener of a running usher. It is not used with --config.
    #[arg(long, env = "USHER_URL", hide_env_values = true)]
    url: Option<Url>,
    /// With --url: a file that holds the admin token; without it, the variable USHER_TOKEN does.
    #[arg(long, env = "USHER_TOKEN_FILE", hide_env_values = true, value_name = "PATH")]
    token_file: Option<PathBuf>,
}

/// Why no backup was made.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The configuration is wrong; each line has its place.
    #[error("{0}")]
    Config(#[from] config::Problems),
    /// There is nothing to back up.
    #[error(
        "the log is on Kafka, so there is nothing to back up here: its topics are the truth, keep them with replication"
    )]
    OnKafka,
    /// The target can't be replaced by a file.
    #[error("{} is no file, and would be replaced by one; name a file, or `-` for standard output", .0.display())]
    NotAFile(PathBuf),
    /// The running usher did not give it.
    #[error("{0}")]
    Remote(#[from] remote::Error),
    /// It could not be made.
    #[error("{0}")]
    Backup(#[from] backup::Error),
    /// The data folder can't be used.
    #[error("{0}")]
    App(#[from] app::Error),
    /// A file can't be used.
    #[error("{}: {}", path.display(), crate::words::system(error))]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Error {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::OnKafka | Self::NotAFile(_) => USAGE,
            Self::Remote(error) => error.exit_code(),
            Self::Backup(_) | Self::App(_) | Self::File { .. } => FAILED,
        }
    }
}

/// The place from which the log is read.
enum From {
    Running(Api),
    Stopped { data_dir: PathBuf, token: Option<Secret>, _held: app::DataFolder },
}

/// Makes the backup and prints its contents: to stdout, or to stderr if the backup itself goes to stdout.
pub(super) fn run(asked: &Backup, env: impl IntoIterator<Item = (String, String)>) -> ExitCode {
    serve::make_private();
    let is_piped = asked.to.as_os_str() == "-";
    let made = is_replaceable(&asked.to)
        .and_then(|()| from(asked, env))
        .and_then(|from| if is_piped { pipe(&from).map(|()| None) } else { write(&from, &asked.to).map(Some) });
    match made {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(Summary { records, bytes, made })) => {
            let line = format!("{}: {records} records, {bytes} bytes, as of {made}", asked.to.display());
            // The backup is there, even if nobody reads this line.
            let _ = writeln!(stdout(), "{line}");
            ExitCode::SUCCESS
        }
        Err(Error::Config(problems)) => {
            telemetry::say(&problems.to_string()); // each line names its place
            ExitCode::from(USAGE)
        }
        Err(error) => complain(&error, error.exit_code()),
    }
}

/// Checks that nothing but a file is replaced: `--to /dev/null` would leave a machine without it.
fn is_replaceable(to: &Path) -> Result<(), Error> {
    match fs::metadata(to) {
        Ok(found) if !found.is_file() => Err(Error::NotAFile(to.to_owned())),
        Ok(_) | Err(_) => Ok(()), // what is not there is made
    }
}

fn from(asked: &Backup, env: impl IntoIterator<Item = (String, String)>) -> Result<From, Error> {
    if let (None, Some(url)) = (&asked.config, &asked.url) {
        return Ok(From::Running(remote::api(url.clone(), asked.token_file.as_deref())?));
    }
    let config = config::load(asked.config.as_deref(), env)?.config;
    if matches!(config.log, LogConfig::Kafka(_)) {
        return Err(Error::OnKafka);
    }
    let made = kept_token(&config)?;
    // The lock tells whether usher runs, and keeps it from being started meanwhile.
    match app::hold_data_folder(&config.data_dir) {
        Ok(held) => Ok(From::Stopped { data_dir: config.data_dir, token: made, _held: held }),
        Err(app::Error::InUse(_)) => {
            Ok(From::Running(Api::new(address(config.admin.listen)?, config.admin.token.or(made))?))
        }
        Err(error) => Err(error.into()),
    }
}

/// The token that usher made, if the configuration has none.
fn kept_token(config: &Config) -> Result<Option<Secret>, Error> {
    if config.admin.token.is_some() {
        return Ok(None);
    }
    let path = config.data_dir.join(TOKEN_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(Secret::new)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::File { path, error }),
    }
}

/// The address at which this machine reaches a listener.
fn address(listen: SocketAddr) -> Result<Url, remote::Error> {
    let text = format!("http://{}", reachable(listen));
    text.parse().map_err(|_| remote::Error::Address(text))
}

/// Writes the backup to standard output.
fn pipe(from: &From) -> Result<(), Error> {
    save(from, &mut BufWriter::new(stdout().lock()))
}

/// Writes the backup aside, reads it once more, and puts it in its place.
fn write(from: &From, to: &Path) -> Result<Summary, Error> {
    let of_file = |error| Error::File { path: to.to_owned(), error };
    let folder = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut aside = NamedTempFile::new_in(folder).map_err(of_file)?;
    save(from, &mut BufWriter::new(aside.as_file_mut()))?;
    aside.as_file().sync_all().map_err(of_file)?;
    let written = File::open(aside.path()).map_err(of_file)?;
    let summary = backup::verify(BufReader::new(written))?;
    aside.persist(to).map_err(|error| of_file(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(of_file)?;
    Ok(summary)
}

fn save(from: &From, out: &mut dyn Write) -> Result<(), Error> {
    match from {
        From::Running(api) => {
            let runtime =
                start_runtime().map_err(|_| remote::Error::Local("this machine gives usher no threads".into()))?;
            let take = |chunk: &[u8]| out.write_all(chunk).map_err(remote::Error::Output);
            runtime.block_on(api.download(&["backup"], take))?;
            out.flush().map_err(|error| remote::Error::Output(error).into())
        }
        From::Stopped { data_dir, token, .. } => {
            let snapshot = Snapshot::of_stopped(&data_dir.join("log")).map_err(backup::Error::from)?;
            let about = About { made: SystemClock.now(), admin_token: token.clone() };
            backup::save(&snapshot, &about, out)?;
            Ok(())
        }
    }
}
