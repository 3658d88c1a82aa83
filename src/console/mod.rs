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
use origin::Origin;
use requests::Requests;
use session::{Keys, Lifetimes};

/// The state that all pages share.
pub struct Console {
    listener: web::Data<ListenerState>,
    keys: Keys,
    lifetimes: Lifetimes,
    origin: Origin,
    requests: Requests,
    zone: Tz,
}

impl Console {
    /// The console of the listener at `address`. Makes the key of sessions in `data_dir` if the configuration has none.
    ///
    /// # Errors
    /// [`Error`] if that key can't be read or made.
    pub fn new(
        config: &Config,
        data_dir: &Path,
        address: SocketAddr,
        listener: web::Data<ListenerState>,
    ) -> Result<Self, Error> {
        let keys = Keys::of(&config.admin, data_dir)?;
        let (lifetimes, zone) = (Lifetimes::of(&config.admin), config.console.timezone);
        let origin = Origin::of(&config.admin, address);
        Ok(Self { listener, keys, lifetimes, origin, requests: Requests::default(), zone })
    }
}

/// Adds all pages to the scope of the private listener.
pub fn pages(console: web::Data<Console>) -> impl FnOnce(Scope) -> Scope {
    move |scope| routes::all().into_iter().fold(scope.app_data(console), Scope::service)
}

#[cfg(test)]
mod tests;
