//! The files in `deploy/` and the pages for those who run usher, held against the program.
#![allow(clippy::panic)]

mod compose;
mod configurations;
mod gitops;
mod links;
mod runbooks;
mod systemd;
mod topics;
mod yaml;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// A file of the repository.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Its text.
fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The documents in a YAML file.
fn yaml(name: &str) -> Vec<Value> {
    yaml::documents(&text(name))
}

/// The texts of the fenced blocks of `language` in a page.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&*fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}
