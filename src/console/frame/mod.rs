//! The frame around every page, and the values that its components show.

mod banners;
mod look;
mod moment;
mod parts;
mod reasons;

pub(super) use look::{Look, Switch, set};
pub(super) use moment::{Moment, length};
pub(super) use parts::{
    Badge, Chip, Choice, Errors, Fact, FieldError, Kind, Number, Pages, Place, RailItem, Switcher, counted, users,
};
pub(super) use reasons::Reasons;

use actix_web::http::StatusCode;

use super::{
    Asked,
    assets::{Assets, assets},
};
use banners::Banner;

/// Everything around the content of a page.
pub(super) struct Frame {
    /// The name of the page.
    pub(super) title: String,
    /// Whether a form or a request was refused; then the title says so first.
    pub(super) refused: bool,
    /// Whether the content is as wide as the window.
    pub(super) wide: bool,
    /// The text of the status region.
    pub(super) said: &'static str,
    pub(super) look: Look,
    pub(super) switcher: Option<Switcher>,
    pub(super) form_token: String,
    place: Place,
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) banners: Vec<Banner>,
    pub(super) assets: &'static Assets,
    pub(super) version: &'static str,
    pub(super) zone: &'static str,
    pub(super) offset: String,
}

impl Frame {
    /// The frame of a page at `place`.
    pub(super) fn new(asked: &Asked, place: Place, title: String) -> Self {
        let (console, principal) = (asked.console(), asked.principal());
        Self {
            title,
            refused: false,
            wide: false,
            said: "",
            look: asked.look(),
            switcher: None,
            form_token: console.keys().form_token(asked.session()),
            place,
            name: principal.name.to_string(),
            role: principal.role.as_str(),
            banners: banners::of(asked),
            assets: assets(),
            version: env!("CARGO_PKG_VERSION"),
            zone: console.zone.name(),
            offset: asked.moment(asked.now()).offset,
        }
    }

    /// The status of a page with a form: whether that was refused.
    pub(super) fn status(&self) -> StatusCode {
        if self.refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }

    /// The pages of the rail.
    pub(super) fn rail(&self) -> impl Iterator<Item = RailItem> {
        let here = self.place;
        Place::RAIL.iter().map(move |(place, word, path, icon)| RailItem { word, path, icon, is_here: *place == here })
    }

    /// A number of its own for a form that confirms.
    pub(super) fn new_request(&self) -> String {
        hex::encode(rand::random::<[u8; 16]>())
    }
}
