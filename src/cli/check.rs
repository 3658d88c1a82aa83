//! `usher check`: is the configuration right, and if not, where and what to write.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use crate::{
    config::{self, Loaded, Problems},
    printable::plain,
};

/// The exit code for wrong usage or a wrong configuration.
const WRONG_CONFIG: u8 = 2;

/// The configuration to check.
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration file, `-` for standard input; without it ./usher.yaml if it is there, else the built-in
    /// defaults.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// The folder that the files it names are relative to; else its own. For a configuration that will be used
    /// elsewhere.
    #[arg(long, value_name = "FOLDER")]
    pub relative_to: Option<PathBuf>,
}

/// Checks the configuration as `usher serve` with the same `config` and `env` would; `input` is standard input. A right
/// configuration gives one line on `out`. Problems and warnings go to `err`, one a line.
///
/// # Errors
/// [`io::Error`] if `out` or `err` can't be written to.
pub fn run(
    asked: &Check,
    env: impl IntoIterator<Item = (String, String)>,
    input: &mut dyn Read,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<ExitCode> {
    let loaded = match load(asked, env, input) {
        Ok(loaded) => loaded,
        Err(problems) => {
            writeln!(err, "{}", plain(&problems.to_string()))?;
            return Ok(ExitCode::from(WRONG_CONFIG));
        }
    };
    for warning in &loaded.warnings {
        writeln!(err, "{} (warning)", plain(&warning.to_string()))?;
    }
    let file = loaded.file.as_deref().unwrap_or("built-in defaults");
    let sources = counted(loaded.config.sources.len(), "source");
    let schemes = counted(loaded.config.schemes.len(), "scheme");
    writeln!(out, "{file}: ok: {sources}, {schemes}")?;
    Ok(ExitCode::SUCCESS)
}

fn load(
    asked: &Check,
    env: impl IntoIterator<Item = (String, String)>,
    input: &mut dyn Read,
) -> Result<Loaded, Problems> {
    let folder = asked.relative_to.as_deref();
    if asked.config.as_deref() == Some(Path::new("-")) {
        return config::load_input(folder.unwrap_or(Path::new("")), input, env);
    }
    match (folder, asked.config.clone().or_else(config::usual_file)) {
        (Some(folder), Some(path)) => config::load_for(folder, &path, env),
        (Some(_) | None, _) => config::load(asked.config.as_deref(), env),
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> (ExitCode, String, String) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("usher.yaml");
        std::fs::write(&path, text).expect("a file");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let asked = Check { config: Some(path), relative_to: None };
        let code = run(&asked, [], &mut io::empty(), &mut out, &mut err).expect("written");
        let shown = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("text");
            text.replace(&format!("{}/", dir.path().display()), "")
        };
        (code, shown(out), shown(err))
    }

    #[test]
    fn a_right_configuration_is_counted_on_stdout() {
        assert_eq!(
            check("mode: observe\n"),
            (ExitCode::SUCCESS, "usher.yaml: ok: 0 sources, 0 schemes\n".to_owned(), String::new())
        );
    }

    #[test]
    fn what_it_names_may_stand_elsewhere() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::create_dir_all(dir.path().join("etc/secrets")).expect("folders");
        std::fs::write(dir.path().join("etc/secrets/token"), "a-token-that-is-long-enough").expect("a secret");
        let text = "admin: { token: { file: secrets/token } }\nmode: passive\n";
        let path = dir.path().join("usher.yaml");
        std::fs::write(&path, text).expect("a file");
        for (config, name) in [(path.clone(), path.display().to_string()), ("-".into(), "standard input".to_owned())] {
            let told = |relative_to: Option<PathBuf>| {
                let asked = Check { config: Some(config.clone()), relative_to };
                let mut err = Vec::new();
                let code = run(&asked, [], &mut text.as_bytes(), &mut io::sink(), &mut err).expect("written");
                assert_eq!(code, ExitCode::from(2));
                String::from_utf8(err).expect("text")
            };
            let there = told(Some(dir.path().join("etc")));
            assert_eq!(there, format!("{name}:2:7: `passive` is not known here; write one of: active, observe\n"));
            assert!(told(None).contains("the secret can't be read from"), "{name}");
        }
    }

    #[test]
    fn a_warning_goes_to_stderr_and_leaves_the_configuration_right() {
        let (code, out, err) = check("admin: { token: { value: hunter2 } }\n");
        assert_eq!((code, out.as_str()), (ExitCode::SUCCESS, "usher.yaml: ok: 0 sources, 0 schemes\n"));
        assert!(err.starts_with("usher.yaml:1:19: ") && err.ends_with("(warning)\n"), "{err}");
        assert!(!err.contains("hunter2"));
    }

    #[test]
    fn every_problem_is_a_line_on_stderr_and_the_exit_code_is_2() {
        let (code, out, err) = check("mode: passive\nadmn: {}\n");
        assert_eq!((code, out.as_str()), (ExitCode::from(2), ""));
        assert_eq!(
            err,
            "usher.yaml:1:7: `passive` is not known here; write one of: active, observe\n\
             usher.yaml:2:1: `admn` is not a key here; did you mean `admin`?\n"
        );
    }

    #[test]
    fn a_file_with_many_mistakes_is_told_all_of_them_with_what_to_write() {
        let (code, out, err) = check(
            "sources:
  - id: acme
    product: jira-cloud
    base_url: https://acme.atlassian.net
    auth: { basic: { username: usher, password: { value: hunter2 } } }
    protect: { last_administrators: 0 }
schemes:
  - id: leavers
    source: acmee
    trigger: { cron: \"0 3 * * MON\", timezone: Berlin }
    select:
      all:
        - last_login_before: 90
        - email_domain: [acme.example]
          deactivated: true
    actions:
      - delete
      - rename: { sufix: -gone }
  - id: leavers
    source: acme
    trigger: on_create
    select: { where: user.group == \"x\", never_logged_in: {} }
    actions:
      - add_groups: [a]
      - remove_groups: [A]
      - deactivate: {}
",
        );
        assert_eq!((code, out.as_str()), (ExitCode::from(2), ""));
        let places: Vec<&str> = err.lines().map(|line| line.split(": ").next().expect("a place")).collect();
        let expected = [
            "9:13", "10:47", "13:30", "14:11", "17:9", "18:17", "18:19", "19:9", "22:22", "22:41", "25:25", "26:9",
            "26:9",
        ];
        assert_eq!(places, expected.map(|place| format!("usher.yaml:{place}")), "{err}");
        assert!(!err.contains("hunter2"));
    }

    #[test]
    fn what_can_not_be_read_is_a_problem_of_the_file() {
        let dir = tempfile::tempdir().expect("a directory");
        for (path, says) in [(dir.path().to_owned(), "directory"), (dir.path().join("none.yaml"), "cannot be read")] {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let asked = Check { config: Some(path.clone()), relative_to: None };
            let code = run(&asked, [], &mut io::empty(), &mut out, &mut err).expect("written");
            let err = String::from_utf8(err).expect("text");
            assert_eq!(code, ExitCode::from(2));
            assert!(err.starts_with(&format!("{}: ", path.display())) && err.contains(says), "{err}");
        }
    }
}
