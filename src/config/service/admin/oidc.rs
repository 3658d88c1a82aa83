//! Signing in to the console by an identity provider: `admin.oidc`.

use url::Url;

use crate::{
    config::{
        reader::{Reader, node::Node},
        secret::ANY_SECRET,
        shape::{
            Part, Shape,
            key::{Key, Or},
            lists::List,
            object::Object,
            texts::{Filled, Parsed, Text, Title},
            values::{AnyOf, as_json},
        },
        source::reach::{
            address::is_shown_on_the_way,
            authorities::{Authorities, ca},
            proxy::A_PROXY,
            transport::{Transport, transport},
        },
    },
    domain::{EVERYBODY, Role, RoleGroups},
    secret::Secret,
};

/// An identity provider by which people sign in to the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oidc {
    /// The provider, to the letter as it calls itself.
    pub issuer: String,
    /// The id of usher at the provider.
    pub client_id: String,
    /// The password of usher at the provider.
    pub client_secret: Secret,
    /// The provider's name on the sign-in page.
    pub name: String,
    /// Scopes that are asked for beside `openid`, `profile` and `email`.
    pub scopes: Vec<String>,
    /// The claim of the ID token with the groups of a person: its name, or a JSON pointer.
    pub groups_claim: String,
    /// The groups that give roles.
    pub roles: RoleGroups,
    /// The way to the provider.
    pub transport: Transport,
}

static ISSUER: Key<Parsed<String>> = Key::needed(
    "issuer",
    "write `issuer: \"https://idp.example.com\"`, say",
    "The identity provider: its issuer, to the letter as its own description says.",
    Parsed { read: issuer, text: Text::PLAIN.like(&["https://idp.example.com/realms/acme"]) },
);
static CLIENT_ID: Key<Filled> =
    Key::needed("client_id", "write `client_id: usher`, say", "The id of usher at the provider.", Filled(Text::ANY));
static CLIENT_SECRET: Key<Part<Secret>> = Key::needed(
    "client_secret",
    "write `client_secret: { env: NAME }`, say",
    "The password of usher at the provider.",
    ANY_SECRET,
);
static NAME: Key<Title> = Key::new("name", "The provider's name on the sign-in page. Left out: its host.", Title);
static SCOPE: Parsed<String> = Parsed { read: scope, text: Text::ANY.like(&["groups"]) };
static SCOPES: Key<List> = Key::new(
    "scopes",
    "What to ask the provider for beside `openid`, `profile` and `email`: many tell groups for `groups` alone. Left out: nothing.",
    List::of(&SCOPE),
);
static GROUPS_CLAIM: Or<Filled> = Or::new(
    "groups_claim",
    "The claim of the ID token with the groups of a person. One that begins with `/` is a path: `/realm_access/roles`.",
    Filled(Text::ANY),
    || "groups".to_owned(),
    as_json,
);
static GROUP: Filled = Filled(Text::ANY);
static ADMINS: Key<List> = Key::new("admin", "Groups of administrators.", List::some(&GROUP));
static OPERATORS: Key<List> = Key::new("operator", "Groups of operators.", List::some(&GROUP));
static VIEWERS: Key<List> = Key::new("viewer", "Groups of viewers.", List::some(&GROUP));
static ROLE_GROUPS: Object = Object::new(
    "RoleGroups",
    "Groups by role, the highest that fits; `*` is everybody who signs in there. Nobody else is let in.",
    || vec![&ADMINS, &OPERATORS, &VIEWERS],
)
.not_empty()
.like("{ admin: [iam-admins], viewer: [\"*\"] }");
static ROLES: Key<&Object> =
    Key::needed("roles", "write `roles: { admin: [iam-admins] }`, say", "The groups that give roles.", &ROLE_GROUPS);
static PROXY: Key<&AnyOf> =
    Key::new("proxy", "The HTTP proxy on the way. Left out: none, also where the environment has one.", &A_PROXY);
static CA: Key<Part<Authorities>> = Key::new(
    "ca",
    "A PEM file with the certificates of those who alone may vouch for the provider, relative to the configuration. Left out: those \
     whom the machine trusts.",
    Part { read: ca, described: &Text::ANY },
);
/// The value of `oidc`.
pub(super) static OIDC: Object =
    Object::new("Oidc", "An identity provider by which people sign in to the console (OpenID Connect).", || {
        vec![&ISSUER, &CLIENT_ID, &CLIENT_SECRET, &NAME, &SCOPES, &GROUPS_CLAIM, &ROLES, &PROXY, &CA]
    })
    .like(
        "{ issuer: \"https://idp.example.com\", client_id: usher, client_secret: { env: NAME }, roles: { admin: [iam-admins] } }",
    );

