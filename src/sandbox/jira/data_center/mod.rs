//! Jira Data Center, REST API v2, as far as usher uses it.
//!
//! Paths, statuses and bodies follow Atlassian's OpenAPI document of Jira Software Data Center 10.3
//! (developer.atlassian.com/server/jira/platform/rest). Removing a user who is not a member is a 400 here.

mod groups;
mod users;

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::{
    clock::{Clock, SystemClock},
    domain::Product,
    sandbox::{
        api::{Api, Call, Route},
        audit, jira,
        jira::issues,
        reply::Reply,
        world::applications::Application,
    },
};

pub(in crate::sandbox) struct JiraDc;

static ROUTES: &[Route] = &[
    Route::open(Method::GET, "/rest/api/2/serverInfo", server_info),
    Route::new(Method::GET, "/rest/api/2/myself", users::myself),
    Route::new(Method::GET, "/rest/api/2/user", users::get),
    Route::new(Method::PUT, "/rest/api/2/user", users::edit),
    Route::new(Method::DELETE, "/rest/api/2/user", users::delete),
    Route::new(Method::PUT, "/rest/api/2/user/password", users::set_password),
    Route::new(Method::GET, "/rest/api/2/user/search", users::search),
    Route::new(Method::GET, "/rest/api/2/user/list", users::list),
    Route::adds(Method::POST, "/rest/api/2/group/user", groups::add_member),
    Route::new(Method::DELETE, "/rest/api/2/group/user", groups::remove_member),
    Route::new(Method::GET, "/rest/api/2/group/member", groups::members),
    Route::new(Method::GET, "/rest/api/2/groups/picker", groups::picker),
    Route::new(Method::GET, "/rest/api/2/mypermissions", permissions),
    Route::new(Method::GET, "/rest/api/2/applicationrole", applications),
    Route::new(Method::POST, "/rest/api/2/issue", |call| issues::create(call, false)),
    Route::new(Method::GET, "/rest/api/2/search", search_issues),
    Route::new(Method::GET, "/rest/auditing/1.0/events", audit::data_center::events),
];

impl Api for JiraDc {
    fn prefix(&self) -> &'static str {
        "/jira-dc"
    }

    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn unauthorized(&self) -> Reply {
        let body = json!({ "message": "Client must be authenticated to access this resource.", "status-code": 401 });
        Reply::json(401, body).header("X-AUSERNAME", "anonymous").header("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
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

    fn acting_id(&self) -> &'static str {
        "JIRAUSER10000"
    }
}

fn server_info(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let body = json!({
        "baseUrl": call.base, "version": "10.3.24", "versionNumbers": [10, 3, 24], "deploymentType": "Server",
        "buildNumber": 10_030_024, "scmInfo": "0000000000000000000000000000000000000000",
        "serverTime": SystemClock.now().to_string(), "serverTitle": format!("usher sandbox ({})", Product::JiraDc),
    });
    Ok(Reply::json(200, body))
}

/// Some of the many permissions: whether the acting account administers the site, and whether it may see users.
fn permissions(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let administers = call.editor.site.acting_administers();
    let permission = |id: &str, key: &str, name: &str, has: bool| json!({ "id": id, "key": key, "name": name, "type": "GLOBAL", "description": "", "havePermission": has });
    let permissions = json!({
        "ADMINISTER": permission("0", "ADMINISTER", "Jira-Administratoren", administers),
        "SYSTEM_ADMIN": permission("44", "SYSTEM_ADMIN", "Jira-Systemadministratoren", administers),
        "USER_PICKER": permission("27", "USER_PICKER", "Benutzer durchsuchen", true),
    });
    Ok(Reply::json(200, json!({ "permissions": permissions })))
}

fn applications(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let roles: Vec<Value> = call.editor.site.applications.iter().map(Application::bean).collect();
    Ok(Reply::json(200, roles.into()))
}

fn search_issues(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let most = call.query.number("maxResults", 50)?;
    let mut issues: Vec<Value> = issues::labelled(call)?.into_iter().flatten().collect();
    let total = issues.len();
    issues.truncate(most);
    let body = json!({ "expand": "", "startAt": 0, "maxResults": most, "total": total, "issues": issues });
    Ok(Reply::json(200, body))
}
