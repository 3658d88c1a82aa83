//! Reads `admin.tokens`.

use std::collections::BTreeSet;

use super::NamedToken;
use crate::{
    config::{
        Sources,
        reader::{Reader, node::Node, problem::Place},
        scheme::keys::AN_ID,
        secret::HEADER_SECRET,
        shape::{Part, Shape, key::Key, lists::List, object::Object, texts::Parsed, values::Choice},
    },
    domain::{Actor, Role, SourceId, SourceScope},
    secret::Secret,
};

/// Names that stand for usher's own acts, or for `admin.token`.
const TAKEN: &[&str] = &["admin", "usher", "clock"];

static NAME: Key<Parsed<Actor>> = Key::needed(
    "name",
    "write `name: ci`, say",
    "Stands in the record of what was done with it: 1 to 63 of a-z, 0-9, `-`, `_`, beginning with a letter or digit. Unique; not `admin`.",
    Parsed { read: name, text: AN_ID },
);
static ROLE: Key<Choice<Role>> = Key::needed(
    "role",
    "write `role: viewer`, say",
    "`viewer`: reads. `operator`: also runs, pauses, cancels and takes up again. `admin`: everything.",
    Choice(&[("viewer", Role::Viewer), ("operator", Role::Operator), ("admin", Role::Admin)]),
);
static SOURCES: Key<&List> =
    Key::new("sources", "The sources that its holder sees and acts on. Left out: all.", &SOME_SOURCES);
static SOME_SOURCES: List = List::some(&SOURCE_ID);
static SOURCE_ID: Parsed<SourceId> =
    Parsed { read: |text| text.parse::<SourceId>().map_err(|error| error.to_string()), text: AN_ID };
static SECRET: Key<Part<Secret>> =
    Key::needed("secret", "write `secret: { env: NAME }`, say", "The bearer token itself.", HEADER_SECRET);
/// An item of `tokens`.
pub(super) static TOKEN: Object = Object::new("Token", "A bearer token of the API, with a name and a role.", || {
    vec![&NAME, &ROLE, &SOURCES, &SECRET]
})
.like("{ name: ci, role: operator, secret: { env: CI_TOKEN } }");

/// The name, the secret and the place of an earlier token.
struct Earlier<'n> {
    name: Option<Actor>,
    secret: Option<Secret>,
    at: &'n Place,
}

/// Reads `tokens`; no two may have a name or a secret in common, nor one the secret of `admin.token`.
pub(super) fn tokens(
    node: &Node,
    admin: Option<&Secret>,
    known: &Sources,
    reader: &mut Reader<'_>,
) -> Option<Vec<NamedToken>> {
    let mut earlier: Vec<Earlier<'_>> = Vec::new();
    reader.each_like(node, "[{ name: ci, role: operator, secret: { env: CI_TOKEN } }]", |node, reader| {
        let mut fields = TOKEN.open(node, reader)?;
        let (name_at, secret_at) = (fields.node(&NAME).map(|node| &node.at), fields.node(&SECRET).map(|node| &node.at));
        let name = fields.needed(&NAME, reader);
        let role = fields.needed(&ROLE, reader);
        let sources = match fields.node(&SOURCES) {
            Some(node) => some_sources(node, known, reader).map(SourceScope::Only),
            None => Some(SourceScope::All),
        };
        let secret = fields.needed(&SECRET, reader);
        fields.done(reader);
        let mut is_unique = true;
        if let (Some(name), Some(at)) = (&name, name_at)
            && let Some(first) = earlier.iter().find(|earlier| earlier.name.as_ref() == Some(name))
        {
            let first = first.at;
            reader.refuse::<()>(at, format!("`{name}` is already the name of the token at {first}; give it another"));
            is_unique = false;
        }
        if let (Some(secret), Some(at)) = (&secret, secret_at) {
            let first = earlier.iter().find(|earlier| earlier.secret.as_ref() == Some(secret));
            let other = match first {
                Some(first) => Some(format!("the token at {}", first.at)),
                None if admin == Some(secret) => Some("`admin.token`".to_owned()),
                None => None,
            };
            if let Some(other) = other {
                let message = format!("the secret is that of {other}, so nobody could tell them apart; make another");
                reader.refuse::<()>(at, message);
                is_unique = false;
            }
        }
        earlier.push(Earlier { name: name.clone(), secret: secret.clone(), at: &node.at });
        let token = NamedToken { name: name?, role: role?, sources: sources?, secret: secret? };
        is_unique.then_some(token)
    })
}

fn some_sources(node: &Node, known: &Sources, reader: &mut Reader<'_>) -> Option<BTreeSet<SourceId>> {
    let named = reader.each_like(node, "[acme]", |node, reader| {
        let source = SOURCE_ID.read(node, reader)?;
        let problems = reader.problems.count();
        known.check(&source, &node.at, reader);
        (reader.problems.count() == problems).then_some(source)
    })?;
    if named.is_empty() {
        return reader.refuse(&node.at, "this names no source; name one, or leave `sources` out for all");
    }
    Some(named.into_iter().collect())
}

fn name(text: &str) -> Result<Actor, String> {
    // The form of an id: safe in records, and not to be mixed up with the name of a person.
    let id = text.parse::<SourceId>().map_err(|_| {
        format!("`{text}` is not a name; write 1 to 63 of a-z, 0-9, `-`, `_`, beginning with a letter or digit")
    })?;
    if TAKEN.contains(&id.as_str()) {
        return Err(format!("`{text}` is a name of usher itself; write another"));
    }
    id.as_str().parse().map_err(|_| format!("`{text}` is not a name; write another"))
}
