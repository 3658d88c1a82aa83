//! `usher users`: finds users, shows one with the origin of each fact, explains, and tells what was done about them.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::Value;

use super::{
    Api, AsList, AsOne, Error, Format, explain,
    listed::{self, Limit},
    output::{Column, Output},
};

/// Shown of a list in a table, unless `--limit` says otherwise.
const DEFAULT_LIMIT: usize = 50;

/// The commands for users.
#[derive(Subcommand)]
pub enum Command {
    /// Find users in the last list of each source.
    List(Box<Find>),
    /// One user: each fact with its origin and age, or why it is not known.
    Show {
        /// The source.
        source: String,
        /// The lasting id.
        id: String,
        /// Read the user from the product now.
        #[arg(long)]
        fresh: bool,
        #[command(flatten)]
        shown: AsOne,
    },
    /// What every scheme of the source says about a user, from one reading.
    Explain {
        /// The source.
        source: String,
        /// The lasting id or the login name.
        id: String,
        #[command(flatten)]
        shown: AsOne,
    },
    /// Events, decisions and steps of a user, newest first.
    Timeline {
        /// The source.
        source: String,
        /// The lasting id.
        id: String,
        /// Only items of this kind.
        #[arg(long, value_enum)]
        kind: Option<Kind>,
        /// The most items, or `all`.
        #[arg(long, value_parser = listed::limit)]
        limit: Option<Limit>,
        #[command(flatten)]
        shown: AsList,
    },
    /// List the users of a source anew, in the background.
    Refresh {
        /// The source.
        source: String,
    },
}

/// Which users.
#[derive(Args)]
pub struct Find {
    /// Words in the name, the display name, the e-mail address or the id.
    text: Option<String>,
    /// Only this source.
    #[arg(long)]
    source: Option<String>,
    /// The domain of the e-mail address.
    #[arg(long)]
    domain: Option<String>,
    /// `active`, `inactive` or `suspended`.
    #[arg(long)]
    status: Option<String>,
    /// The name of the user directory.
    #[arg(long)]
    directory: Option<String>,
    /// The last login was before this time.
    #[arg(long, value_name = "TIME")]
    last_login_before: Option<String>,
    /// There was never a login: `true`, or there was one: `false`.
    #[arg(long, value_name = "TRUTH", num_args = 0..=1, default_missing_value = "true")]
    never_logged_in: Option<bool>,
    /// The account was created before this time.
    #[arg(long, value_name = "TIME")]
    created_before: Option<String>,
    /// Listed in the source's `protect.users`: `true`, or not: `false`.
    #[arg(long, value_name = "TRUTH", num_args = 0..=1, default_missing_value = "true")]
    protected: Option<bool>,
    /// `name`, `display_name`, `email` or `id`, with `-` before it for the reverse.
    #[arg(long, allow_hyphen_values = true)]
    sort: Option<String>,
    /// The most users, or `all`.
    #[arg(long, value_parser = listed::limit)]
    limit: Option<Limit>,
    #[command(flatten)]
    shown: AsList,
}

/// The kind of an item of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Something that happened to the user.
    Event,
    /// What usher decided about it.
    Decision,
    /// What became of a step.
    Step,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Decision => "decision",
            Self::Step => "step",
        }
    }
}

/// The columns of a list of users.
pub(super) const USERS: [Column; 10] = [
    ("source", "/source"),
    ("id", "/id"),
    ("name", "/name"),
    ("display name", "/display_name"),
    ("email", "/email"),
    ("status", "/status"),
    ("directory", "/directory"),
    ("last login", "/shown_last_login"),
    ("logins", "/logins"),
    ("protected", "/protected"),
];

const ITEMS: [Column; 6] = [
    ("at", "/at"),
    ("kind", "/kind"),
    ("what", "/shown_what"),
    ("scheme", "/scheme"),
    ("result", "/result"),
    ("reason", "/reason"),
];

