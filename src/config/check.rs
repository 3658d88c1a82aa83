//! The whole configuration out of the tree, and what must hold between its parts.

use std::{collections::HashMap, fmt::Display, hash::Hash, path::PathBuf, str::FromStr};

use super::{
    Config, Sources,
    keys::{ADMIN, CONFIGURATION, CONSOLE, DATA_DIR, LOG, MODE, SCHEMES, SECRETS_KEY, SOURCES, WEBHOOKS},
    reader::{
        Reader,
        node::{Content, Node},
        problem::Place,
    },
    scheme::scheme,
    service::{
        admin::admin,
        console::console,
        listeners::{check_apart, webhooks},
        log::log,
    },
    source::{self, source},
};
use crate::domain::{Product, SchemeId, SourceId};

/// Reads and checks everything. If it returns none, `reader` holds at least one problem. If it returns a configuration,
/// there may be problems too, and then it must not be used.
pub(super) fn config(root: &Node, reader: &mut Reader<'_>) -> Option<Config> {
    let mut top = CONFIGURATION.open(root, reader)?;
    let data_dir = top.or(&DATA_DIR, reader).map(PathBuf::from);
    let mode = top.or(&MODE, reader);
    let webhooks = webhooks(top.node(&WEBHOOKS), reader);
    let console = console(top.node(&CONSOLE), reader);
    let (source_nodes, scheme_nodes) = (top.node(&SOURCES), top.node(&SCHEMES));
    let known = known_sources(source_nodes);
    let admin = admin(top.node(&ADMIN), &known, reader);
    let log = log(top.node(&LOG), reader);
    let secrets_key = top.optional(&SECRETS_KEY, reader);
    top.done(reader);
    let sources = source_nodes.map_or(Some(Vec::new()), |node| reader.each(node, source));
    let schemes =
        scheme_nodes.map_or(Some(Vec::new()), |node| reader.each(node, |node, reader| scheme(node, &known, reader)));

    if let (Some(webhooks), Some(admin)) = (&webhooks, &admin) {
        check_apart(webhooks, admin, reader);
    }
    check_unique::<SourceId>(source_nodes, "source", reader);
    check_unique::<SchemeId>(scheme_nodes, "scheme", reader);

    Some(Config {
        data_dir: data_dir?,
        mode: mode?,
        webhooks: webhooks?.listener,
        admin: admin?.listener,
        console: console?,
        log: log?,
        secrets_key: secrets_key?,
        sources: sources?,
        schemes: schemes?,
    })
}

/// A value as it is written, and where.
struct Written<'n, T> {
    value: T,
    at: &'n Place,
}

/// The value of `key` in each item of a list, as `read` returns it, also in items with other problems. None if it can't
/// be read, which is reported elsewhere.
fn written<'n, T>(list: Option<&'n Node>, key: &str, read: impl Fn(&str) -> Option<T>) -> Vec<Option<Written<'n, T>>> {
    let Some(Content::List(items)) = list.map(|node| &node.content) else {
        return Vec::new();
    };
    let of_item = |item: &'n Node| {
        let Content::Map(entries) = &item.content else { return None };
        let node = &entries.iter().find(|entry| entry.name == key)?.node;
        let Content::Scalar { text, .. } = &node.content else { return None };
        Some(Written { value: read(text)?, at: &node.at })
    };
    items.iter().map(of_item).collect()
}

/// Reports each id that an earlier item has.
fn check_unique<T: FromStr + Eq + Hash + Display>(list: Option<&Node>, what: &str, reader: &mut Reader<'_>) {
    let mut seen: HashMap<T, &Place> = HashMap::new();
    for Written { value: id, at } in written(list, "id", |text| text.parse::<T>().ok()).into_iter().flatten() {
        if reader.problems.is_full() {
            return;
        }
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

/// The sources that schemes may name. If the id of one can't be read, it may be any.
fn known_sources(list: Option<&Node>) -> Sources {
    let ids = written(list, "id", |text| text.parse::<SourceId>().ok());
    let products = written(list, "product", product);
    let whole = ids.iter().all(Option::is_some);
    let known = ids.into_iter().zip(products).filter_map(|(id, product)| Some((id?.value, product.map(|p| p.value))));
    if whole { Sources::all(known) } else { Sources::among_others(known) }
}

fn product(text: &str) -> Option<Product> {
    source::PRODUCTS.iter().find(|(name, _)| *name == text).map(|(_, product)| *product)
}
