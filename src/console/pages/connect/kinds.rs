//! The fields of the form, by product.

use crate::domain::Product;

/// How usher signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignsIn {
    /// By a key alone.
    ByKey,
    /// By a name and a password.
    ByAccount,
    /// By a name and a password, or by a token where no name is typed.
    Either,
}

/// The words and fields of the form.
pub(super) struct Kind {
    /// Whether it has an address of its own.
    pub(super) has_address: bool,
    pub(super) signs_in: SignsIn,
    pub(super) address_hint: &'static str,
    pub(super) account_word: &'static str,
    pub(super) account_hint: &'static str,
    pub(super) secret_word: &'static str,
    pub(super) secret_hint: &'static str,
    pub(super) ends_hint: &'static str,
}

const OF_CLOUD: &str = "A token of Atlassian's lives for a year at most. usher warns from 30 days before its end.";

impl Kind {
    pub(super) const fn of(product: Product) -> Self {
        match product {
            Product::JiraCloud | Product::ConfluenceCloud => Self {
                has_address: true,
                signs_in: SignsIn::ByAccount,
                address_hint: "https://acme.atlassian.net, or https://acme.atlassian.net/wiki for Confluence.",
                account_word: "E-mail address",
                account_hint: "Of the account that usher acts with.",
                secret_word: "API token",
                secret_hint: "Made at id.atlassian.com, Security, by that account.",
                ends_hint: OF_CLOUD,
            },
            Product::AtlassianOrg => Self {
                has_address: false,
                signs_in: SignsIn::ByKey,
                address_hint: "",
                account_word: "",
                account_hint: "",
                secret_word: "API key",
                secret_hint: "Made at admin.atlassian.com, Settings, API keys, without scopes.",
                ends_hint: OF_CLOUD,
            },
            Product::Crowd => Self {
                has_address: true,
                signs_in: SignsIn::ByAccount,
                address_hint: "https://crowd.example.com/crowd, with the context path.",
                account_word: "Application",
                account_hint: "The name of usher's application in Crowd.",
                secret_word: "Password",
                secret_hint: "The password of that application.",
                ends_hint: "Left empty if it has no end.",
            },
            Product::JiraDc | Product::ConfluenceDc | Product::BitbucketDc => Self {
                has_address: true,
                signs_in: SignsIn::Either,
                address_hint: "https://jira.example.com, with the context path where there is one.",
                account_word: "User name",
                account_hint: "With a password alone. Left empty for a personal access token.",
                secret_word: "Token or password",
                secret_hint: "A personal access token of the account that usher acts with is better than a password.",
                ends_hint: "The day on which the token ends. usher warns from 30 days before.",
            },
        }
    }

    pub(super) fn has_account(&self) -> bool {
        self.signs_in != SignsIn::ByKey
    }
}
