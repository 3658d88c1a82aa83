//! The acting account of a source.

use crate::{
    config::{
        Auth,
        reader::{Reader, fields::Fields, node::Node},
        secret::{header_secret, secret},
    },
    domain::Product,
};

/// Reads the `auth` of a source of `product`, where that is known.
pub(in crate::config) fn auth(node: &Node, product: Option<Product>, reader: &mut Reader<'_>) -> Option<Auth> {
    let problems = reader.problems.count();
    let mut fields = Fields::of(node, reader)?;
    let (bearer, basic) = (fields.get("bearer"), fields.get("basic"));
    fields.done(reader);
    match (bearer, basic) {
        (Some(node), None) if product == Some(Product::Crowd) => reader.refuse(
            &node.at,
            "Crowd takes no tokens; write the name and password of usher's application in Crowd: \
             `basic: { username: usher, password: { env: NAME } }`",
        ),
        (Some(token), None) => header_secret(token, reader).map(Auth::Bearer),
        (None, Some(node)) if product == Some(Product::AtlassianOrg) => reader.refuse(
            &node.at,
            "an organisation takes admin API keys alone; write `bearer: { env: NAME }` with one made at admin.atlassian.com",
        ),
        (None, Some(node)) => basic_auth(node, reader),
        _ if reader.problems.count() > problems => None,
        _ => reader.refuse(
            &node.at,
            "exactly one way in is needed; write `bearer: { env: NAME }` or `basic: { username: u, password: { env: NAME } }`",
        ),
    }
}

fn basic_auth(node: &Node, reader: &mut Reader<'_>) -> Option<Auth> {
    let mut fields = Fields::of(node, reader)?;
    let username =
        fields.required("username", "write `username: usher`, say", reader).and_then(|node| user_name(node, reader));
    let password = fields
        .required("password", "write `password: { env: NAME }`, say", reader)
        .and_then(|node| secret(node, reader));
    fields.done(reader);
    Some(Auth::Basic { username: username?, password: password? })
}

fn user_name(node: &Node, reader: &mut Reader<'_>) -> Option<String> {
    let name = reader.filled(node)?;
    if name.contains(':') || name.contains(char::is_control) {
        return reader.refuse(&node.at, "a user name can't hold a colon or control characters; write the name alone");
    }
    Some(name.to_owned())
}
