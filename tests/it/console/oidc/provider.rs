//! An identity provider on loopback: its description, its page to sign in, its tokens and keys, as OpenID Connect
//! Core 1.0 and RFC 7636 have them. It refuses what a real one refuses, and lies on request.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    rt::System,
    web::{self, Data, Query},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

pub const CLIENT: &str = "usher";
pub const SECRET: &str = "the-secret: of usher";

/// How the provider signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// With its key, as it should.
    Es256,
    /// Not at all: `alg: none`.
    None,
    /// With an HMAC, whose key is the published one.
    Hs256,
    /// With a key that it does not publish under this id.
    Stranger,
}

/// The behaviour of the provider.
pub struct Script {
    /// The claims besides, or instead; `null` takes one away.
    pub claims: Value,
    pub signing: Signing,
    /// Answers the exchange of a code with a redirect to here.
    pub elsewhere: Option<String>,
    /// Refuses people, with this error.
    pub refuses: Option<&'static str>,
    key: (String, EcdsaKeyPair),
    grants: HashMap<String, Grant>,
    /// The query of the last person who was sent here.
    pub asked: HashMap<String, String>,
}

/// The meaning of a code.
struct Grant {
    back: String,
    challenge: String,
    nonce: String,
}

pub struct Provider {
    pub issuer: String,
    script: Arc<Mutex<Script>>,
    exchanges: Arc<AtomicUsize>,
    server: ServerHandle,
}

#[derive(Clone)]
struct Shared {
    issuer: String,
    script: Arc<Mutex<Script>>,
    exchanges: Arc<AtomicUsize>,
}

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).expect("a key")
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Provider {
    /// One that lets everybody in as `ann@acme.example`, in no group.
    pub fn start() -> Self {
        let script = Script {
            claims: json!({}),
            signing: Signing::Es256,
            elsewhere: None,
            refuses: None,
            key: ("one".to_owned(), new_key()),
            grants: HashMap::new(),
            asked: HashMap::new(),
        };
        let (script, exchanges) = (Arc::new(Mutex::new(script)), Arc::new(AtomicUsize::new(0)));
        let (sender, receiver) = mpsc::channel();
        let (given, counted) = (Arc::clone(&script), Arc::clone(&exchanges));
        thread::spawn(move || System::new().block_on(serve(given, counted, &sender)));
        let (issuer, server) = receiver.recv().expect("it listens");
        Self { issuer, script, exchanges, server }
    }

    /// The script that it follows from now on.
    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no panic")
    }

    /// Gives tokens with these claims from now on.
    pub fn gives(&self, claims: &Value, signing: Signing) {
        let mut script = self.script();
        (script.claims, script.signing) = (claims.clone(), signing);
    }

    /// Takes another key, under another id.
    pub fn rotate(&self, kid: &str) {
        self.script().key = (kid.to_owned(), new_key());
    }

    /// The number of codes that were to be exchanged.
    pub fn exchanges(&self) -> usize {
        self.exchanges.load(Ordering::SeqCst)
    }

    /// Is away from now on.
    pub async fn stop(&self) {
        self.server.stop(false).await;
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

async fn serve(script: Arc<Mutex<Script>>, exchanges: Arc<AtomicUsize>, sender: &mpsc::Sender<(String, ServerHandle)>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let issuer = format!("http://{}/realms/acme", listener.local_addr().expect("an address"));
    let shared = Shared { issuer: issuer.clone(), script, exchanges };
    let server = HttpServer::new(move || {
        let realm = web::scope("/realms/acme")
            .route("/.well-known/openid-configuration", web::get().to(describe))
            .route("/authorize", web::get().to(authorize))
            .route("/token", web::post().to(exchange))
            .route("/keys", web::get().to(keys));
        App::new().app_data(Data::new(shared.clone())).service(realm)
    });
    let server = server.workers(1).disable_signals().listen(listener).expect("it listens").run();
    sender.send((issuer, server.handle())).expect("somebody waits");
    server.await.expect("it ends in order");
}

async fn describe(shared: Data<Shared>) -> HttpResponse {
    let issuer = &shared.issuer;
    HttpResponse::Ok().json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }))
}

