//! One source.

pub(super) mod auth;
pub(super) mod feed;
pub(super) mod kept;
pub(super) mod keys;
pub(super) mod mass_creation;
pub(super) mod protect;
mod rate;
pub(super) mod reach;
pub(super) mod reconcile;
pub(super) mod signals;
pub(super) mod sources;
pub(super) mod webhook;
mod write;

use super::{
    Organization, Protect, Reconcile, Source,
    reader::{Reader, node::Node},
    shape::fields::Fields,
};
use crate::domain::{MassCreation, Product};
use auth::auth;
use keys::{
    AUTH, CREDENTIALS_EXPIRE, DIRECTORY, ID, MASS_CREATION, NAME, ORGANIZATION, PRODUCT, PROTECT, RATE, RECONCILE,
    SOURCE,
};
use mass_creation::mass_creation;
use protect::protect;
use reach::{address::address, transport::transport};
use reconcile::reconcile;
use signals::read_signals;

/// The products by name, those of Jira first: the hint for a misspelt name is the nearest.
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
    let mut fields = SOURCE.open(node, reader)?;
    let id = fields.needed(&ID, reader);
    let name = fields.optional(&NAME, reader);
    let product = fields.needed(&PRODUCT, reader);
    let base_url = address(&mut fields, product, reader);
    let organization = organization(&mut fields, product, reader);
    let auth = fields.needed_node(&AUTH, reader).and_then(|node| auth(node, product, reader));
    let credentials_expire = fields.optional(&CREDENTIALS_EXPIRE, reader);
    let signals = read_signals(&mut fields, product, reader);
    let reconcile = fields.or_else(&RECONCILE, Some(Reconcile::default()), |node| reconcile(node, reader));
    let mass = Some(MassCreation::default());
    let mass_creation = fields.or_else(&MASS_CREATION, mass, |node| mass_creation(node, reader));
    let rate = fields.optional(&RATE, reader);
    let transport = transport(&mut fields, base_url.as_ref(), reader);
    // The defaults depend on both. If one can't be read, the written keys are checked nevertheless.
    let default = Protect::of(product.unwrap_or(Product::JiraDc), base_url.as_ref());
    let protect = fields.or_else(&PROTECT, default.clone(), |node| protect(node, product, default, reader));
    fields.done(reader);
    let (id, signals) = (id?, signals?);
    Some(Source {
        name: name?.unwrap_or_else(|| id.to_string()),
        id,
        product: product?,
        base_url: base_url?,
        organization: organization?,
        auth: auth?,
        credentials_expire: credentials_expire?,
        webhook: signals.webhook,
        reconcile: reconcile?,
        mass_creation: mass_creation?,
        feed: signals.feed,
        actions: signals.actions,
        rate: rate?.unwrap_or_default(),
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
    let id_node = fields.node(&ORGANIZATION);
    let directory_node = fields.node(&DIRECTORY);
    if product != Some(Product::AtlassianOrg) {
        for (key, node) in [(ORGANIZATION.name, id_node), (DIRECTORY.name, directory_node)] {
            if let (Some(node), Some(product)) = (node, product) {
                let message =
                    format!("`{key}` belongs to `product: atlassian-org`; {} has none, leave it out", product.title());
                return reader.refuse(&node.at, message);
            }
        }
        return Some(None);
    }
    let id = fields.needed(&ORGANIZATION, reader);
    let directory = fields.optional(&DIRECTORY, reader);
    Some(Some(Organization { id: id?, directory: directory? }))
}
