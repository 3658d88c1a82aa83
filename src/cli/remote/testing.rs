//! A stand-in for usher's API, for the tests of commands.

use actix_web::{App, FromRequest, Handler, HttpServer, Responder, web};

use super::Api;
use crate::secret::Secret;

/// The result of `work` with an API whose every request is answered by `answer`.
pub async fn answered_by<H, A, T>(answer: H, work: impl AsyncFnOnce(&Api) -> T) -> T
where
    H: Handler<A, Output: Responder + 'static> + Clone + Send,
    A: FromRequest + 'static,
{
    let app = move || App::new().default_service(web::to(answer.clone()));
    let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).expect("a free port");
    let url = format!("http://{}", server.addrs()[0]).parse().expect("a URL");
    let server = server.run();
    let handle = server.handle();
    let serving = tokio::spawn(server);
    let worked = work(&Api::new(url, Some(Secret::new("token"))).expect("a client")).await;
    handle.stop(false).await;
    serving.await.expect("no panic").expect("it ends");
    worked
}