/// Signs everybody in at once, as somebody who has a session here already.
async fn authorize(shared: Data<Shared>, query: Query<HashMap<String, String>>) -> HttpResponse {
    let query = query.into_inner();
    let of = |name: &str| query.get(name).map_or("", String::as_str);
    let scopes: Vec<_> = of("scope").split(' ').collect();
    let is_right = of("response_type") == "code"
        && of("client_id") == CLIENT
        && of("redirect_uri").ends_with("/sign-in/oidc/callback")
        && of("code_challenge_method") == "S256"
        && scopes.contains(&"openid");
    if !is_right || [of("state"), of("nonce"), of("code_challenge")].contains(&"") {
        return HttpResponse::BadRequest().body("this is no request that the provider knows");
    }
    let mut script = shared.script.lock().expect("no panic");
    let mut back: Url = of("redirect_uri").parse().expect("a url");
    match script.refuses {
        Some(error) => drop(back.query_pairs_mut().append_pair("error", error)),
        None => {
            let code = format!("code-{}", rand::random::<u64>());
            back.query_pairs_mut().append_pair("code", &code).append_pair("iss", &shared.issuer);
            let [back, challenge, nonce] = ["redirect_uri", "code_challenge", "nonce"].map(|name| of(name).to_owned());
            script.grants.insert(code, Grant { back, challenge, nonce });
        }
    }
    back.query_pairs_mut().append_pair("state", of("state")).append_pair("session_state", "x");
    script.asked = query;
    HttpResponse::Found().insert_header(("Location", back.as_str())).finish()
}

async fn exchange(
    shared: Data<Shared>,
    request: HttpRequest,
    form: web::Form<HashMap<String, String>>,
) -> HttpResponse {
    shared.exchanges.fetch_add(1, Ordering::SeqCst);
    let mut script = shared.script.lock().expect("no panic");
    if let Some(elsewhere) = &script.elsewhere {
        return HttpResponse::TemporaryRedirect().insert_header(("Location", elsewhere.as_str())).finish();
    }
    let password: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{password}")));
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if authorization != Some(basic.as_str()) {
        return HttpResponse::Unauthorized().json(json!({ "error": "invalid_client" }));
    }
    let of = |name: &str| form.get(name).map_or("", String::as_str);
    // A code counts once, for whoever asked for it, from where they said.
    let grant = script.grants.remove(of("code"));
    let challenge = encoded(Sha256::digest(of("code_verifier")));
    let grant = grant.filter(|grant| grant.back == of("redirect_uri") && grant.challenge == challenge);
    let Some(grant) = grant.filter(|_| of("grant_type") == "authorization_code") else {
        let refusal = json!({ "error": "invalid_grant", "error_description": format!("{} is used", of("code")) });
        return HttpResponse::BadRequest().json(refusal);
    };
    let id_token = script.id_token(&shared.issuer, &grant.nonce);
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(json!({
        "access_token": "the-access-token", "token_type": "Bearer", "expires_in": 300, "id_token": id_token,
    }))
}

async fn keys(shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().json(shared.script.lock().expect("no panic").key_set())
}

impl Script {
    fn key_set(&self) -> Value {
        let (kid, key) = &self.key;
        let (x, y) = key.public_key().as_ref()[1..].split_at(32);
        json!({ "keys": [
            { "kty": "EC", "kid": kid, "crv": "P-256", "use": "sig", "alg": "ES256", "x": encoded(x), "y": encoded(y) },
            { "kty": "RSA", "kid": "for-something-else", "use": "enc", "alg": "RSA-OAEP" },
        ] })
    }

    fn id_token(&self, issuer: &str, nonce: &str) -> String {
        let now = chrono::Utc::now().timestamp();
        let mut claims = json!({
            "iss": issuer, "aud": CLIENT, "sub": "248289761001", "nonce": nonce, "iat": now, "exp": now + 300,
            "email": "ann@acme.example", "email_verified": true, "preferred_username": "ann",
        });
        let all = claims.as_object_mut().expect("claims");
        for (name, value) in self.claims.as_object().expect("claims") {
            match value {
                Value::Null => all.remove(name),
                value => all.insert(name.clone(), value.clone()),
            };
        }
        let (kid, key) = &self.key;
        let algorithm = match self.signing {
            Signing::Es256 | Signing::Stranger => "ES256",
            Signing::None => "none",
            Signing::Hs256 => "HS256",
        };
        let header = json!({ "alg": algorithm, "kid": kid, "typ": "JWT" });
        let signed = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let by = |key: &EcdsaKeyPair| {
            let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).expect("signed");
            signature.as_ref().to_vec()
        };
        let signature = match self.signing {
            Signing::Es256 => by(key),
            Signing::Stranger => by(&new_key()),
            Signing::None => Vec::new(),
            Signing::Hs256 => {
                let public = Hmac::<Sha256>::new_from_slice(key.public_key().as_ref()).expect("a key");
                public.chain_update(&signed).finalize().into_bytes().to_vec()
            }
        };
        format!("{signed}.{}", encoded(signature))
    }
}
