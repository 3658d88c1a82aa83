//! The console: pages for administrators on the private listener.
//!
//! A page is one template and one function from [`Asked`] to an [`Answer`]; [`routes`] lists them. Pages call the same
//! functions as the API, with the same checks. Whoever asks is known by a sealed cookie ([`session`]) and by nothing
//! else: the API never reads the cookie, pages never read `Authorization`.

mod addresses;
mod answer;
mod asked;
mod assets;
mod form;
mod frame;
mod kept_forms;
mod origin;
mod pages;
mod requests;
mod routes;
mod session;

use std::{net::SocketAddr, path::Path};

use actix_web::{Scope, web};
use chrono_tz::Tz;

pub use session::Error;

use crate::{admin::ListenerState, config::Config};
use answer::Answer;
use asked::Asked;
use kept_forms::KeptForms;
use origin::Origin;
use pages::{
    bulk::{LastPlans, UploadedFiles},
    sources::LastChecks,
};
use requests::Requests;
use session::{Keys, Lifetimes, MadeKey};

/// The state that all pages share.
pub struct Console {
    listener: web::Data<ListenerState>,
    /// Sessions are sealed with it if the configuration has no key.
    made_key: MadeKey,
    /// The address of the listener.
    address: SocketAddr,
    requests: Requests,
    kept_forms: KeptForms,
    checks: LastChecks,
    plans: LastPlans,
    files: UploadedFiles,
    zone: Tz,
}

impl Console {
    /// The console of the listener at `address`. Makes a key of sessions in `data_dir` if there is none.
    ///
    /// # Errors
    /// [`Error`] if that key can't be read or made.
    pub fn new(
        config: &Config,
        data_dir: &Path,
        address: SocketAddr,
        listener: web::Data<ListenerState>,
    ) -> Result<Self, Error> {
        let (made_key, zone) = (MadeKey::of(data_dir)?, config.console.timezone);
        Ok(Self {
            listener,
            made_key,
            address,
            requests: Requests::default(),
            kept_forms: KeptForms::default(),
            checks: LastChecks::default(),
            plans: LastPlans::default(),
            files: UploadedFiles::default(),
            zone,
        })
    }

    /// The keys of sessions, as the configuration is now.
    fn keys(&self) -> Keys {
        let given = self.listener.state().and_then(|state| state.session().key.clone());
        Keys::from(given.as_ref().map_or(self.made_key.bytes(), |key| key.reveal().as_bytes()))
    }

    /// How long sessions last, as the configuration is now.
    fn lifetimes(&self) -> Lifetimes {
        let session = self.listener.state().map(|state| state.session()).unwrap_or_default();
        Lifetimes { idle: session.idle, at_most: session.at_most, again_after: session.again_after }
    }

    /// The address of the console, as the configuration is now.
    fn origin(&self) -> Origin {
        let public_url = self.listener.state().and_then(|state| state.public_url());
        Origin::new(public_url.as_ref(), self.address)
    }
}

/// Adds all pages to the scope of the private listener.
pub fn pages(console: web::Data<Console>) -> impl FnOnce(Scope) -> Scope {
    move |scope| routes::all().into_iter().fold(scope.app_data(console), Scope::service)
}

#[cfg(test)]
mod tests;
