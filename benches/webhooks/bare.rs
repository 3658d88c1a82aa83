//! What the others are measured against: the same server, the same check of the signature, and nothing else.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::Server,
    web::{self, Bytes},
};
use usher::{
    clock::SystemClock,
    intake::{Proof, Unverified, Verifier},
    secret::Secret,
};

use super::deliveries::SECRET;

/// Binds the server; it runs when it is awaited.
pub fn bind() -> std::io::Result<(SocketAddr, Server)> {
    let verifier = web::Data::new(Verifier::of_signatures(&[Secret::new(SECRET)], Arc::new(SystemClock)));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(verifier.clone())
            .service(web::resource("/webhooks/{source}").route(web::post().to(receive)))
    })
    // As usher has it.
    .client_request_timeout(Duration::from_secs(5))
    .keep_alive(Duration::from_secs(75))
    .backlog(4096)
    .disable_signals()
    .bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok((server.addrs()[0], server.run()))
}

async fn receive(verifier: web::Data<Verifier>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let signature = request.headers().get("x-hub-signature").map(|value| value.as_bytes());
    match Unverified::new(body, Proof { signature, ..Proof::default() }).verify(&verifier).await {
        Ok(_) => HttpResponse::Ok().finish(),
        Err(_) => HttpResponse::Unauthorized().finish(),
    }
}
