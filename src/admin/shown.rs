//! The part of the configuration that administrators see, and the token that lets them in.

use std::sync::Arc;

use super::{
    SourceRow,
    identity::{Token, Tokens},
};
use crate::{
    config::Config,
    domain::{Actor, Mode, Role, SourceScope},
    live::Live,
    secret::Secret,
};

/// See the module. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Shown {
    token: Live<Secret>,
    /// Whether usher made the token and keeps it in `data_dir`.
    has_made_token: Live<bool>,
    sources: Live<Vec<SourceRow>>,
    mode: Live<Mode>,
}

impl Shown {
    pub(super) fn new(config: &Config, token: Secret) -> Self {
        let has_made_token = config.admin.token.is_none().into();
        Self { token: token.into(), has_made_token, sources: rows(config).into(), mode: config.mode.into() }
    }

    /// Replaces the configuration by `config`. If it has no token, the earlier token stays.
    pub fn replace(&self, config: &Config) {
        if let Some(token) = &config.admin.token {
            self.token.replace(token.clone());
            self.has_made_token.replace(false);
        }
        self.sources.replace(rows(config));
        self.mode.replace(config.mode);
    }

    pub(super) fn lets_in(&self, token: &[u8]) -> bool {
        self.token.get().matches(token)
    }

    /// All tokens.
    pub(super) fn tokens(&self) -> Tokens {
        let name = Actor::default();
        Tokens::new(vec![Token::new(name, Role::Admin, SourceScope::All, &self.token.get())])
    }

    /// The token, where usher made it.
    pub(super) fn made_token(&self) -> Option<Secret> {
        self.has_made_token.get().then(|| Secret::clone(&self.token.get()))
    }

    pub(super) fn sources(&self) -> Arc<Vec<SourceRow>> {
        self.sources.get()
    }

    pub(super) fn mode(&self) -> Mode {
        *self.mode.get()
    }
}

fn rows(config: &Config) -> Vec<SourceRow> {
    config.sources.iter().map(SourceRow::from).collect()
}
