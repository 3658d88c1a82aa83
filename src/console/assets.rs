//! The files that pages load: built in, under names that change with their content, so that browsers keep them.

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header, web};
use sha2::{Digest, Sha256};

/// The path below which they are.
const PREFIX: &str = "/assets/";

/// One file.
struct Asset {
    /// The name in an address, with a digest of the content.
    name: String,
    content_type: &'static str,
    content: &'static str,
}

/// The addresses of all files, for the heads of pages.
pub(super) struct Assets {
    pub(super) style: String,
    pub(super) script: String,
    pub(super) htmx: String,
    pub(super) icon: String,
    files: [Asset; 4],
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let files = [
        Asset::new("console", "css", "text/css; charset=utf-8", include_str!("../../assets/console.css")),
        Asset::new("console", "js", "text/javascript; charset=utf-8", include_str!("../../assets/console.js")),
        Asset::new(
            "htmx-4.0.1",
            "js",
            "text/javascript; charset=utf-8",
            include_str!("../../assets/htmx-4.0.1.min.js"),
        ),
        Asset::new("icon", "svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
    ];
    let [style, script, htmx, icon] = files.each_ref().map(|asset| format!("{PREFIX}{}", asset.name));
    Assets { style, script, htmx, icon, files }
});

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let digest = hex::encode(&Sha256::digest(content.as_bytes())[..6]);
        Self { name: format!("{stem}-{digest}.{extension}"), content_type, content }
    }
}

/// All files.
pub(super) fn assets() -> &'static Assets {
    &ASSETS
}

/// `GET /assets/{name}`. Nothing about this installation is in them, so they need no session.
pub(super) async fn show(name: web::Path<String>) -> HttpResponse {
    let Some(asset) = ASSETS.files.iter().find(|asset| asset.name == *name) else {
        return HttpResponse::NotFound().finish();
    };
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
        .content_type(asset.content_type)
        .body(asset.content)
}
