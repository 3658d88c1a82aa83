//! The proofs of a source's deliveries, and the meanings of entries of an audit log.

mod apps;
mod read;

pub(in crate::config) use read::{AUDIT_ACTIONS, WEBHOOK, actions, webhook};

use url::Url;

use crate::{key_set::KeySet, secret::Secret};

/// The proofs of a source's deliveries: any one is enough. Without any, deliveries are refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Webhook {
    /// Secrets that sign bodies (`X-Hub-Signature`); any one verifies.
    pub hmac: Vec<Secret>,
    /// Values of the `Authorization` header of audit-log webhooks; any one verifies.
    pub bearer: Vec<Secret>,
    /// The installation of a Connect app.
    pub connect: Option<Connect>,
    /// A Forge app.
    pub forge: Option<Forge>,
}

impl Webhook {
    /// All secrets that prove deliveries.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let connect = self.connect.iter().flat_map(|connect| &connect.shared_secret);
        self.hmac.iter().chain(&self.bearer).chain(connect)
    }

    /// Whether any proof is set up, so that webhooks report events of the source.
    pub fn is_set_up(&self) -> bool {
        !self.hmac.is_empty() || !self.bearer.is_empty() || self.connect.is_some() || self.forge.is_some()
    }
}

/// The ids of the relevant audit-log actions: `attributes.action` in Cloud, `type.actionI18nKey` in Data Center. The
/// defaults are those of all products; no two products share an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditActions {
    /// A user logged in.
    pub login: Vec<String>,
    /// A user was created.
    pub created: Vec<String>,
}

impl Default for AuditActions {
    /// Source: the audit-log samples and mappings of github.com/elastic/integrations, `packages/atlassian_*`.
    fn default() -> Self {
        let owned = |ids: [&str; 4]| ids.map(str::to_owned).into();
        Self {
            login: owned([
                "user_login",
                "jira.auditing.user.logged.in",
                "audit.logging.summary.login.success",
                "bitbucket.service.user.audit.action.authenticationsuccess",
            ]),
            created: owned([
                "user_created",
                "jira.auditing.user.created",
                "audit.logging.summary.user.created",
                "bitbucket.service.user.audit.action.usercreated",
            ]),
        }
    }
}

/// One installation of a Connect app, from the `installed` callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// The issuer of the tokens.
    pub client_key: String,
    /// Secrets that sign the tokens; any one verifies.
    pub shared_secret: Vec<Secret>,
    /// The path of the app's base URL.
    pub base_path: String,
}

/// A Forge app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forge {
    /// The audience of the tokens: `ari:cloud:ecosystem::app/…`.
    pub app_id: String,
    /// The keys that sign the tokens.
    pub keys: ForgeKeys,
}

/// The place of the keys of Forge's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForgeKeys {
    /// Published, and changed now and then.
    Url(Url),
    /// These and no others.
    Fixed {
        /// The path of the file that they stand in, as it is written.
        file: String,
        /// The keys.
        keys: KeySet,
    },
}
