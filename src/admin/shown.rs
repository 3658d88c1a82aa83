//! The part of the configuration that administrators see, and the tokens that let them in.

use std::sync::Arc;

use url::Url;

use super::{
    SourceRow,
    identity::{Principal, Token, Tokens},
};
use crate::{
    config::{Config, NamedToken, Oidc, Session},
    domain::{Actor, Channel, Mode, Role, SourceScope},
    live::Live,
    oidc::Provider,
    secret::Secret,
};

/// See the module. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Shown {
    /// `admin.token`, or the one that usher made.
    token: Live<Secret>,
    /// Whether usher made the token and keeps it in `data_dir`.
    has_made_token: Live<bool>,
    tokens: Live<Tokens>,
    session: Live<Session>,
    public_url: Live<Option<Url>>,
    sources: Live<Vec<SourceRow>>,
    mode: Live<Mode>,
    oidc: Live<Option<Arc<Provider>>>,
}

impl Shown {
    pub(super) fn new(config: &Config, token: Secret) -> Self {
        Self {
            has_made_token: config.admin.token.is_none().into(),
            tokens: tokens(config, &token).into(),
            token: token.into(),
            session: config.admin.session.clone().into(),
            public_url: config.admin.public_url.clone().into(),
            sources: rows(config).into(),
            mode: config.mode.into(),
            oidc: config.admin.oidc.clone().map(provider).into(),
        }
    }

    /// Replaces the configuration by `config`. If it has no `admin.token`, the earlier one stays.
    pub fn replace(&self, config: &Config) {
        if let Some(token) = &config.admin.token {
            self.token.replace(token.clone());
            self.has_made_token.replace(false);
        }
        self.tokens.replace(tokens(config, &self.token.get()));
        self.session.replace(config.admin.session.clone());
        self.public_url.replace(config.admin.public_url.clone());
        self.sources.replace(rows(config));
        self.mode.replace(config.mode);
        // A provider that stays the same keeps what it has fetched.
        if self.oidc().as_deref().map(Provider::config) != config.admin.oidc.as_ref() {
            self.oidc.replace(config.admin.oidc.clone().map(provider));
        }
    }

    /// The holder of this token, on that way; none: it lets nobody in.
    pub(super) fn principal(&self, presented: &[u8], via: Channel) -> Option<Principal> {
        self.tokens.get().find(presented).map(|token| token.principal(via))
    }

    /// The tokens that let somebody in now.
    pub(super) fn tokens(&self) -> Arc<Tokens> {
        self.tokens.get()
    }

    /// The settings of sessions.
    pub(super) fn session(&self) -> Arc<Session> {
        self.session.get()
    }

    /// The address of the console.
    pub(super) fn public_url(&self) -> Option<Url> {
        self.public_url.get().as_ref().clone()
    }

    /// The token, where usher made it.
    pub(super) fn made_token(&self) -> Option<Secret> {
        self.has_made_token.get().then(|| Secret::clone(&self.token.get()))
    }

    pub(super) fn sources(&self) -> Arc<Vec<SourceRow>> {
        self.sources.get()
    }

    /// The identity provider, if there is one.
    pub(super) fn oidc(&self) -> Option<Arc<Provider>> {
        self.oidc.get().as_ref().clone()
    }

    pub(super) fn mode(&self) -> Mode {
        *self.mode.get()
    }
}

fn tokens(config: &Config, admin: &Secret) -> Tokens {
    let admin = Token::new(Actor::default(), Role::Admin, SourceScope::All, admin);
    let named = config.admin.tokens.iter();
    let named = named
        .map(|NamedToken { name, role, sources, secret }| Token::new(name.clone(), *role, sources.clone(), secret));
    Tokens::new(std::iter::once(admin).chain(named).collect())
}

fn provider(config: Oidc) -> Arc<Provider> {
    Arc::new(Provider::new(config))
}

fn rows(config: &Config) -> Vec<SourceRow> {
    config.sources.iter().map(SourceRow::from).collect()
}
