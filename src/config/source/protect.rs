//! Whom and what usher never takes anything away from.

use url::Url;

use crate::{
    config::{
        Protect,
        reader::{
            Reader,
            fields::Fields,
            node::{Content, Node},
        },
        scheme::{
            compatibility,
            groups::{some_groups, users},
        },
    },
    domain::{GroupName, Product},
};

/// How many administrators must remain where nothing is said: one may be ill.
const LAST_ADMINISTRATORS: u32 = 2;

impl Protect {
    /// What holds where nothing is said, for a source of `product` at `base_url`.
    pub fn of(product: Product, base_url: Option<&Url>) -> Self {
        Self {
            users: Vec::new(),
            admin_groups: admin_groups(product, base_url),
            assumed_admin_groups: true,
            last_administrators: LAST_ADMINISTRATORS,
            acting_account: true,
        }
    }
}

/// The groups that administrate where nothing is said. Groups that are not there have no members.
///
/// In Cloud they are those that Atlassian's administration guide lists as default groups of a site, old and new; the newer
/// ones end with the site's name.
fn admin_groups(product: Product, base_url: Option<&Url>) -> Vec<GroupName> {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut names = match product {
        Product::JiraDc => owned(&["jira-administrators"]),
        Product::ConfluenceDc => owned(&["confluence-administrators"]),
        Product::BitbucketDc => owned(&["stash-administrators", "bitbucket-administrators"]),
        Product::Crowd => owned(&["crowd-administrators"]),
        Product::JiraCloud | Product::ConfluenceCloud | Product::AtlassianOrg => owned(&[
            "jira-administrators",
            "confluence-administrators",
            "site-admins",
            "org-admins",
            "administrators",
            "system-administrators",
        ]),
    };
    if product.is_cloud()
        && let Some(site) = base_url.and_then(Url::host_str).and_then(|host| host.strip_suffix(".atlassian.net"))
    {
        let by_site = ["jira-admins", "jira-administrators", "confluence-admins", "org-admins"];
        names.extend(by_site.map(|group| format!("{group}-{site}")));
    }
    names.into_iter().map(GroupName::new).collect()
}

/// Reads the `protect` of a source of `product`, where that is known; what is left out is as in `default`.
pub(in crate::config) fn protect(
    node: &Node,
    product: Option<Product>,
    default: Protect,
    reader: &mut Reader<'_>,
) -> Option<Protect> {
    let mut fields = Fields::like(node, "{ users: [break-glass] }", reader)?;
    let users = fields.or("users", default.users, |node| users(node, reader));
    let assumed_admin_groups = fields.get("admin_groups").is_none();
    let admin_groups = fields.or("admin_groups", default.admin_groups, |node| written_groups(node, product, reader));
    let last_administrators = fields.or("last_administrators", default.last_administrators, |node| {
        let number = reader.whole(node, 0..=1_000)?;
        if number == 0 {
            reader.warn(&node.at, "schemes may leave the source without any administrator; write 2, or leave it out");
        }
        Some(number)
    });
    let acting_account = fields.or("acting_account", default.acting_account, |node| {
        let protected = reader.boolean(node)?;
        if !protected {
            reader.warn(&node.at, "schemes may take usher's own rights away; write `true`, or leave it out");
        }
        Some(protected)
    });
    fields.done(reader);
    Some(Protect {
        users: users?,
        admin_groups: admin_groups?,
        assumed_admin_groups,
        last_administrators: last_administrators?,
        acting_account: acting_account?,
    })
}

/// Reads groups whose members usher has to read.
fn written_groups(node: &Node, product: Option<Product>, reader: &mut Reader<'_>) -> Option<Vec<GroupName>> {
    let groups = some_groups(node, reader)?;
    if let (Some(product), Content::List(items)) = (product, &node.content) {
        groups.iter().zip(items).for_each(|(group, item)| compatibility::check_group(product, group, &item.at, reader));
    }
    Some(groups)
}
