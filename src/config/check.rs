//! The whole configuration out of the tree, and what must hold between its parts.

use std::{collections::HashMap, fmt::Display, hash::Hash, path::PathBuf, str::FromStr};

use crate::domain::{Mode, SchemeId, SourceId};

use super::{
    Config,
    event_log::log,
    fields::Fields,
    listeners::{admin, check_apart, webhooks},
    node::{Content, Node},
    not_yet::Section,
    problem::Place,
    reader::{Reader, instead},
    scheme::scheme,
    source::source,
};

/// Reads and checks everything. Where it gives none, `reader` holds at least one problem; where it gives a
/// configuration, there may be problems too, and then it must not be used.
pub(super) fn config(root: &Node, reader: &mut Reader<'_>) -> Option<Config> {
    let modes = [("active", Mode::Active), ("observe", Mode::Observe)];
    let mut top = Fields::of(root, Section::Top, reader)?;
    let data_dir = top.or("data_dir", PathBuf::from("./usher-data"), |node| reader.filled(node).map(PathBuf::from));
    let mode = top.or("mode", Mode::Active, |node| reader.choice(node, &modes, &[]));
    let webhooks = webhooks(top.get("webhooks"), reader);
    let admin = admin(top.get("admin"), reader);
    let log = log(top.get("log"), reader);
    let (source_nodes, scheme_nodes) = (top.get("sources"), top.get("schemes"));
    top.done(reader);
    let sources = source_nodes.map_or(Some(Vec::new()), |node| reader.each(node, source));
    let schemes = scheme_nodes.map_or(Some(Vec::new()), |node| reader.each(node, scheme));

    if let (Some(webhooks), Some(admin)) = (&webhooks, &admin) {
        check_apart(webhooks, admin, reader);
    }
    check_unique::<SourceId>(source_nodes, "source", reader);
    check_unique::<SchemeId>(scheme_nodes, "scheme", reader);
    check_sources_named(source_nodes, scheme_nodes, reader);

    Some(Config {
        data_dir: data_dir?,
        mode: mode?,
        webhooks: webhooks?.listener,
        admin: admin?.listener,
        log: log?,
        sources: sources?,
        schemes: schemes?,
    })
}

/// An id or reference as it is written, and where.
struct Written<'n, T> {
    id: T,
    at: &'n Place,
}

/// What stands under `key` in each item of a list, also in items that are otherwise wrong; none where it can't be
/// read, which is reported elsewhere.
fn written<'n, T: FromStr>(list: Option<&'n Node>, key: &str) -> Vec<Option<Written<'n, T>>> {
    let Some(Content::List(items)) = list.map(|node| &node.content) else {
        return Vec::new();
    };
    let of_item = |item: &'n Node| {
        let Content::Map(entries) = &item.content else { return None };
        let node = &entries.iter().find(|entry| entry.name == key)?.node;
        let Content::Scalar { text, .. } = &node.content else { return None };
        Some(Written { id: text.parse().ok()?, at: &node.at })
    };
    items.iter().map(of_item).collect()
}

/// Reports each id that an earlier item has.
fn check_unique<T: FromStr + Eq + Hash + Display>(list: Option<&Node>, what: &str, reader: &mut Reader<'_>) {
    let mut seen: HashMap<T, &Place> = HashMap::new();
    for Written { id, at } in written(list, "id").into_iter().flatten() {
        match seen.get(&id) {
            Some(first) => {
                let message = format!("`{id}` is already the id of the {what} at {first}; give each an id of its own");
                reader.refuse::<()>(at, message);
            }
            None => {
                seen.insert(id, at);
            }
        }
    }
}

/// Reports each scheme with the id of an earlier one.
pub(super) fn unique_schemes(list: &Node, reader: &mut Reader<'_>) {
    check_unique::<SchemeId>(Some(list), "scheme", reader);
}

/// Reports each scheme for a source that is not there. Says nothing where a source's id can't be read: it may be
/// the one.
fn check_sources_named(sources: Option<&Node>, schemes: Option<&Node>, reader: &mut Reader<'_>) {
    let Some(sources) = written::<SourceId>(sources, "id").into_iter().collect::<Option<Vec<_>>>() else {
        return;
    };
    let known: Vec<&str> = sources.iter().map(|source| source.id.as_str()).collect();
    for Written { id, at } in written::<SourceId>(schemes, "source").into_iter().flatten() {
        if known.is_empty() {
            reader.refuse::<()>(at, format!("there is no source `{id}`; write one under `sources`"));
        } else if !known.contains(&id.as_str()) {
            reader.refuse::<()>(at, format!("there is no source `{id}`; {}", instead(id.as_str(), &known)));
        }
    }
}
