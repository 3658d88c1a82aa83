//! How pages look: theme and density, kept in cookies of the browser.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
};

use crate::console::session::value;

/// A choice that a cookie keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::console) enum Switch {
    Theme,
    Density,
}

impl Switch {
    pub(in crate::console) const ALL: [Self; 2] = [Self::Theme, Self::Density];

    /// The name of its field.
    pub(in crate::console) const fn field(self) -> &'static str {
        match self {
            Self::Theme => "theme",
            Self::Density => "density",
        }
    }

    const fn cookie(self) -> &'static str {
        match self {
            Self::Theme => "usher-theme",
            Self::Density => "usher-density",
        }
    }

    /// The values with their words, the default first.
    pub(in crate::console) const fn values(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Theme => &[("auto", "As the system"), ("light", "Light"), ("dark", "Dark")],
            Self::Density => &[("normal", "Normal"), ("compact", "Compact")],
        }
    }

    /// The value that `text` names; the default if it names none.
    fn named(self, text: &str) -> &'static str {
        let found = self.values().iter().find(|(value, _)| *value == text);
        found.map_or(self.values()[0].0, |(value, _)| value)
    }
}

/// Theme and density.
#[derive(Debug, Clone, Copy)]
pub(in crate::console) struct Look {
    pub(in crate::console) theme: &'static str,
    pub(in crate::console) density: &'static str,
}

impl Default for Look {
    fn default() -> Self {
        Self { theme: Switch::Theme.named(""), density: Switch::Density.named("") }
    }
}

impl Look {
    /// As the cookies say.
    pub(in crate::console) fn of(request: &HttpRequest) -> Self {
        let of = |switch: Switch| switch.named(value(request, switch.cookie()).unwrap_or_default());
        Self { theme: of(Switch::Theme), density: of(Switch::Density) }
    }
}

/// Has the browser keep a choice for a year. An unknown value is the default.
pub(in crate::console) fn set(switch: Switch, text: &str, response: &mut HttpResponse) {
    let cookie =
        format!("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000", switch.cookie(), switch.named(text));
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
