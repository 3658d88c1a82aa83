//! A digest of the configuration, by which replicas are compared.
//!
//! It is shown to everybody who may read metrics, so no value of a secret goes into it: a short one could be guessed
//! from it. The place of a secret does (`{ file: … }`, `{ env: … }`). Comments, and the order of keys, change nothing.

use sha2::{Digest as _, Sha256};

use super::reader::node::{Content, Entry, Node};

/// The kept bytes of the digest: enough to tell configurations apart, short enough for a label.
const DIGEST_BYTES: usize = 8;

/// The digest of the tree that the file and the variables make, in hexadecimal.
pub(super) fn digest(root: &Node) -> String {
    let mut hash = Sha256::new();
    add(root, &mut Vec::new(), &mut hash);
    hex::encode(&hash.finalize()[..DIGEST_BYTES])
}

fn add<'n>(node: &'n Node, path: &mut Vec<&'n str>, hash: &mut Sha256) {
    match &node.content {
        Content::Scalar { text, .. } => {
            hash.update(b"s");
            text_of(if is_shown(path) { text } else { "" }, hash);
        }
        Content::List(items) => {
            hash.update(b"l");
            hash.update(items.len().to_le_bytes());
            items.iter().for_each(|item| add(item, path, hash));
        }
        Content::Map(entries) => {
            hash.update(b"m");
            hash.update(entries.len().to_le_bytes());
            let mut sorted: Vec<&Entry> = entries.iter().collect();
            sorted.sort_by(|one, other| one.name.cmp(&other.name));
            for entry in sorted {
                text_of(&entry.name, hash);
                path.push(&entry.name);
                add(&entry.node, path, hash);
                path.pop();
            }
        }
    }
}

/// Whether a single value at `path` is no secret. Options of Kafka may hold passwords as they are.
fn is_shown(path: &[&str]) -> bool {
    !matches!(path, [.., "value"] | ["log", "kafka", "options", ..])
}

/// With its length, so that two texts side by side are not taken for two others.
fn text_of(text: &str, hash: &mut Sha256) {
    hash.update(text.len().to_le_bytes());
    hash.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::{load::from_bytes, reader::env::Env};
    use std::path::Path;

    fn digest(text: &str, env: &[(&str, &str)]) -> String {
        let env: Env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        from_bytes(text.as_bytes(), None, Path::new(""), &env).expect("a right configuration").digest
    }

    #[test]
    fn what_usher_is_told_changes_the_digest_and_how_it_is_written_does_not() {
        let one = digest("mode: observe\nadmin: { listen: \"127.0.0.1:1\" }\n", &[]);
        assert_eq!(one.len(), 16);
        let other = digest("# the same\nadmin:\n  listen: 127.0.0.1:1\nmode: \"observe\"\n", &[]);
        assert_eq!(one, other);
        assert_eq!(one, digest("admin: { listen: \"127.0.0.1:1\" }", &[("USHER_MODE", "observe")]));
        assert_ne!(one, digest("mode: active\nadmin: { listen: \"127.0.0.1:1\" }\n", &[]));
    }

    #[test]
    fn the_value_of_a_secret_is_not_in_it_and_its_place_is() {
        let inline = |value: &str| digest(&format!("admin: {{ token: {{ value: {value} }} }}"), &[]);
        assert_eq!(inline("one"), inline("other"));
        let env = |name: &str| digest(&format!("admin: {{ token: {{ env: {name} }} }}"), &[("A", "1"), ("B", "2")]);
        assert_ne!(env("A"), env("B"));
        let kafka = |password: &str| {
            let options = format!("{{ sasl.password: {password} }}");
            digest(&format!("log: {{ kind: kafka, kafka: {{ brokers: [\"b:1\"], options: {options} }} }}"), &[])
        };
        assert_eq!(kafka("one"), kafka("other"));
    }
}
