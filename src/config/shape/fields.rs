//! The keys of one map while they are read: those of the object are taken, the others are refused.

use super::{
    Shape,
    key::{AnyKey, Key, Or, Word},
    object::Object,
};
use crate::config::reader::{
    Reader, instead,
    node::{Content, Entry, Node},
    not_yet,
    problem::Place,
};

/// A map being read.
pub(in crate::config) struct Fields<'n> {
    at: &'n Place,
    entries: &'n [Entry],
    /// The names of all keys that the object has.
    known: Vec<&'static str>,
    /// Those that were asked for.
    asked: Vec<&'static str>,
    /// Keys without a value that are reported already.
    told: Vec<&'static str>,
    /// Keys that are still to come.
    later: &'static [&'static str],
}

impl Object {
    /// Opens the map at `node`; reports it if it is no map.
    pub fn open<'n>(&self, node: &'n Node, reader: &mut Reader<'_>) -> Option<Fields<'n>> {
        match self.example {
            "" => self.open_or(node, "write keys and values, `key: value`", reader),
            example => self.open_or(node, &format!("write `{example}`, say"), reader),
        }
    }

    /// Like [`Object::open`]; `instead` is the hint if there is no map.
    pub fn open_or<'n>(&self, node: &'n Node, instead: &str, reader: &mut Reader<'_>) -> Option<Fields<'n>> {
        let Content::Map(entries) = &node.content else {
            return reader.refuse(&node.at, format!("found {}; {instead}", node.kind()));
        };
        let known: Vec<_> = (self.keys)().into_iter().map(AnyKey::name).collect();
        let asked = Vec::with_capacity(known.len());
        Some(Fields { at: &node.at, entries, known, asked, told: Vec::new(), later: self.later })
    }
}

impl<'n> Fields<'n> {
    /// The value of `key`. None if it is left out, or if it has no value, which [`Fields::done`] reports.
    pub fn node(&mut self, key: &dyn AnyKey) -> Option<&'n Node> {
        debug_assert!(self.known.contains(&key.name()), "`{}` is no key of this object", key.name());
        self.asked.push(key.name());
        self.entry(key.name()).map(|entry| &entry.node).filter(|node| !node.is_nothing())
    }

    /// The value of `key`; none inside if it is left out.
    pub fn optional<S: Shape>(&mut self, key: &Key<S>, reader: &mut Reader<'_>) -> Option<Option<S::Value>> {
        self.node(key).map_or(Some(None), |node| key.shape.read(node, reader).map(Some))
    }

    /// The value of `key`, or its default if it is left out.
    pub fn or<S: Shape>(&mut self, key: &Or<S>, reader: &mut Reader<'_>) -> Option<S::Value> {
        self.node(key).map_or_else(|| Some((key.default)()), |node| key.key.shape.read(node, reader))
    }

    /// The value of `key` as `read` returns it, or `default` if it is left out: for values that depend on other keys.
    pub fn or_else<T>(&mut self, key: &dyn AnyKey, default: T, read: impl FnOnce(&'n Node) -> Option<T>) -> Option<T> {
        self.node(key).map_or(Some(default), read)
    }

    /// The value of `key`, which must be there.
    pub fn needed<S: Shape>(&mut self, key: &Key<S>, reader: &mut Reader<'_>) -> Option<S::Value> {
        self.needed_node(key, reader).and_then(|node| key.shape.read(node, reader))
    }

    /// The node of `key`, which must be there.
    pub fn needed_node(&mut self, key: &dyn AnyKey, reader: &mut Reader<'_>) -> Option<&'n Node> {
        if let Some(node) = self.node(key) {
            return Some(node);
        }
        let (name, to_write) = (key.name(), key.to_write().unwrap_or("write it"));
        match self.entry(name) {
            Some(entry) => {
                self.told.push(name);
                reader.refuse(&entry.at, format!("`{name}` has no value; {to_write}"))
            }
            None => reader.refuse(self.at, format!("`{name}` is missing here; {to_write}")),
        }
    }

    /// The present ones of `words`, in the order of `words`: the order in the file does not matter. Reports those
    /// without a value.
    pub fn words<R: Sync>(
        &mut self,
        words: &'static [Word<R>],
        reader: &mut Reader<'_>,
    ) -> Vec<(&'static Word<R>, &'n Entry)> {
        let mut found = Vec::new();
        for word in words {
            self.asked.push(word.name);
            match self.entry(word.name) {
                Some(entry) if entry.node.is_nothing() => {
                    self.told.push(word.name);
                    let message = format!("`{}` has no value; write `{}`, say", word.name, word.example);
                    reader.refuse::<()>(&entry.at, message);
                }
                Some(entry) => found.push((word, entry)),
                None => {}
            }
        }
        found
    }

    /// Reports every unknown key, and every key without a value. An empty `only_groups`, for example, could mean nobody
    /// or everybody.
    pub fn done(self, reader: &mut Reader<'_>) {
        // A key that is never read would be ignored silently.
        debug_assert!(self.known.iter().all(|name| self.asked.contains(name)), "of {:?}: {:?}", self.known, self.asked);
        for Entry { name, at, node } in self.entries {
            if reader.problems.is_full() {
                return;
            }
            if self.later.contains(&name.as_str()) {
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
