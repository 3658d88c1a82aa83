//! The names of groups that a product accepts.

use crate::domain::{Capability, GroupName, Product};

impl Product {
    /// Whether memberships of `group` can be changed. If its name is in the path of a call, servers refuse some names.
    ///
    /// Sources: the REST references on developer.atlassian.com for the place of the name; for the refused names
    /// Tomcat's `encodedSolidusHandling` and `encodedReverseSolidusHandling`, which reject by default, and RFC 3986 for
    /// `.` and `..`.
    pub fn takes_group(self, group: &GroupName) -> Capability {
        match self {
            Self::ConfluenceDc => in_a_path(group.as_str()),
            // In the query or the body of calls.
            Self::JiraDc | Self::BitbucketDc | Self::Crowd => Capability::Yes,
            // By the group's id, which is looked up by its name in the query or the body.
            Self::JiraCloud | Self::ConfluenceCloud | Self::AtlassianOrg => Capability::Yes,
        }
    }
}

fn in_a_path(name: &str) -> Capability {
    if matches!(name, "." | "..") {
        Capability::No("it stands in the address of a call, where `.` and `..` lead elsewhere")
    } else if name.contains(['/', '\\']) {
        Capability::No("it stands in the address of a call, where its server refuses slashes and backslashes")
    } else if name.contains(char::is_control) {
        Capability::No("it stands in the address of a call, where control characters are refused")
    } else if name.contains(['%', ';']) {
        Capability::Partly(
            "it stands in the address of a call, and a proxy may refuse `%` and `;` there or read them otherwise",
        )
    } else {
        Capability::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Product; 7] = [
        Product::JiraDc,
        Product::ConfluenceDc,
        Product::BitbucketDc,
        Product::Crowd,
        Product::JiraCloud,
        Product::ConfluenceCloud,
        Product::AtlassianOrg,
    ];

    #[test]
    fn only_a_product_that_has_the_name_in_its_paths_refuses_what_can_not_stand_there() {
        for name in ["a/b", "a\\b", ".", "..", "a\tb"] {
            for product in ALL {
                let refused = matches!(product.takes_group(&GroupName::new(name)), Capability::No(_));
                assert_eq!(refused, product == Product::ConfluenceDc, "{product}: {name}");
            }
        }
        for name in ["...", "a b", "Staff & Co", "größe", "a?b#c", "a:b"] {
            assert_eq!(Product::ConfluenceDc.takes_group(&GroupName::new(name)), Capability::Yes, "{name}");
        }
        assert!(matches!(Product::ConfluenceDc.takes_group(&GroupName::new("50%;")), Capability::Partly(_)));
    }
}