/// Runs `usher users`.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::Output`] if the output can't be written.
pub async fn run(api: &Api, output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::List(find) => find.run(api, output).await?,
        Command::Show { source, id, fresh, shown } => {
            output.format = shown.output.into();
            let query: &[(&str, &str)] = if fresh { &[("fresh", "true")] } else { &[] };
            let user = api.get_with("facts", &["users", &source, &id], query).await?;
            if output.format == Format::Table {
                in_words(&user).iter().try_for_each(|line| output.say(line))?;
            } else {
                output.whole(&user)?;
            }
        }
        Command::Explain { source, id, shown } => {
            output.format = shown.output.into();
            let explained = api.get_with("schemes", &["users", &source, &id, "explain"], &[]).await?;
            if output.format == Format::Table {
                explained_in_words(&explained).iter().try_for_each(|line| output.say(line))?;
            } else {
                output.whole(&explained)?;
            }
        }
        Command::Timeline { source, id, kind, limit, shown } => {
            output.format = shown.output;
            let query: Vec<_> = kind.map(|kind| ("kind", kind.as_str())).into_iter().collect();
            let limit = Limit::or(limit, DEFAULT_LIMIT, output.format);
            listed::show(api, output, (&["users", &source, &id, "timeline"], &query), &ITEMS, limit, with_what).await?;
        }
        Command::Refresh { source } => {
            let path = ["sources", &source, "roster", "refresh"];
            api.send_to("state", Method::POST, &path, None, None).await?;
            output.say(&format!("the users of {source} are being listed; see `usher sources show {source}`"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Find {
    async fn run(&self, api: &Api, output: &mut Output<'_>) -> Result<(), Error> {
        output.format = self.shown.output;
        let truth = |is_so: Option<bool>| is_so.map(|is_so| if is_so { "true" } else { "false" });
        let filters = [
            ("q", self.text.as_deref()),
            ("source", self.source.as_deref()),
            ("domain", self.domain.as_deref()),
            ("status", self.status.as_deref()),
            ("directory", self.directory.as_deref()),
            ("last_login_before", self.last_login_before.as_deref()),
            ("never_logged_in", truth(self.never_logged_in)),
            ("created_before", self.created_before.as_deref()),
            ("protected", truth(self.protected)),
            ("sort", self.sort.as_deref()),
        ];
        let query: Vec<_> = filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let limit = Limit::or(self.limit, DEFAULT_LIMIT, output.format);
        let shown = listed::show(api, output, (&["users"], &query), &USERS, limit, with_last_login).await?;
        if shown == 0 {
            self.say_why_nobody(api, output).await?;
        }
        Ok(())
    }

    /// Nobody may be found because nobody was listed.
    async fn say_why_nobody(&self, api: &Api, output: &mut Output<'_>) -> Result<(), Error> {
        let mut query = vec![("limit", "1")];
        query.extend(self.source.as_deref().map(|source| ("source", source)));
        let page = api.get_with("roster", &["users"], &query).await?;
        for roster in explain::list(&page["roster"]).iter().filter(|roster| roster["as_of"].is_null()) {
            let source = roster["source"].as_str().unwrap_or_default();
            output.note(&format!("nobody of {source} is listed here yet: usher users refresh {source}"))?;
        }
        Ok(())
    }
}

/// The last login as a table shows it.
pub(super) fn with_last_login(user: &mut Value) {
    let never = user["never_logged_in"].as_bool() == Some(true);
    user["shown_last_login"] = if never { "never".into() } else { user["last_login"].clone() };
}

/// What an item of a timeline is about, in a few words.
fn with_what(item: &mut Value) {
    let text = |key: &str| item[key].as_str().unwrap_or_default();
    let what = match text("kind") {
        "event" => format!("{} ({})", text("what"), text("via")),
        "decision" => {
            let answers = explain::list(&item["schemes"]).iter().map(|answer| {
                let text = |key: &str| answer[key].as_str().unwrap_or_default();
                format!("{}: {}", text("scheme"), text("selected"))
            });
            let answers = answers.collect::<Vec<_>>().join(", ");
            if answers.is_empty() { "nothing".to_owned() } else { answers }
        }
        _ => format!("{} {}", text("action"), text("target")).trim_end().to_owned(),
    };
    item["shown_what"] = what.into();
}

/// A user for people: a line for each fact.
fn in_words(user: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let mut lines = vec![format!("{} in {}", text(&user["id"]), text(&user["source"])), String::new()];
    let names = user["facts"].as_object().into_iter().flatten();
    for (name, fact) in names {
        lines.push(match (&fact["value"], fact["why"].as_str()) {
            (Value::Null, why) => format!("  {name}: not known ({})", why.unwrap_or("nobody can tell why")),
            (value, _) => {
                format!("  {name}: {} (from the {}, {})", text(value), text(&fact["from"]), text(&fact["as_of"]))
            }
        });
    }
    lines.push(String::new());
    let activity = user["activity"].as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    lines.extend(activity.map(|(name, value)| format!("  seen by usher, {name}: {}", text(value))));
    if user["protected"].as_bool() == Some(true) {
        lines.push("  protected: listed in the source's `protect.users`".to_owned());
    }
    let same = explain::list(&user["same_email_in"]).iter();
    lines.extend(same.map(|one| format!("  same e-mail address: {} in {}", text(&one["id"]), text(&one["source"]))));
    lines
}

/// What the schemes say, for people: a line each, and the conditions below it.
fn explained_in_words(explained: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let schemes = explain::list(&explained["schemes"]);
    let mut lines = Vec::new();
    if schemes.is_empty() {
        lines.push(format!("{} has no scheme that usher can read", text(&explained["source"])));
    }
    for scheme in schemes {
        lines.push(format!("`{}` {}", text(&scheme["scheme"]), text(&scheme["says"])));
        for part in explain::list(&scheme["reasons"]["parts"]) {
            explain::tree(part, 1, &mut lines);
        }
        lines.extend(explain::list(&scheme["notes"]).iter().map(|note| format!("  note: {}", text(note))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fact_is_told_with_its_origin_or_with_why_it_is_not_known() {
        let known = json!({"value": ["a", "b"], "from": "product", "as_of": "T", "why": null});
        let unknown = json!({"value": null, "from": null, "as_of": null, "why": "hidden"});
        let user = json!({"id": "1", "source": "acme", "facts": {"groups": known, "email": unknown}});
        let lines = in_words(&user);
        assert!(lines.contains(&"  groups: a, b (from the product, T)".to_owned()), "{lines:?}");
        assert!(lines.contains(&"  email: not known (hidden)".to_owned()), "{lines:?}");
    }

    #[test]
    fn never_is_told_from_not_known() {
        let shown = |mut user: Value| {
            with_last_login(&mut user);
            user["shown_last_login"].clone()
        };
        assert_eq!(shown(json!({"never_logged_in": true, "last_login": null})), "never");
        assert_eq!(shown(json!({"never_logged_in": null, "last_login": null})), Value::Null);
    }

    #[test]
    fn a_decision_for_nothing_is_an_item_too() {
        let what = |mut item: Value| {
            with_what(&mut item);
            item["shown_what"].as_str().expect("text").to_owned()
        };
        assert_eq!(what(json!({"kind": "decision", "schemes": []})), "nothing");
        assert_eq!(what(json!({"kind": "decision", "schemes": [{"scheme": "a", "selected": "true"}]})), "a: true");
        assert_eq!(what(json!({"kind": "step", "action": "deactivate", "target": ""})), "deactivate");
        assert_eq!(what(json!({"kind": "event", "what": "created", "via": "feed"})), "created (feed)");
    }
}
