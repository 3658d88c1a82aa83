//! The keys of a source.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    PRODUCTS, auth, feed, mass_creation, protect, rate,
    reach::{
        authorities::{Authorities, ca},
        proxy::A_PROXY,
    },
    reconcile, webhook,
};
use crate::{
    config::{
        Rate,
        scheme::keys::AN_ID,
        shape::{
            Part,
            key::Key,
            object::Object,
            texts::{Parsed, Text, Title},
            values::{AnyOf, Choice},
        },
    },
    domain::{Product, SourceId},
};

pub(super) static ID: Key<Parsed<SourceId>> = Key::needed(
    "id",
    "write `id: acme`, say",
    "Names the source: 1 to 63 of a-z, 0-9, `-`, `_`, beginning with a letter or digit. Unique among sources.",
    Parsed { read: |text| text.parse::<SourceId>().map_err(|error| error.to_string()), text: AN_ID },
);
pub(super) static NAME: Key<Title> = Key::new("name", "For people. Left out: the id.", Title);
pub(super) static PRODUCT: Key<Choice<Product>> =
    Key::needed("product", "write `product: jira-dc`, say", "Which product it is.", Choice(&PRODUCTS));
pub(super) static PLAIN_HTTP: Key<Text> = Key::new(
    "plain_http",
    "The host of `base_url`, where it is in a private network and has no TLS. Left out: no host.",
    Text::ANY.like(&["jira.internal"]),
);
pub(super) static BASE_URL: Key<Text> = Key::at_times(
    "base_url",
    "write `base_url: \"https://jira.example.com\"`, say",
    "Where it is, with the context path where there is one. An organisation may leave it out: `https://api.atlassian.com`.",
    Text::PLAIN.like(&["https://jira.example.com"]),
);
pub(super) static ORGANIZATION: Key<Parsed<String>> = Key::at_times(
    "organization",
    "write the id that stands in the address of admin.atlassian.com, behind `/o/`",
    "The organisation's id, which stands in the address of admin.atlassian.com, behind `/o/`. With `product: atlassian-org` alone.",
    AN_ATLASSIAN_ID,
);
pub(super) static DIRECTORY: Key<Parsed<String>> = Key::new(
    "directory",
    "The id of the directory in which users are changed. With `product: atlassian-org` alone. Left out: the only one.",
    AN_ATLASSIAN_ID,
);
const AN_ATLASSIAN_ID: Parsed<String> = Parsed { read: plain_id, text: Text::ANY.matching("^[A-Za-z0-9-]{1,128}$") };
pub(super) static AUTH: Key<&Object> = Key::needed(
    "auth",
    "write `auth: { bearer: { env: NAME } }`, say",
    "The account that usher acts with.",
    &auth::AUTH,
);
pub(super) static CREDENTIALS_EXPIRE: Key<Parsed<NaiveDate>> = Key::new(
    "credentials_expire",
    "The day on which the credentials end; usher warns from 30 days before. Left out: not known.",
    Parsed { read: date, text: Text::PLAIN.like(&["2027-03-01"]) },
);
pub(super) static WEBHOOK: Key<&Object> =
    Key::new("webhook", "How its webhooks prove who sent them. Left out: they are refused.", &webhook::WEBHOOK);
pub(super) static FEED: Key<&Object> =
    Key::new("feed", "Logins that usher asks the audit log for by itself. Left out: it does not.", &feed::FEED);
pub(super) static RECONCILE: Key<&AnyOf> = Key::new(
    "reconcile",
    "How often users are looked for whose creation no webhook told of, or `off`. Left out: `{ every: 10m }`.",
    &reconcile::RECONCILE,
);
pub(super) static MASS_CREATION: Key<&AnyOf> = Key::new(
    "mass_creation",
    "How many users may be created at once before what takes something away is held, or `off`. Left out: \
     `{ users: 50, percent: 5, within: 10m }`.",
    &mass_creation::MASS_CREATION,
);
pub(super) static RATE: Key<Part<Rate>> = Key::new(
    "rate",
    "Upper bounds on calls, of all processes together; the product's own answers slow usher further.",
    Part { read: rate::rate, described: &rate::RATE },
);
pub(super) static PROXY: Key<&AnyOf> =
    Key::new("proxy", "The HTTP proxy on the way. Left out: none, also where the environment has one.", &A_PROXY);
pub(super) static CA: Key<Part<Authorities>> = Key::new(
    "ca",
    "A PEM file with the certificates of those who alone may vouch for this source, relative to the configuration. Left out: those \
     whom the machine trusts.",
    Part { read: ca, described: &Text::ANY },
);
pub(super) static PROTECT: Key<&Object> =
    Key::new("protect", "What no scheme takes away, whatever it says. Left out: all of it is on.", &protect::PROTECT);

/// A source.
pub(in crate::config) static SOURCE: Object = Object::new("Source", "One connected product.", || {
    vec![
        &ID,
        &NAME,
        &PRODUCT,
        &PLAIN_HTTP,
        &BASE_URL,
        &ORGANIZATION,
        &DIRECTORY,
        &AUTH,
        &CREDENTIALS_EXPIRE,
        &WEBHOOK,
        &FEED,
        &RECONCILE,
        &MASS_CREATION,
        &RATE,
        &PROXY,
        &CA,
        &PROTECT,
    ]
})
.also(by_product);

/// The keys that depend on the product.
fn by_product() -> Value {
    let organisation = json!({ "properties": { PRODUCT.name: { "const": Product::AtlassianOrg.as_str() } } });
    json!({
        "if": organisation,
        "then": { "required": [ORGANIZATION.name] },
        "else": { "required": [BASE_URL.name], "properties": { ORGANIZATION.name: false, DIRECTORY.name: false } },
    })
}

/// An id as Atlassian gives them, safe in a path.
fn plain_id(text: &str) -> Result<String, String> {
    let plain = !text.is_empty() && text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if plain { Ok(text.to_owned()) } else { Err(format!("`{text}` is not an id of Atlassian's; copy it from there")) }
}

fn date(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| format!("`{text}` is not a day; write it like `2027-03-01`"))
}
