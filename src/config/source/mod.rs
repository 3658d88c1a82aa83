//! One source.

pub(super) mod address;
pub(super) mod auth;
pub(super) mod feed;
pub(super) mod mass_creation;
pub(super) mod protect;
pub(super) mod reconcile;
pub(super) mod signals;
pub(super) mod sources;
pub(super) mod transport;
pub(super) mod webhook;

use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::{
    Organization, Protect, Rate, Reconcile, Source,
    reader::{Reader, fields::Fields, node::Node},
};
use crate::domain::{MassCreation, Product, SourceId};
use address::address;
use auth::auth;
use mass_creation::mass_creation;
use protect::protect;
use reconcile::reconcile;
use signals::told;
use transport::transport;

/// Calls a second: none would never end, and the wait between two must fit into a duration.
const CALLS: RangeInclusive<f64> = 0.001..=10_000.0;

/// The products by name, those of Jira first: a name that is nearly right is told the nearest.
pub(super) const PRODUCTS: [(&str, Product); 7] = [
    (Product::JiraCloud.as_str(), Product::JiraCloud),
    (Product::JiraDc.as_str(), Product::JiraDc),
    (Product::ConfluenceDc.as_str(), Product::ConfluenceDc),
    (Product::ConfluenceCloud.as_str(), Product::ConfluenceCloud),
    (Product::BitbucketDc.as_str(), Product::BitbucketDc),
    (Product::Crowd.as_str(), Product::Crowd),
    (Product::AtlassianOrg.as_str(), Product::AtlassianOrg),
];

/// Reads one item of `sources`.
pub(super) fn source(node: &Node, reader: &mut Reader<'_>) -> Option<Source> {
    let mut fields = Fields::of(node, reader)?;
    let id = fields
        .required("id", "write `id: acme`, say", reader)
        .and_then(|node| reader.parsed(node, str::parse::<SourceId>));
    let name = fields.or("name", None, |node| reader.title(node).map(Some));
    let product = fields
        .required("product", "write `product: jira-dc`, say", reader)
        .and_then(|node| reader.choice(node, &PRODUCTS, &[]));
    let base_url = address(&mut fields, product, reader);
    let organization = organization(&mut fields, product, reader);
    let auth = fields
        .required("auth", "write `auth: { bearer: { env: NAME } }`, say", reader)
        .and_then(|node| auth(node, product, reader));
    let credentials_expire = fields.or("credentials_expire", None, |node| reader.parsed(node, date).map(Some));
    let told = told(&mut fields, product, reader);
    let reconcile = fields.or("reconcile", Some(Reconcile::default()), |node| reconcile(node, reader));
    let mass = Some(MassCreation::default());
    let mass_creation = fields.or("mass_creation", mass, |node| mass_creation(node, reader));
    let rate = fields.or("rate", Rate::default(), |node| rate(node, reader));
    let transport = transport(&mut fields, base_url.as_ref(), reader);
    // What is protected by default hangs on both; where one can't be read, what is said is checked all the same.
    let default = Protect::of(product.unwrap_or(Product::JiraDc), base_url.as_ref());
    let protect = fields.or("protect", default.clone(), |node| protect(node, product, default, reader));
    fields.done(reader);
    let (id, told) = (id?, told?);
    Some(Source {
        name: name?.unwrap_or_else(|| id.to_string()),
        id,
        product: product?,
        base_url: base_url?,
        organization: organization?,
        auth: auth?,
        credentials_expire: credentials_expire?,
        webhook: told.webhook,
        reconcile: reconcile?,
        mass_creation: mass_creation?,
        feed: told.feed,
        actions: told.actions,
        rate: rate?,
        transport: transport?,
        protect: protect?,
    })
}

/// Reads `organization` and `directory`, which an organisation has and nothing else.
fn organization(
    fields: &mut Fields<'_>,
    product: Option<Product>,
    reader: &mut Reader<'_>,
) -> Option<Option<Organization>> {
    if product != Some(Product::AtlassianOrg) {
        for key in ["organization", "directory"] {
            if let (Some(node), Some(product)) = (fields.get(key), product) {
                let message =
                    format!("`{key}` belongs to `product: atlassian-org`; {} has none, leave it out", product.title());
                return reader.refuse(&node.at, message);
            }
        }
        return Some(None);
    }
    let id = fields
        .required(
            "organization",
            "write the id that stands in the address of admin.atlassian.com, behind `/o/`",
            reader,
        )
        .and_then(|node| reader.parsed(node, plain_id));
    let directory = fields.or("directory", None, |node| reader.parsed(node, plain_id).map(Some));
    Some(Some(Organization { id: id?, directory: directory? }))
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

fn rate(node: &Node, reader: &mut Reader<'_>) -> Option<Rate> {
    let mut fields = Fields::of(node, reader)?;
    let default = Rate::default();
    let per_second = fields.or("per_second", default.per_second, |node| reader.parsed(node, calls));
    let concurrency = fields.or("concurrency", default.concurrency, |node| reader.whole(node, 1..=64));
    fields.done(reader);
    Some(Rate { per_second: per_second?, concurrency: concurrency? })
}

fn calls(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(calls) if CALLS.contains(&calls) => Ok(calls),
        _ => Err(format!("`{text}` is not a number of calls from 0.001 to 10000; write `10` or `0.5`, say")),
    }
}
