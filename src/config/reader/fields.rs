//! The keys of one map: those that are asked for are known, the rest is refused.

use super::{
    Reader, instead,
    node::{Content, Entry, Node},
    not_yet,
    problem::Place,
};

/// A map being read.
pub(in crate::config) struct Fields<'n> {
    at: &'n Place,
    entries: &'n [Entry],
    known: Vec<&'static str>,
    /// Keys without a value that are reported already.
    told: Vec<&'static str>,
    /// Keys that are still to come.
    later: &'static [&'static str],
}

/// A key that stands for a thing of its own, one of several that may stand in the same place.
pub(in crate::config) struct Word<R: 'static> {
    /// The key.
    pub name: &'static str,
    /// Key and value, as an administrator could write them.
    pub example: &'static str,
    /// What reads the value.
    pub read: R,
}

impl<'n> Fields<'n> {
    /// Opens the map at `node`; reports it where it is none.
    pub fn of(node: &'n Node, reader: &mut Reader<'_>) -> Option<Self> {
        Self::opened(node, &[], "write keys and values, `key: value`", reader)
    }

    /// As [`Fields::of`]; the keys in `later` are still to come.
    pub fn awaiting(node: &'n Node, later: &'static [&'static str], reader: &mut Reader<'_>) -> Option<Self> {
        Self::opened(node, later, "write keys and values, `key: value`", reader)
    }

    /// As [`Fields::of`]; `example` is what could stand there.
    pub fn like(node: &'n Node, example: &str, reader: &mut Reader<'_>) -> Option<Self> {
        Self::opened(node, &[], &format!("write `{example}`, say"), reader)
    }

    fn opened(node: &'n Node, later: &'static [&'static str], instead: &str, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.content {
            Content::Map(entries) => Some(Self { at: &node.at, entries, known: Vec::new(), told: Vec::new(), later }),
            Content::Scalar { .. } | Content::List(_) => {
                reader.refuse(&node.at, format!("found {}; {instead}", node.kind()))
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

    /// Those of `words` that stand here, in the order of `words`: what an administrator writes is the same in any order.
    /// Reports those without a value.
    pub fn words<R>(
        &mut self,
        words: &'static [Word<R>],
        reader: &mut Reader<'_>,
    ) -> Vec<(&'static Word<R>, &'n Entry)> {
        self.known.extend(words.iter().map(|word| word.name));
        let mut found = Vec::new();
        for word in words {
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

    /// Reports every key that nobody asked for, and every key without a value: whoever takes all items out of
    /// `only_groups` may mean nobody or everybody.
    pub fn done(self, reader: &mut Reader<'_>) {
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
