//! A provider that answers each path with what it was told, and counts.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::intake::proof_testing::key_set;

#[derive(Default)]
struct State {
    answers: HashMap<String, String>,
    asked: Vec<(String, String)>,
}

#[derive(Clone)]
pub struct StandIn {
    pub issuer: String,
    state: Arc<Mutex<State>>,
}

pub fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

impl StandIn {
    /// With a description, and one key called `k`.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let stand_in = Self { issuer, state: Arc::default() };
        stand_in.describes(&json!({}));
        stand_in.says("/keys", &answer("200 OK", &key_set(&["k"])));
        let serving = stand_in.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        stand_in
    }

    /// Describes itself with `more` instead or besides.
    pub fn describes(&self, more: &Value) {
        let issuer = &self.issuer;
        let mut document = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
        });
        document.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.says("/.well-known/openid-configuration", &answer("200 OK", &document.to_string()));
    }

    pub fn says(&self, path: &str, answer: &str) {
        self.state.lock().expect("no panic").answers.insert(path.to_owned(), answer.to_owned());
    }

    /// Gives this ID token for any code.
    pub fn gives(&self, id_token: &str) {
        let tokens = json!({ "access_token": "at", "token_type": "Bearer", "id_token": id_token });
        self.says("/token", &answer("200 OK", &tokens.to_string()));
    }

    /// The requests to `path` so far: head and body of each.
    pub fn asked(&self, path: &str) -> Vec<String> {
        let state = self.state.lock().expect("no panic");
        state.asked.iter().filter(|(asked, _)| asked == path).map(|(_, request)| request.clone()).collect()
    }

    async fn serve(self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
            head.push_str(&line);
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("a body");
        let path = head.split(' ').nth(1).expect("a path").to_owned();
        let answered = {
            let mut state = self.state.lock().expect("no panic");
            state.asked.push((path.clone(), format!("{head}{}", String::from_utf8_lossy(&body))));
            state.answers.get(&path).cloned().unwrap_or_else(|| answer("404 Not Found", ""))
        };
        let _gone = stream.write_all(answered.as_bytes()).await;
    }
}