/// Reads `oidc`.
pub(super) fn oidc(node: &Node, reader: &mut Reader<'_>) -> Option<Oidc> {
    let mut fields = OIDC.open(node, reader)?;
    let issuer = fields.needed(&ISSUER, reader);
    let client_id = fields.needed(&CLIENT_ID, reader);
    let client_secret = fields.needed(&CLIENT_SECRET, reader);
    let name = fields.optional(&NAME, reader);
    let scopes = fields.or_else(&SCOPES, Vec::new(), |node| {
        reader.each_like(node, "[groups]", |node, reader| SCOPE.read(node, reader))
    });
    let groups_claim = fields.or(&GROUPS_CLAIM, reader);
    let roles = fields.needed_node(&ROLES, reader).and_then(|node| roles(node, reader));
    let address = issuer.as_deref().and_then(|issuer| Url::parse(issuer).ok());
    let transport = transport(&mut fields, address.as_ref(), reader);
    fields.done(reader);
    let host = address.as_ref().and_then(Url::host_str).unwrap_or_default();
    Some(Oidc {
        issuer: issuer?,
        client_id: client_id?,
        client_secret: client_secret?,
        name: name?.unwrap_or_else(|| host.to_owned()),
        scopes: scopes?,
        groups_claim: groups_claim?,
        roles: roles?,
        transport: transport?,
    })
}

fn roles(node: &Node, reader: &mut Reader<'_>) -> Option<RoleGroups> {
    let mut fields = ROLE_GROUPS.open(node, reader)?;
    let (mut all, mut is_whole) = (Vec::new(), true);
    for (role, key) in [(Role::Admin, &ADMINS), (Role::Operator, &OPERATORS), (Role::Viewer, &VIEWERS)] {
        if let Some(list) = fields.node(key) {
            let groups = groups(list, role, reader);
            is_whole &= groups.is_some();
            all.extend(groups.map(|groups| (role, groups)));
        }
    }
    fields.done(reader);
    if is_whole && all.is_empty() {
        return reader
            .refuse(&node.at, "this names no group, so nobody could sign in; write `{ admin: [iam-admins] }`, say");
    }
    is_whole.then(|| RoleGroups::new(all))
}

fn groups(list: &Node, role: Role, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let groups = reader.each_like(list, "[iam-admins]", |node, reader| {
        let group = GROUP.read(node, reader)?;
        if group == EVERYBODY && role != Role::Viewer {
            let why = format!("everybody whom the provider lets in becomes {role}; name groups, unless that is meant");
            reader.warn(&node.at, why);
        }
        Some(group)
    })?;
    if groups.is_empty() {
        return reader.refuse(&list.at, "this names no group; name one, or leave the role out");
    }
    Some(groups)
}

/// The text is not quoted in messages: it may hold credentials.
fn issuer(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| {
        format!("this is not a URL: {}; write `https://idp.example.com`, say", crate::words::url(error))
    })?;
    if url.host_str().is_none() || !matches!(url.scheme(), "http" | "https") {
        return Err("this URL is not one of HTTP; write `https://idp.example.com`, say".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials stand in this URL; take them out".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("this URL goes on after `?` or `#`; write it up to there".to_owned());
    }
    if text.ends_with("/openid-configuration") {
        return Err("this is the address of the description; write it up to before `/.well-known`".to_owned());
    }
    if is_shown_on_the_way(&url) {
        return Err("keys and codes could be changed on the way in plain http; write `https://`".to_owned());
    }
    Ok(text.to_owned())
}

/// The characters of RFC 6749, 3.3.
fn scope(text: &str) -> Result<String, String> {
    let is_good = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    if is_good { Ok(text.to_owned()) } else { Err("this is not a scope; write one, without blanks".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_can_not_be_changed_on_the_way_and_stays_as_it_is_written() {
        for good in [
            "https://idp.example.com",
            "https://idp.example.com/",
            "https://idp.example.com:8443/realms/acme",
            "http://127.0.0.1:8089",
            "http://localhost/dex",
        ] {
            assert_eq!(issuer(good).as_deref(), Ok(good));
        }
        for (bad, why) in [
            ("idp.example.com", "not a URL"),
            ("ftp://idp.example.com", "not one of HTTP"),
            ("https://ann:s3cret@idp.example.com", "credentials"),
            ("https://idp.example.com/?a=s3cret", "goes on after"),
            ("https://idp.example.com/#s3cret", "goes on after"),
            ("https://idp.example.com/.well-known/openid-configuration", "description"),
            ("http://idp.example.com", "write `https://`"),
            ("http://localhost.evil.example", "write `https://`"),
        ] {
            let refused = issuer(bad).expect_err(bad);
            assert!(refused.contains(why) && !refused.contains("s3cret"), "{bad}: {refused}");
        }
    }
}
