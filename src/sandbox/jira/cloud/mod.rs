//! Jira Cloud, platform REST API v3, as far as usher uses it.
//!
//! Paths, statuses and bodies follow Atlassian's OpenAPI document
//! (developer.atlassian.com/cloud/jira/platform/rest/v3). Two answers are not documented there: adding a member again
//! is a 400 here, and removing a user who is not a member is a 404.

mod group_json;
mod groups;
mod users;

use std::collections::BTreeSet;

use actix_web::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    config::Auth,
    sandbox::{
        ACCOUNT_EMAIL, TOKEN,
        api::{Api, Call, Route, basic},
        faults::limits::TokenState,
        jira,
        jira::issues,
        reply::Reply,
        world::applications::Application,
    },
    secret::Secret,
};

pub(in crate::sandbox) struct JiraCloud;

static ROUTES: &[Route] = &[
    Route::open(Method::GET, "/rest/api/3/serverInfo", server_info),
    Route::new(Method::GET, "/rest/api/3/myself", users::myself),
    Route::new(Method::GET, "/rest/api/3/user", users::get),
    Route::new(Method::DELETE, "/rest/api/3/user", users::delete),
    Route::new(Method::GET, "/rest/api/3/user/groups", users::groups),
    Route::new(Method::GET, "/rest/api/3/user/search", users::search),
    Route::new(Method::GET, "/rest/api/3/users/search", users::list),
    Route::new(Method::GET, "/rest/api/3/group/bulk", groups::bulk),
    Route::adds(Method::POST, "/rest/api/3/group/user", groups::add_member),
    Route::new(Method::DELETE, "/rest/api/3/group/user", groups::remove_member),
    Route::new(Method::GET, "/rest/api/3/group/member", groups::members),
    Route::new(Method::GET, "/rest/api/3/groups/picker", groups::picker),
    Route::new(Method::GET, "/rest/api/3/applicationrole", applications),
    Route::new(Method::POST, "/rest/api/3/issue", |call| issues::create(call, true)),
    Route::new(Method::GET, "/rest/api/3/search/jql", search_issues),
];

impl Api for JiraCloud {
    fn prefix(&self) -> &'static str {
        "/jira-cloud"
    }

    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    /// E-mail address and API token; passwords and bare tokens are not taken.
    fn accepts(&self, authorization: &str) -> bool {
        authorization == basic(ACCOUNT_EMAIL, TOKEN)
    }

    /// Plain text where all other errors are JSON.
    fn unauthorized(&self) -> Reply {
        Reply::text(401, "Client must be authenticated to access this resource.")
            .header("WWW-Authenticate", "OAuth realm=\"sandbox\"")
            .header("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
    }

    fn forbidden(&self) -> Reply {
        jira::forbidden()
    }

    fn licence_full(&self, status: u16) -> Reply {
        jira::licence_full(status)
    }

    fn refused(&self, status: u16, message: &str) -> Reply {
        jira::refused(status, message)
    }

    fn auth(&self) -> Auth {
        Auth::Basic { username: ACCOUNT_EMAIL.to_owned(), password: Secret::new(TOKEN) }
    }

    fn acting_id(&self) -> &'static str {
        "557058:0000-usher"
    }

    /// The reset is the time of the next tokens; `Retry-After` is sent only if the request did not pass.
    ///
    /// Source: developer.atlassian.com/cloud/jira/platform/rate-limiting.
    fn rate_headers(&self, standing: &TokenState) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("X-RateLimit-Limit", standing.limit.capacity.to_string()),
            ("X-RateLimit-Remaining", standing.remaining.to_string()),
            ("X-RateLimit-Reset", reset(Utc::now() + standing.more_in)),
        ];
        if standing.near_limit() {
            headers.push(("X-RateLimit-NearLimit", "true".to_owned()));
        }
        if !standing.passed {
            headers.push(("Retry-After", standing.retry_after.to_string()));
            headers.push(("RateLimit-Reason", "jira-burst-based".to_owned()));
        }
        headers
    }
}

/// A time to the second, like `2026-03-26T16:00Z`: full minutes without their seconds.
fn reset(at: DateTime<Utc>) -> String {
    let second = at + TimeDelta::milliseconds(500);
    let form = if second.timestamp() % 60 == 0 { "%Y-%m-%dT%H:%MZ" } else { "%Y-%m-%dT%H:%M:%SZ" };
    second.format(form).to_string()
}

fn applications(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let roles: Vec<Value> = call.editor.site.applications.iter().map(|application| role(call, application)).collect();
    Ok(Reply::json(200, roles.into()))
}

/// With the ids of its groups.
fn role(call: &Call<'_>, application: &Application) -> Value {
    let details = |names: &BTreeSet<String>| -> Vec<Value> {
        let groups = names.iter().filter_map(|name| call.editor.site.group(name));
        groups.map(|group| group_json::group(group, call.base)).collect()
    };
    let mut bean = application.bean();
    bean["groupDetails"] = details(&application.groups).into();
    bean["defaultGroupsDetails"] = details(&application.default_groups).into();
    bean
}

/// Done issues are removed from a page after the page is made, so an empty page may not be the last one.
fn search_issues(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let (start, most) = (call.query.number("nextPageToken", 0)?, call.query.number("maxResults", 50)?.max(1));
    let all = issues::labelled(call)?;
    let (end, is_last) = (start.saturating_add(most), all.len() <= start.saturating_add(most));
    let page: Vec<Value> = all.into_iter().skip(start).take(most).flatten().collect();
    let mut body = json!({ "isLast": is_last, "issues": page });
    if !is_last {
        body["nextPageToken"] = end.to_string().into();
    }
    Ok(Reply::json(200, body))
}

/// With `defaultLocale`, which is in the document's example and not in its schema.
fn server_info(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let body = json!({
        "baseUrl": call.base, "displayUrl": call.base, "version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud", "buildNumber": 100_300, "defaultLocale": { "locale": "de_DE" },
        "serverTime": Utc::now().format("%Y-%m-%dT%H:%M:%S%.3f%z").to_string(), "serverTitle": "usher sandbox",
    });
    Ok(Reply::json(200, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reset_is_told_to_the_second_and_full_minutes_without_theirs() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        assert_eq!(reset(at("2026-03-26T15:59:59.999Z")), "2026-03-26T16:00Z");
        assert_eq!(reset(at("2026-03-26T16:00:00.001Z")), "2026-03-26T16:00Z");
        assert_eq!(reset(at("2026-03-26T16:00:10Z")), "2026-03-26T16:00:10Z");
    }
}
