//! Every product of the sandbox, with its API and the path of its site.

use super::{
    api::Api,
    atlassian_org::AtlassianOrg,
    bitbucket_dc::BitbucketDc,
    confluence::{cloud::ConfluenceCloud, data_center::ConfluenceDc},
    crowd_server::Crowd,
    jira::{cloud::JiraCloud, data_center::JiraDc},
};
use crate::domain::Product;

/// Every product of the sandbox with its API.
static SITES: &[(Product, &dyn Api)] = &[
    (Product::JiraDc, &JiraDc),
    (Product::ConfluenceDc, &ConfluenceDc),
    (Product::BitbucketDc, &BitbucketDc),
    (Product::Crowd, &Crowd),
    (Product::JiraCloud, &JiraCloud),
    (Product::ConfluenceCloud, &ConfluenceCloud),
    (Product::AtlassianOrg, &AtlassianOrg),
];

/// The products that have a site.
pub fn products() -> impl Iterator<Item = Product> {
    SITES.iter().map(|(product, _)| *product)
}

/// The API of a product.
pub(super) fn of(product: Product) -> &'static dyn Api {
    let (_, api) = SITES.iter().find(|(site, _)| *site == product).expect("a product of the sandbox");
    *api
}

/// Finds the site that a path belongs to, and the rest of the path.
pub(super) fn find(path: &str) -> Option<(Product, &str)> {
    SITES.iter().find_map(|(product, api)| {
        let rest = path.strip_prefix(api.prefix())?;
        rest.starts_with('/').then_some((*product, rest))
    })
}

/// The lasting id of the acting account in each site.
pub(super) fn acting_ids() -> Vec<(Product, &'static str)> {
    SITES.iter().map(|(product, api)| (*product, api.acting_id())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_site_whose_prefix_it_has() {
        assert_eq!(find("/jira-dc/rest/api/2/myself"), Some((Product::JiraDc, "/rest/api/2/myself")));
        assert_eq!(find("/jira-cloud/rest"), Some((Product::JiraCloud, "/rest")));
        assert_eq!(find("/jira-dcx/rest"), None);
        assert_eq!(find("/jira-dc"), None);
    }
}
