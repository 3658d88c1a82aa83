//! The keys of one map: those that are asked for are known, the rest is refused.

use super::{
    node::{Content, Entry, Node},
    not_yet::{self, Section},
    problem::Place,
    reader::{Reader, instead},
};

/// A map being read.
pub(super) struct Fields<'n> {
    at: &'n Place,
    entries: &'n [Entry],
    known: Vec<&'static str>,
    /// Keys without a value that are reported already.
    told: Vec<&'static str>,
    section: Section,
}

impl<'n> Fields<'n> {
    /// Opens the map at `node`; reports it where it is none.
    pub fn of(node: &'n Node, section: Section, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.content {
            Content::Map(entries) => Some(Self { at: &node.at, entries, known: Vec::new(), told: Vec::new(), section }),
            Content::Scalar { .. } | Content::List(_) => {
                reader.refuse(&node.at, format!("found {}; write keys and values, `key: value`", node.kind()))
            }
        }
    }

    /// The value of `key`; none where it is left out or, which [`Fields::done`] reports, has no value.
    pub fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        self.entry(key).map(|entry| &entry.node).filter(|node| !node.is_nothing())
    }

    /// The value of `key` as `read` gives it, or `default` where it is left out.
    pub fn or<T>(&mut self, key: &'static str, default: T, read: impl FnOnce(&'n Node) -> Option<T>) -> Option<T> {
        self.get(key).map_or(Some(default), read)
    }

    /// The value of `key`, which must be there; `example` is what to write.
    pub fn required(&mut self, key: &'static str, example: &str, reader: &mut Reader<'_>) -> Option<&'n Node> {
        if let Some(node) = self.get(key) {
            return Some(node);
        }
        match self.entry(key) {
            Some(entry) => {
                self.told.push(key);
                reader.refuse(&entry.at, format!("`{key}` has no value; {example}"))
            }
            None => reader.refuse(self.at, format!("`{key}` is missing here; {example}")),
        }
    }

    /// Reports every key that nobody asked for, and every key without a value: whoever takes all items out of
    /// `only_groups` may mean nobody or everybody.
    pub fn done(self, reader: &mut Reader<'_>) {
        for Entry { name, at, node } in self.entries {
            if not_yet::keys(self.section).contains(&name.as_str()) {
                reader.refuse::<()>(at, not_yet::message(name, "leave it out"));
            } else if !self.known.contains(&name.as_str()) {
                reader.refuse::<()>(at, format!("`{name}` is not a key here; {}", instead(name, &self.known)));
            } else if node.is_nothing() && !self.told.contains(&name.as_str()) {
                reader.refuse::<()>(at, format!("`{name}` has no value; write one or leave the key out"));
            }
        }
    }

    fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.name == key)
    }
}
