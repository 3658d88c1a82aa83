//! Environment variables for keys of the configuration.
//!
//! `USHER_ADMIN__LISTEN` is `admin.listen`: `__` separates levels, and items of lists have numbers. Without `__` only a
//! few variables count, because other `USHER_…` variables are secrets or settings of the command line.

use std::collections::BTreeMap;

use saphyr_parser::Marker;

use super::{
    node::{Content, Entry, Node},
    problem::{Place, Problem, ProblemCollector},
    yaml,
};

/// The keys at the top that hold a single value, and so have no `__` in their variable.
const TOP_LEVEL: [&str; 2] = ["data_dir", "mode"];

/// The environment, by name.
pub(in crate::config) type Env = BTreeMap<String, String>;

/// The environment of this process. Variables that are not Unicode can't be meant for usher and are left out.
pub fn process_env() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// One level of a path. Ordered so that item 2 of a list comes before item 10.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Item(usize),
    Key(String),
}

/// Lays the variables over the tree. Variables that do not fit are added to `problems`.
pub(in crate::config) fn overlay(root: &mut Node, env: &Env, problems: &mut ProblemCollector) {
    let mut variables: Vec<_> =
        env.iter().filter_map(|(name, value)| Some((path_of(name)?, name.as_str(), value.as_str()))).collect();
    variables.sort();
    for (path, name, value) in variables {
        let at = Place::Variable(name.into());
        if value.trim().is_empty() {
            problems.push(Problem::new(&at, "is empty; give it a value, or take it out of the environment"));
        } else if let Some(node) = value_of(value, &at, problems)
            && let Err(problem) = put(root, &path, node, &at)
        {
            problems.push(problem);
        }
    }
}

/// The path of a variable; none if it is not about the configuration.
fn path_of(name: &str) -> Option<Vec<Level>> {
    let rest = name.strip_prefix("USHER_")?.to_lowercase();
    if !rest.contains("__") && !TOP_LEVEL.contains(&rest.as_str()) {
        return None;
    }
    Some(rest.split("__").map(|part| part.parse().map_or_else(|_| Level::Key(part.to_owned()), Level::Item)).collect())
}

/// A value in `[…]`, `{…}` or quotes is YAML; any other is taken as it is but for blanks around it, so that
/// `*.example.com` and `[::1]:8080` need no quotes.
fn value_of(value: &str, at: &Place, problems: &mut ProblemCollector) -> Option<Node> {
    let trimmed = value.trim();
    let within = |open, close| trimmed.len() > 1 && trimmed.starts_with(open) && trimmed.ends_with(close);
    if within('[', ']') || within('{', '}') || within('"', '"') || within('\'', '\'') {
        yaml::parse(trimmed, yaml::MAX_IN_FILE, &|_: Marker| at.clone(), problems)
    } else {
        Some(Node { at: at.clone(), content: Content::Scalar { text: trimmed.to_owned(), quoted: false } })
    }
}

/// Puts `node` at `path`, making the levels that are not there yet.
fn put(root: &mut Node, path: &[Level], node: Node, at: &Place) -> Result<(), Problem> {
    if path.len() > yaml::MAX_DEPTH {
        return Err(Problem::new(at, "names more levels than any key of usher has; leave some `__` out"));
    }
    let mut target = root;
    for level in path {
        if target.is_nothing() {
            let content = match level {
                Level::Item(_) => Content::List(Vec::new()),
                Level::Key(_) => Content::Map(Vec::new()),
            };
            *target = Node { at: at.clone(), content };
        }
        target = descend(target, level, at)?;
    }
    *target = node;
    Ok(())
}

/// One level down; a key or the next item that is not there yet is made.
fn descend<'n>(node: &'n mut Node, level: &Level, at: &Place) -> Result<&'n mut Node, Problem> {
    let kind = node.kind();
    match (&mut node.content, level) {
        (Content::List(items), Level::Item(index)) => {
            let count = items.len();
            if *index == count {
                items.push(Node::nothing(at.clone()));
            }
            items.get_mut(*index).ok_or_else(|| {
                Problem::new(
                    at,
                    format!("there is no item {index}, the next one is {count}; count from 0 without gaps"),
                )
            })
        }
        (Content::Map(entries), level) => {
            let name = match level {
                Level::Item(index) => index.to_string(),
                Level::Key(name) => name.clone(),
            };
            let index = entries.iter().position(|entry| entry.name == name).unwrap_or_else(|| {
                entries.push(Entry { name, at: at.clone(), node: Node::nothing(at.clone()) });
                entries.len() - 1
            });
            Ok(&mut entries[index].node)
        }
        (Content::List(_), Level::Key(name)) => {
            Err(Problem::new(at, format!("`{name}` stands where a list has its items; write a number from 0")))
        }
        (Content::Scalar { .. }, _) => Err(Problem::new(
            at,
            format!("goes deeper than the key it names, which is {kind}; leave the last part out"),
        )),
    }
}
